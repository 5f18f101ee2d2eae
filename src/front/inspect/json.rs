//! An inspection as one JSON object: what `linmem guide json` describes. The order of the fields is part of the format.

use std::time::Duration;

use serde::Serialize;

use crate::abi::{Candidate, Rejection};
use crate::front::json;
use crate::guest::{self, Limits};
use crate::session::{Inspection, Source};
use crate::settings::Settings;

/// The version of the format. Adding a field keeps it; changing a field's meaning raises it.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    v: u32,
    guest: &'a str,
    bytes: usize,
    component: Option<Component<'a>>,
    exports: Vec<Export<'a>>,
    imports: Vec<Import<'a>>,
    memories: Vec<Memory<'a>>,
    segments: Vec<Segment>,
    start: bool,
    code: Code,
    compiled: Vec<Compiled<'a>>,
    built_by: &'a [String],
    limits: Allowed,
    load_error: Option<String>,
    unresolved: Vec<Import<'a>>,
    conventions: Vec<Convention<'a>>,
    recipe: Option<Recipe<'a>>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Component<'a> {
    modules: Vec<Module<'a>>,
    functions: Vec<Function<'a>>,
}

#[derive(Serialize)]
struct Module<'a> {
    name: Option<&'a str>,
    bytes: u64,
    functions: u32,
}

#[derive(Serialize)]
struct Function<'a> {
    export: &'a str,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Serialize)]
struct Export<'a> {
    name: &'a str,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
struct Import<'a> {
    module: &'a str,
    name: &'a str,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum What {
    Function { params: Vec<String>, results: Vec<String> },
    Memory { index: u32 },
    Global { value: String, mutable: bool },
    Table { element: String, entries: u64, max_entries: Option<u64> },
    Tag,
}

#[derive(Serialize)]
struct Memory<'a> {
    pages: u64,
    max_pages: Option<u64>,
    shared: bool,
    memory64: bool,
    names: Vec<&'a str>,
}

#[derive(Serialize)]
struct Segment {
    memory: u32,
    addr: Option<u64>,
    len: u64,
}

/// The size of the code.
#[derive(Serialize)]
struct Code {
    functions: u64,
    bytes: u64,
    longest_bytes: u64,
    longest_function: Option<u32>,
    most_locals: u64,
}

/// Compiled code in the cache.
#[derive(Serialize)]
struct Compiled<'a> {
    kind: &'a str,
    bytes: u64,
}

/// The limits that would apply to the guest, and to what else linmem reads and does.
#[derive(Serialize)]
struct Allowed {
    memory_bytes: u64,
    timeout_ms: Option<u64>,
    output_bytes: u64,
    record_bytes: u64,
    compile_timeout_ms: Option<u64>,
    compile_memory_bytes: u64,
    step_timeout_ms: Option<u64>,
    table_entries: u64,
    stack_bytes: u64,
    messages_bytes: u64,
    steps: u64,
    module_bytes: u64,
    recipe_bytes: u64,
    script_bytes: u64,
    session_bytes: u64,
    nesting: u64,
    sourced: u64,
    trials: u64,
    cache_bytes: u64,
}

#[derive(Serialize)]
#[serde(tag = "fits", rename_all = "lowercase")]
enum Convention<'a> {
    Yes { name: &'a str, score: u32, reasons: &'a [String], doubts: &'a [String] },
    Nearly { name: &'a str, why: &'a str },
    No { name: &'a str, why: &'a str },
}

#[derive(Serialize)]
struct Recipe<'a> {
    name: &'a str,
    text: String,
}

