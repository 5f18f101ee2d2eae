//! What can be told of a guest without running it, as text for people.

use std::fmt::Write;

use crate::guest::Extern;
use crate::record::WASM_PAGE;
use crate::session::{Inspection, Source};
use crate::view::{counted, thousands, visible};

/// How much of a list is printed.
const LISTED: usize = 40;

/// The inspection as text for people.
pub(in crate::front) fn text(source: &Source, inspection: &Inspection) -> String {
    let mut out = String::new();
    let interface = &inspection.interface;
    let _ = writeln!(out, "{}  {} bytes", visible(source.name.as_bytes()), thousands(source.bytes.len() as u64));
    let start = |name: &str| interface.globals.iter().find(|global| global.name == name)?.start;
    let exports = interface.exports.iter().map(|export| {
        let what = match (&export.what, start(&export.name)) {
            (Extern::Global(ty), Some(value)) => format!("global {ty}, {value} ({value:#x}) at the start"),
            (other, _) => what(other),
        };
        (visible(export.name.as_bytes()), what)
    });
    list(&mut out, "exports", exports.collect());
    let imports = interface.imports.iter().map(|import| {
        (format!("{}.{}", visible(import.module.as_bytes()), visible(import.name.as_bytes())), what(&import.what))
    });
    list(&mut out, "imports", imports.collect());
    let names = interface.memory_names();
    let memories = interface.memories.iter().enumerate().map(|(place, memory)| {
        let names = names.get(place).filter(|names| !names.is_empty()).map_or("kept to itself".to_owned(), |names| {
            names.iter().map(|name| visible(name.as_bytes())).collect::<Vec<_>>().join(", ")
        });
        (format!("{place} {names}"), memory.to_string())
    });
    list(&mut out, "memories", memories.collect());
    let segments = interface.segments.iter().map(|segment| {
        let addr = segment.addr.map_or("an address of the host's".to_owned(), |addr| format!("{addr:#x}"));
        (addr, format!("{} in memory {}", counted(segment.len, "byte"), segment.memory))
    });
    list(&mut out, "data segments", segments.collect());
    if interface.has_start {
        out.push_str("a start function runs when it is instantiated\n");
    }
    let limits = &inspection.limits;
    let time = limits.time.map_or("no limit of time".to_owned(), |time| format!("{time:?} for each line"));
    let (memory, output) = (counted(limits.memory, "byte"), counted(limits.output, "byte"));
    let _ = writeln!(out, "limits: {memory} of memory, {time}, {output} in an answer");
    out.push_str("conventions\n");
    for candidate in &inspection.candidates {
        let mut words = candidate.reasons.join("; ");
        candidate.doubts.iter().for_each(|doubt| words.push_str(&format!("; but {doubt}")));
        let _ =
            writeln!(out, "  fits  {:<18} {}", visible(candidate.recipe.name.as_bytes()), visible(words.as_bytes()));
    }
    // Many miss for the same reason.
    for group in inspection.misses.chunk_by(|one, next| one.why == next.why) {
        let fits = if group[0].near { "near" } else { "no" };
        let names: Vec<_> = group.iter().map(|miss| miss.convention).collect();
        let _ = writeln!(out, "  {fits:<5} {}: {}", names.join(", "), visible(group[0].why.as_bytes()));
    }
    match &inspection.chosen {
        Ok(chosen) => {
            out.push_str("the recipe that would run\n");
            chosen.assumed.iter().for_each(|assumed| out.push_str(&format!("  # {}\n", assumed.note())));
            chosen
                .recipe
                .to_string()
                .lines()
                .for_each(|line| out.push_str(&format!("  {}\n", visible(line.as_bytes()))));
        }
        Err(error) => {
            let why: Vec<_> = error.why().lines().map(|line| visible(line.as_bytes())).collect();
            let _ = writeln!(out, "no recipe would run: {}", why.join("\n"));
            if inspection.candidates.is_empty() {
                out.push_str("a recipe of yours can say how to talk to it: linmem guide recipes\n");
            }
        }
    }
    out
}

fn what(what: &Extern) -> String {
    match what {
        Extern::Memory { pages, .. } => format!("{what} ({} bytes)", thousands(u64::from(*pages) * WASM_PAGE)),
        what => what.to_string(),
    }
}

fn list(out: &mut String, title: &str, rows: Vec<(String, String)>) {
    let count = rows.len();
    let _ = writeln!(out, "{title}: {}", thousands(count as u64));
    let width = rows.iter().take(LISTED).map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(48);
    for (name, what) in rows.into_iter().take(LISTED) {
        let _ = writeln!(out, "  {name:<width$}  {what}");
    }
    if count > LISTED {
        let _ = writeln!(out, "  ... and {} more", thousands((count - LISTED) as u64));
    }
}
