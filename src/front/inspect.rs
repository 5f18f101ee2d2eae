//! What can be told of a guest without running it, as text.

use std::fmt::Write;

use crate::guest::Extern;
use crate::record::WASM_PAGE;
use crate::session::Inspection;
use crate::view::{thousands, visible};

/// How much of a list is printed.
const LISTED: usize = 40;

/// The inspection as text for people.
pub(super) fn text(name: &str, size: usize, inspection: &Inspection) -> String {
    let mut out = String::new();
    let interface = &inspection.interface;
    let _ = writeln!(out, "{}  {} bytes", visible(name.as_bytes()), thousands(size as u64));
    let exports = interface.exports.iter().map(|export| (visible(export.name.as_bytes()), what(&export.what)));
    list(&mut out, "exports", exports.collect());
    let imports = interface.imports.iter().map(|import| {
        (format!("{}.{}", visible(import.module.as_bytes()), visible(import.name.as_bytes())), what(&import.what))
    });
    list(&mut out, "imports", imports.collect());
    let segments = interface.segments.iter().map(|segment| {
        let addr = segment.addr.map_or("an address of the host's".to_owned(), |addr| format!("{addr:#x}"));
        (addr, format!("{} bytes in memory {}", thousands(segment.len), segment.memory))
    });
    list(&mut out, "data segments", segments.collect());
    if interface.has_start {
        out.push_str("a start function runs when it is instantiated\n");
    }
    out.push_str("conventions\n");
    for candidate in &inspection.candidates {
        let mut words = candidate.reasons.join("; ");
        candidate.doubts.iter().for_each(|doubt| words.push_str(&format!("; but {doubt}")));
        let _ = writeln!(out, "  fits  {:<18} {}", candidate.recipe.name, visible(words.as_bytes()));
    }
    for miss in &inspection.misses {
        let fits = if miss.near { "near" } else { "no" };
        let _ = writeln!(out, "  {fits:<5} {:<18} {}", miss.convention, visible(miss.why.as_bytes()));
    }
    match &inspection.chosen {
        Ok(recipe) => {
            out.push_str("the recipe that would run\n");
            recipe.to_string().lines().for_each(|line| out.push_str(&format!("  {}\n", visible(line.as_bytes()))));
        }
        Err(error) => {
            let words = error.to_string();
            let first = words.lines().next().unwrap_or_default();
            let _ = writeln!(out, "no recipe would run: {}", visible(first.as_bytes()));
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