/// Formats the inspection as one line of JSON.
pub fn json(source: &Source, inspection: &Inspection, settings: &Settings) -> String {
    let interface = &inspection.interface;
    let names = interface.memory_names();
    let memories = interface.memories.iter().enumerate().map(|(place, memory)| Memory {
        pages: memory.pages,
        max_pages: memory.most,
        shared: memory.shared,
        memory64: memory.wide,
        names: names.get(place).cloned().unwrap_or_default(),
    });
    let fitting = inspection.candidates.iter().map(Convention::fitting);
    let report = Report {
        v: VERSION,
        guest: &source.name,
        bytes: source.bytes.len(),
        component: interface.component.as_ref().map(Component::from),
        exports: interface
            .exports
            .iter()
            .map(|export| Export { name: &export.name, what: (&export.what).into() })
            .collect(),
        imports: interface.imports.iter().map(Import::from).collect(),
        memories: memories.collect(),
        segments: interface
            .segments
            .iter()
            .map(|segment| Segment { memory: segment.memory, addr: segment.addr, len: segment.len })
            .collect(),
        start: interface.has_start,
        code: inspection.size.into(),
        compiled: inspection.kept.iter().map(|kept| Compiled { kind: &kept.kind, bytes: kept.bytes }).collect(),
        built_by: &inspection.built_by,
        load_error: inspection.obstacle.as_ref().map(ToString::to_string),
        unresolved: inspection.unresolved.iter().map(Import::from).collect(),
        limits: Allowed::new(&inspection.limits, settings),
        conventions: fitting.chain(inspection.misses.iter().map(Convention::missed)).collect(),
        recipe: inspection
            .chosen
            .as_ref()
            .ok()
            .map(|chosen| Recipe { name: &chosen.recipe.name, text: chosen.recipe.to_string() }),
        error: inspection.chosen.as_ref().err().map(ToString::to_string),
    };
    json::line(&report)
}

impl<'a> From<&'a guest::Component> for Component<'a> {
    fn from(component: &'a guest::Component) -> Component<'a> {
        let modules = component.modules.iter();
        let functions = component.exports.iter();
        Component {
            modules: modules
                .map(|module| Module { name: module.name.as_deref(), bytes: module.bytes, functions: module.functions })
                .collect(),
            functions: functions.map(|it| Function { export: &it.export, ty: it.to_string() }).collect(),
        }
    }
}

impl<'a> From<&'a guest::Import> for Import<'a> {
    fn from(import: &'a guest::Import) -> Import<'a> {
        Import { module: &import.module, name: &import.name, what: (&import.what).into() }
    }
}

impl From<&guest::Extern> for What {
    fn from(what: &guest::Extern) -> What {
        let words = |types: &[guest::Type]| types.iter().map(ToString::to_string).collect();
        match what {
            guest::Extern::Func(ty) => What::Function { params: words(&ty.params), results: words(&ty.results) },
            guest::Extern::Memory { index, .. } => What::Memory { index: *index },
            guest::Extern::Global(ty) => What::Global { value: ty.value.to_string(), mutable: ty.mutable },
            guest::Extern::Table(ty) => {
                What::Table { element: ty.element.to_string(), entries: ty.entries, max_entries: ty.most }
            }
            guest::Extern::Tag => What::Tag,
        }
    }
}

impl Allowed {
    fn new(limits: &Limits, settings: &Settings) -> Allowed {
        let (inputs, millis) = (&settings.inputs, |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Allowed {
            memory_bytes: limits.memory,
            timeout_ms: limits.time.map(millis),
            output_bytes: limits.output,
            record_bytes: limits.record,
            compile_timeout_ms: limits.compile_time.map(millis),
            compile_memory_bytes: limits.compile_memory,
            step_timeout_ms: limits.step.map(millis),
            table_entries: limits.table,
            stack_bytes: limits.stack,
            messages_bytes: limits.messages,
            steps: limits.steps,
            module_bytes: limits.module,
            recipe_bytes: limits.recipe,
            script_bytes: inputs.script,
            session_bytes: inputs.session,
            nesting: inputs.nesting,
            sourced: inputs.sourced,
            trials: inputs.trials,
            cache_bytes: settings.max_cache,
        }
    }
}

impl From<guest::CodeSize> for Code {
    fn from(size: guest::CodeSize) -> Code {
        Code {
            functions: size.functions,
            bytes: size.bytes,
            longest_bytes: size.longest,
            longest_function: (size.functions > 0).then_some(size.longest_func),
            most_locals: size.locals,
        }
    }
}

impl Convention<'_> {
    fn fitting(candidate: &Candidate) -> Convention<'_> {
        let Candidate { recipe, score, reasons, doubts, .. } = candidate;
        Convention::Yes { name: &recipe.name, score: *score, reasons, doubts }
    }

    fn missed(miss: &Rejection) -> Convention<'_> {
        let (name, why) = (miss.convention, miss.why.as_str());
        if miss.near { Convention::Nearly { name, why } } else { Convention::No { name, why } }
    }
}
