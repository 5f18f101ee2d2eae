//! Any bytes as a module: inspecting it, loading it, and sending it a line.

use linmem::abi::{ConventionRequest, InputLine};
use linmem::front::{inspection_json, inspection_text};
use linmem::guest::Passes;
use linmem::session::{BUILT_IN, Live, Options, Source, Watchdog, inspect};
use linmem::settings::Settings;

use super::{assert_safe, limits};

pub(crate) fn run(data: &[u8]) {
    let source = Source { name: "attack".into(), bytes: data.to_vec() };
    let wish = ConventionRequest { stub_imports: true, by_hand: true, ..ConventionRequest::default() };
    let trace = Passes { stores: true, loads: true, pauses: false };
    let options = Options { limits: limits(), wish, trace, ..Options::default() };
    let inspected = inspect(&source, &options);
    if let Ok(inspection) = &inspected {
        let settings = Settings::default();
        assert_safe(&inspection_text(&source, inspection, &settings, true));
        let json = inspection_json(&source, inspection, &settings);
        serde_json::from_str::<serde_json::Value>(&json).expect("it is JSON");
    }
    let Ok((mut live, _)) = Live::open(&source, &options, Watchdog::new(options.limits.time)) else { return };
    let inspected = inspected.expect("what can be loaded can be inspected");
    assert!(inspected.obstacle.is_none(), "it was loaded in spite of {:?}", inspected.obstacle);
    let exchange = live.send(InputLine { bytes: b"Did you know", ended: true }, 1);
    assert!(exchange.is_well_formed());
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = BUILT_IN.iter().map(|(_, text, _)| text.to_vec());
    let binaries = texts.clone().map(|text| wat::parse_bytes(&text).expect("it is valid").into_owned());
    texts.chain(binaries).collect()
}
