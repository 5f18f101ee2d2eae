//! An inspection as text.

use std::fmt::Write;

use crate::abi::Rejection;
use crate::command::limit_lines;
use crate::guest::{CoreModule, Extern, FirstCode, Interface};
use crate::record::WASM_PAGE;
use crate::session::{Inspection, Source};
use crate::settings::Settings;
use crate::view::{counted, thousands, visible};

/// The maximum number of list items printed without `--all`.
const LISTED: usize = 40;
/// The maximum width of a column of names.
const NAMES: usize = 48;

/// Formats the inspection as text. With `all`, lists are not truncated.
pub fn text(source: &Source, inspection: &Inspection, settings: &Settings, all: bool) -> String {
    let most = if all { usize::MAX } else { LISTED };
    let mut out = String::new();
    let interface = &inspection.interface;
    let _ = writeln!(out, "{}  {} bytes", visible(source.name.as_bytes()), thousands(source.bytes.len() as u64));
    if !inspection.built_by.is_empty() {
        let _ = writeln!(out, "built by {}", visible(inspection.built_by.join(", ").as_bytes()));
    }
    if let Some(component) = &interface.component {
        out.push_str("a component: below are the exports and imports of its core modules, linked into one\n");
        list(&mut out, "core modules", component.modules.iter().map(core_module).collect(), most);
        let functions = component.exports.iter().map(|it| (named(&it.export), visible(it.to_string().as_bytes())));
        list(&mut out, "functions", functions.collect(), most);
    }
    list(&mut out, "exports", exports(interface), most);
    let imports = interface.imports.iter().map(|import| (import_name(import), what(&import.what)));
    list(&mut out, "imports", imports.collect(), most);
    list(&mut out, "memories", memories(interface), most);
    let segments = interface.segments.iter().map(|segment| {
        let addr = segment.addr.map_or("an address that is not constant".to_owned(), |addr| format!("{addr:#x}"));
        (addr, format!("{} in memory {}", counted(segment.len, "byte"), segment.memory))
    });
    list(&mut out, "data segments", segments.collect(), most);
    if interface.has_start {
        out.push_str("a start function runs at instantiation\n");
    }
    let _ = writeln!(out, "code: {}", inspection.size);
    let kept = inspection.kept.iter().map(|kept| (kept.kind.clone(), counted(kept.bytes, "byte")));
    list(&mut out, "compiled code in the cache", kept.collect(), most);
    let is_auto = settings.first_code == FirstCode::Auto;
    if is_auto && inspection.size.is_heavy() && inspection.kept.iter().all(|kept| kept.kind == "driver") {
        out.push_str("large: the first start runs quick code, if it can; later starts run optimized code\n");
    }
    out.push_str("limits\n");
    limit_lines(settings).iter().for_each(|line| out.push_str(&format!("  {line}\n")));
    conventions(&mut out, inspection);
    if !inspection.unresolved.is_empty() {
        let rows = inspection.unresolved.iter().map(|import| (import_name(import), what(&import.what)));
        list(&mut out, "unresolved imports", rows.collect(), usize::MAX);
    }
    outcome(&mut out, inspection);
    out
}

fn core_module(module: &CoreModule) -> (String, String) {
    let name = module.name.as_deref().map_or("(no name)".to_owned(), named);
    let functions = counted(module.functions.into(), "function");
    (
        name,
        format!("{} bytes, {functions}, {} linked", thousands(module.bytes), counted(module.linked.into(), "import")),
    )
}

fn exports(interface: &Interface) -> Vec<(String, String)> {
    let start = |name: &str| interface.globals.iter().find(|global| global.name == name)?.start;
    let row = |export: &crate::guest::Export| {
        let what = match (&export.what, start(&export.name)) {
            (Extern::Global(_), Some(value)) => format!("{}, {value} ({value:#x}) at the start", export.what),
            (other, _) => what(other),
        };
        (named(&export.name), what)
    };
    interface.exports.iter().map(row).collect()
}

