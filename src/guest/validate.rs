//! Validation, and the features that a module uses but the engine lacks.

use wasmparser::{BinaryReaderError, Parser, Payload, RefType, TypeRef, Validator, WasmFeatures};

/// The features of the engine: those that wasmer's Cranelift compiler enables in its own validator.
const ENGINE: WasmFeatures = WasmFeatures::empty()
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES);

/// Features whose proposals have other names than their flags; with the tools that emit them, or how to build without.
const NAMES: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::GC, "garbage collection (compilers for Kotlin, Dart, Java and OCaml emit it)"),
    (
        WasmFeatures::FUNCTION_REFERENCES,
        "typed function references (compilers for languages with a garbage collector emit them)",
    ),
    (WasmFeatures::TAIL_CALL, "tail calls (compile without -mtail-call)"),
    (WasmFeatures::MEMORY64, "64-bit memory (compile for wasm32, without -sMEMORY64)"),
    (
        WasmFeatures::LEGACY_EXCEPTIONS,
        "legacy exceptions (current ones are supported: link with -sWASM_LEGACY_EXCEPTIONS=0, or convert the module with \
         wasm-opt --translate-to-exnref)",
    ),
    (WasmFeatures::STACK_SWITCHING, "stack switching (an experimental proposal)"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes (an experimental proposal; link with pages of 64 KiB)"),
];

/// The compiler panics at some of their uses, and the engine does not instantiate them.
const TABLES: &str = "tables of exception references (exnref)";

/// Why a module cannot be run.
pub(super) enum Fault {
    /// It is valid, but uses these features, which the engine does not support.
    Features(Vec<String>),
    /// It is not valid.
    Invalid(BinaryReaderError),
}

/// Validates a module for the engine.
///
/// # Errors
/// It is not valid, or uses features that the engine does not support.
pub(super) fn for_engine(binary: &[u8]) -> Result<(), Fault> {
    if is_valid(binary, ENGINE).is_ok() {
        return match has_odd_tables(binary).map_err(Fault::Invalid)? {
            true => Err(Fault::Features(vec![TABLES.to_owned()])),
            false => Ok(()),
        };
    }
    is_valid(binary, WasmFeatures::all()).map_err(Fault::Invalid)?;
    Err(Fault::Features(missing(binary)))
}

/// Validates a module with all features enabled.
///
/// # Errors
/// It is not valid.
pub(super) fn for_any_engine(binary: &[u8]) -> Result<(), BinaryReaderError> {
    is_valid(binary, WasmFeatures::all())
}

/// Whether a module that is valid for the engine has tables of other references than those to functions and of the host.
fn has_odd_tables(binary: &[u8]) -> Result<bool, BinaryReaderError> {
    let is_odd = |ty: RefType| ty != RefType::FUNCREF && ty != RefType::EXTERNREF;
    for payload in Parser::new(0).parse_all(binary) {
        match payload? {
            Payload::TableSection(tables) => {
                for table in tables {
                    if is_odd(table?.ty.element_type) {
                        return Ok(true);
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if matches!(import?.ty, TypeRef::Table(table) if is_odd(table.element_type)) {
                        return Ok(true);
                    }
                }
            }
            // Tables come before code.
            Payload::CodeSectionStart { .. } => break,
            _ => (),
        }
    }
    Ok(false)
}

fn is_valid(binary: &[u8], features: WasmFeatures) -> Result<(), BinaryReaderError> {
    Validator::new_with_features(features).validate_all(binary).map(drop)
}

/// The features that a valid module requires, beyond the engine's.
fn missing(binary: &[u8]) -> Vec<String> {
    let mut needed = WasmFeatures::all();
    for (_, feature) in WasmFeatures::all().difference(ENGINE).iter_names() {
        let fewer = needed.difference(feature);
        if is_valid(binary, fewer).is_ok() {
            needed = fewer;
        }
    }
    needed.difference(ENGINE).iter_names().map(|(flag, feature)| name(flag, feature)).collect()
}

fn name(flag: &str, feature: WasmFeatures) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == feature);
    known.map_or_else(|| flag.to_lowercase().replace('_', " "), |(_, name)| (*name).to_owned())
}
