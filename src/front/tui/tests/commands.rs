//! Commands in the input line, and scripts.

use super::*;

#[test]
fn files_follow_files_but_not_for_ever() {
    let folder = std::env::temp_dir().join(format!("linmem-source-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("ours");
        path.display().to_string()
    };
    let inner = file("inner", "second\n:call get_wasm_memory_buffer_len\n");
    let outer = file("outer", &format!("first\n:source {inner}\nthird\n"));
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send(&format!(":source {outer}"));
    let triggers: Vec<_> = (1..bench.full.app.session.run().len())
        .filter_map(|n| bench.full.app.session.run().cause(n))
        .map(|n| n.trigger.clone())
        .collect();
    let line = |text: &str| crate::record::Trigger::Line(text.into());
    let call = crate::record::Trigger::Command("call get_wasm_memory_buffer_len".to_owned());
    assert_eq!(triggers, [line("first"), line("second"), call, line("third")]);
    let around = folder.join("around").display().to_string();
    file("around", &format!(":source {around}\n"));
    bench.send(&format!(":source {around}"));
    assert!(text(&bench.draw(160, 50)).contains("more than 8 deep"));
    // A failure ends the script, with its line number.
    let wrong = file("wrong", "one\n:expect two\nnever\n");
    bench.send(&format!(":source {wrong}"));
    let shown = text(&bench.draw(160, 50));
    assert!(
        shown.contains("wrong:2: expected \"two\", got \"one Wasm is cool!\"") && !shown.contains("never"),
        "{shown}"
    );
    let leaves = file("leaves", ":quit\nnever\n");
    format!(":source {leaves}").chars().for_each(|c| assert_eq!(bench.key(KeyCode::Char(c)), []));
    assert_eq!(bench.key(KeyCode::Enter), [Request::Quit]);
    std::fs::remove_dir_all(&folder).expect("it was ours");
}

#[test]
fn every_command_works_in_the_input_line() {
    let folder = std::env::temp_dir().join(format!("linmem-commands-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("script"), cases::SCRIPT).expect("ours");
    cases::check_all_have_a_case(crate::command::COMMANDS.iter().map(|spec| spec.name));
    let mut bench = Bench::new(Theme::new(crate::cli::ColorChoice::Never));
    bench.send("Did you know");
    for case in cases::CASES {
        let before = text(&bench.draw(160, 50));
        assert!(!before.contains(case.screen), "{:?} is shown before :{}:\n{before}", case.screen, case.command);
        bench.send(&format!(":{}", case.command.replace("FOLDER", &folder.display().to_string())));
        let shown = text(&bench.draw(160, 50));
        assert!(shown.contains(case.screen), ":{} shows no {:?}:\n{shown}", case.command, case.screen);
        if matches!(bench.mode(), Mode::Output | Mode::List) {
            bench.key(KeyCode::Esc);
        }
        if bench.full.app.focus == Focus::Memory {
            bench.key(KeyCode::Char('i'));
        }
    }
    bench.send("::x");
    assert!(text(&bench.draw(160, 50)).contains("=> :x Wasm is cool!"));
    bench.send(":dmup");
    assert!(text(&bench.draw(160, 50)).contains("unknown command `:dmup`; did you mean :dump?"));
    ":quit".chars().for_each(|c| assert_eq!(bench.key(KeyCode::Char(c)), []));
    assert_eq!(bench.key(KeyCode::Enter), [Request::Quit]);
    std::fs::remove_dir_all(&folder).expect("it was ours");
}