fn memories(interface: &Interface) -> Vec<(String, String)> {
    let names = interface.memory_names();
    let row = |(place, memory): (usize, &crate::guest::MemoryType)| {
        let names = names.get(place).filter(|names| !names.is_empty());
        let names = names.map_or("not exported".to_owned(), |names| {
            names.iter().map(|name| named(name)).collect::<Vec<_>>().join(", ")
        });
        (format!("{place} {names}"), memory.to_string())
    };
    interface.memories.iter().enumerate().map(row).collect()
}

fn conventions(out: &mut String, inspection: &Inspection) {
    out.push_str("conventions\n");
    for candidate in &inspection.candidates {
        let mut words = candidate.reasons.join("; ");
        candidate.doubts.iter().for_each(|doubt| words.push_str(&format!("; but {doubt}")));
        let name = visible(candidate.recipe.name.as_bytes());
        let _ = writeln!(out, "  yes     {name:<18} {}", visible(words.as_bytes()));
    }
    // Many conventions fail for the same reason.
    let mut groups: Vec<(&Rejection, Vec<&str>)> = Vec::new();
    for miss in &inspection.misses {
        match groups.iter_mut().find(|(first, _)| first.why == miss.why && first.near == miss.near) {
            Some((_, names)) => names.push(miss.convention),
            None => groups.push((miss, vec![miss.convention])),
        }
    }
    for (miss, names) in groups {
        let fits = if miss.near { "nearly" } else { "no" };
        let mut lines = miss.why.lines();
        let why = lines.next().unwrap_or_default();
        let _ = writeln!(out, "  {fits:<7} {}: {}", names.join(", "), visible(why.as_bytes()));
        lines.for_each(|line| out.push_str(&format!("      {}\n", visible(line.as_bytes()))));
    }
}

/// The recipe that would run, or why none would and what to do.
fn outcome(out: &mut String, inspection: &Inspection) {
    if let Some(obstacle) = &inspection.obstacle {
        let _ = writeln!(out, "it cannot be loaded: {}", visible(obstacle.to_string().as_bytes()));
        return;
    }
    match &inspection.chosen {
        Ok(chosen) => {
            out.push_str("the recipe that would run\n");
            chosen.assumed.iter().for_each(|assumed| {
                let _ = writeln!(out, "  # {}", assumed.note());
            });
            chosen
                .recipe
                .to_string()
                .lines()
                .for_each(|line| out.push_str(&format!("  {}\n", visible(line.as_bytes()))));
        }
        Err(error) => {
            let error = error.told(Some("GUEST"));
            let mut lines = error.lines();
            let why = lines.next().unwrap_or_default().trim_end_matches(':');
            let _ = writeln!(out, "no recipe would run: {}", visible(why.as_bytes()));
            // Matches, near misses and unresolved imports are listed above; lines quoted from a recipe are not.
            let is_above = |line: &&str| line.starts_with("  ") && !line.starts_with("    ");
            let mut advice: Vec<_> = lines.filter(|line| !is_above(line)).collect();
            let more = inspection.advice.iter().map(String::as_str).filter(|line| !advice.contains(line));
            advice.extend(more.collect::<Vec<_>>());
            advice.iter().for_each(|line| out.push_str(&format!("  {}\n", visible(line.as_bytes()))));
        }
    }
}

fn import_name(import: &crate::guest::Import) -> String {
    format!("{}.{}", named(&import.module), named(&import.name))
}

/// A name as printed; makes an empty name visible.
fn named(name: &str) -> String {
    if name.is_empty() { "\"\"".to_owned() } else { visible(name.as_bytes()) }
}

fn what(what: &Extern) -> String {
    match what {
        Extern::Memory { pages, .. } => format!("{what} ({} bytes)", thousands(u64::from(*pages) * WASM_PAGE)),
        what => what.to_string(),
    }
}

fn list(out: &mut String, title: &str, rows: Vec<(String, String)>, most: usize) {
    let count = rows.len();
    let _ = writeln!(out, "{title}: {}", thousands(count as u64));
    let width = rows.iter().take(most).map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(NAMES);
    for (name, what) in rows.into_iter().take(most) {
        let _ = writeln!(out, "  {name:<width$}  {what}");
    }
    if count > most {
        let _ = writeln!(out, "  ... and {} more (--all lists them)", thousands((count - most) as u64));
    }
}
