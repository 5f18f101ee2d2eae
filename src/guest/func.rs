//! An exported function, resolved once, with a fast path for the types that conventions use on every line.

use std::sync::Arc;

use wasmer::{AsStoreMut, AsStoreRef, Function, TypedFunction};

use super::{Signature, Type};
use crate::record::Value;

/// An exported function of a guest, ready to be called.
#[derive(Clone, Debug)]
pub struct Func {
    /// The export's name.
    pub name: Arc<str>,
    /// Its type.
    pub signature: Signature,
    entry: Entry,
}

/// Typed calls cost a third of a call through [`Entry::Any`].
#[derive(Clone, Debug)]
enum Entry {
    ToI32(TypedFunction<(), i32>),
    I32ToI32(TypedFunction<i32, i32>),
    Any(Function),
}

impl Func {
    pub(super) fn new(name: &str, function: &Function, store: &impl AsStoreRef) -> Func {
        let signature = Signature::from(&function.ty(store));
        let entry = match (&signature.params[..], &signature.results[..]) {
            ([], [Type::I32]) => function.typed(store).map(Entry::ToI32),
            ([Type::I32], [Type::I32]) => function.typed(store).map(Entry::I32ToI32),
            _ => Ok(Entry::Any(function.clone())),
        };
        let entry = entry.unwrap_or_else(|_| Entry::Any(function.clone()));
        Func { name: name.into(), signature, entry }
    }

    /// Calls the function, and puts what it returns into `results`.
    #[inline]
    pub(super) fn call(
        &self,
        store: &mut impl AsStoreMut,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), wasmer::RuntimeError> {
        results.clear();
        match (&self.entry, args) {
            (Entry::ToI32(function), []) => results.push(Value::I32(function.call(store)?)),
            (Entry::I32ToI32(function), &[Value::I32(arg)]) => results.push(Value::I32(function.call(store, arg)?)),
            (Entry::Any(function), _) => {
                let types = function.ty(store);
                let args: Vec<_> = args.iter().zip(types.params()).map(|(&arg, &ty)| arg.of_type(ty)).collect();
                results.extend(function.call(store, &args)?.iter().map(Value::from));
            }
            _ => return Err(wasmer::RuntimeError::new("the arguments do not fit the function's type")),
        }
        Ok(())
    }
}

impl Value {
    /// The value as wasmer has it. What has no number becomes the null or zero of `ty`.
    pub(super) fn of_type(self, ty: wasmer::Type) -> wasmer::Value {
        match self {
            Value::I32(n) => wasmer::Value::I32(n),
            Value::I64(n) => wasmer::Value::I64(n),
            Value::F32(bits) => wasmer::Value::F32(f32::from_bits(bits)),
            Value::F64(bits) => wasmer::Value::F64(f64::from_bits(bits)),
            Value::Opaque => zero(ty),
        }
    }
}

/// Zero, or null, of that type.
pub(super) fn zero(ty: wasmer::Type) -> wasmer::Value {
    match ty {
        wasmer::Type::I32 => wasmer::Value::I32(0),
        wasmer::Type::I64 => wasmer::Value::I64(0),
        wasmer::Type::F32 => wasmer::Value::F32(0.0),
        wasmer::Type::F64 => wasmer::Value::F64(0.0),
        wasmer::Type::V128 => wasmer::Value::V128(0),
        wasmer::Type::FuncRef => wasmer::Value::FuncRef(None),
        _ => wasmer::Value::null(),
    }
}

impl From<&wasmer::Value> for Value {
    fn from(value: &wasmer::Value) -> Value {
        match value {
            wasmer::Value::I32(n) => Value::I32(*n),
            wasmer::Value::I64(n) => Value::I64(*n),
            wasmer::Value::F32(n) => Value::F32(n.to_bits()),
            wasmer::Value::F64(n) => Value::F64(n.to_bits()),
            _ => Value::Opaque,
        }
    }
}
