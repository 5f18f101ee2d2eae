//! Modules that only their toolchain's own host can run, with what to build instead.
//!
//! A recipe answers imports one by one. It cannot act as a dynamic linker, or as Go's or Emscripten's JavaScript. Advice
//! to write a recipe would be wrong.

use crate::guest::{Import, Interface};

/// The maximum length of import names in minified Emscripten output, which imports from one module.
const MINIFIED: usize = 2;

/// Why no recipe can drive the module, and what to build instead; `None` if a recipe may.
pub(super) fn needs_other_host(interface: &Interface) -> Option<&'static str> {
    let imports = |holds: &dyn Fn(&Import) -> bool| interface.imports.iter().any(holds);
    if interface.is_dynamic {
        return Some(
            "it is a side module (it has a dylink section), which only runs when linked into a main module: link it \
             statically, without -shared or -sSIDE_MODULE",
        );
    }
    if imports(&|import| matches!(import.module.as_str(), "go" | "gojs")) {
        return Some(
            "it is built for Go's JavaScript host (wasm_exec.js): build it for WASI, with GOOS=wasip1, or TinyGo's \
             -target=wasip1",
        );
    }
    if imports(&|import| import.name.starts_with("_embind_") || import.name.starts_with("_emval_")) {
        return Some(
            "it is built for Emscripten's embind, which needs JavaScript: export C functions instead, and link \
             with -sSTANDALONE_WASM",
        );
    }
    None
}

/// Further advice on a module whose imports are unresolved or whose names are uninformative.
pub(super) fn hint(interface: &Interface) -> Option<&'static str> {
    if interface.imports.iter().any(|import| import.module == "extism:host/env") {
        return Some("it is an Extism plug-in: `linmem infer` makes a recipe for it from one line and its answer");
    }
    let short = |name: &str| name.len() <= MINIFIED;
    let imports = &interface.imports;
    if imports.len() > 1 && imports.iter().all(|import| short(&import.module) && short(&import.name)) {
        return Some(
            "its names were minified by Emscripten: link it with -sSTANDALONE_WASM, or look them up in the JavaScript \
             file next to it",
        );
    }
    let is_emscripten = |import: &Import| {
        let own = ["emscripten_", "_emscripten_", "invoke_", "__syscall_", "__cxa_", "_abort_js", "_tzset_js"];
        own.iter().any(|start| import.name.starts_with(start))
    };
    if imports.iter().any(is_emscripten) {
        return Some(
            "its imports come from Emscripten's JavaScript: link it with -sSTANDALONE_WASM, so that it needs only WASI",
        );
    }
    None
}
