//! Validation, and the features that a module uses but the engine lacks.

use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, GlobalType, Parser, Payload, RefType, TypeRef, ValType, ValidPayload,
    Validator, WasmFeatures,
};

use super::Cancellation;

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
const ODD_REFERENCES: &str = "tables or globals of exception references (exnref)";

/// Why a module cannot be run.
pub(super) enum Fault {
    /// It is valid, but uses these features, which the engine does not support.
    Features(Vec<String>),
    /// It is not valid.
    Invalid(BinaryReaderError),
    /// The user cancelled it.
    Cancelled,
}

impl From<BinaryReaderError> for Fault {
    fn from(error: BinaryReaderError) -> Fault {
        Fault::Invalid(error)
    }
}

/// Validates a module for the engine, unless that is cancelled.
///
/// # Errors
/// It is not valid, or uses features that the engine does not support.
pub(super) fn for_engine(binary: &[u8], cancellation: &Cancellation) -> Result<(), Fault> {
    match validate(binary, ENGINE, cancellation) {
        Ok(()) if has_odd_references(binary)? => return Err(Fault::Features(vec![ODD_REFERENCES.to_owned()])),
        Ok(()) => return Ok(()),
        Err(Fault::Cancelled) => return Err(Fault::Cancelled),
        Err(_) => (),
    }
    validate(binary, WasmFeatures::all(), cancellation)?;
    Err(Fault::Features(missing(binary, cancellation)?))
}

/// Validates a module with all features enabled.
///
/// # Errors
/// It is not valid.
pub(super) fn for_any_engine(binary: &[u8]) -> Result<(), BinaryReaderError> {
    Validator::new_with_features(WasmFeatures::all()).validate_all(binary).map(drop)
}

/// Validates a module as [`Validator::validate_all`] does, unless that is cancelled.
fn validate(binary: &[u8], features: WasmFeatures, cancellation: &Cancellation) -> Result<(), Fault> {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut funcs = Vec::new();
    for payload in parser.parse_all(binary) {
        if let ValidPayload::Func(func, body) = validator.payload(&payload?)? {
            funcs.push((func, body));
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    for (func, body) in funcs {
        if cancellation.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let mut validator = func.into_validator(allocations);
        validator.validate(&body)?;
        allocations = validator.into_allocations();
    }
    Ok(())
}

/// Whether a module that is valid for the engine has tables or globals of other references than those to functions and of
/// the host.
fn has_odd_references(binary: &[u8]) -> Result<bool, BinaryReaderError> {
    let is_odd = |ty: RefType| ty != RefType::FUNCREF && ty != RefType::EXTERNREF;
    let holds_odd = |ty: GlobalType| matches!(ty.content_type, ValType::Ref(ty) if is_odd(ty));
    for payload in Parser::new(0).parse_all(binary) {
        match payload? {
            Payload::TableSection(tables) => {
                for table in tables {
                    if is_odd(table?.ty.element_type) {
                        return Ok(true);
                    }
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    if holds_odd(global?.ty) {
                        return Ok(true);
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Table(table) if is_odd(table.element_type) => return Ok(true),
                        TypeRef::Global(global) if holds_odd(global) => return Ok(true),
                        _ => (),
                    }
                }
            }
            // Tables and globals come before code.
            Payload::CodeSectionStart { .. } => break,
            _ => (),
        }
    }
    Ok(false)
}

/// The features that a valid module requires, beyond the engine's.
///
/// # Errors
/// It was cancelled.
fn missing(binary: &[u8], cancellation: &Cancellation) -> Result<Vec<String>, Fault> {
    let mut needed = WasmFeatures::all();
    for (_, feature) in WasmFeatures::all().difference(ENGINE).iter_names() {
        let fewer = needed.difference(feature);
        match validate(binary, fewer, cancellation) {
            Ok(()) => needed = fewer,
            Err(Fault::Cancelled) => return Err(Fault::Cancelled),
            Err(_) => (),
        }
    }
    Ok(needed.difference(ENGINE).iter_names().map(|(flag, feature)| name(flag, feature)).collect())
}

fn name(flag: &str, feature: WasmFeatures) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == feature);
    known.map_or_else(|| flag.to_lowercase().replace('_', " "), |(_, name)| (*name).to_owned())
}
