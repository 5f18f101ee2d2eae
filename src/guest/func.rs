//! An exported function, resolved once, with a fast path for common types.

use std::sync::Arc;

use wasmer::{AsStoreMut, AsStoreRef, Function, TypedFunction};

use super::stop::stop;
use super::{Signature, Type};
use crate::record::{Failure, Value, plain, unit};

/// An exported function of a guest.
#[derive(Clone, Debug)]
pub struct Func {
    /// The export's name.
    pub name: Arc<str>,
    /// Its type.
    pub signature: Signature,
    entry: Entry,
}

/// Typed calls take a third of the time of [`Entry::Any`]. These are the types that conventions use.
#[derive(Clone, Debug)]
enum Entry {
    ToNone(TypedFunction<(), ()>),
    ToI32(TypedFunction<(), i32>),
    I32ToNone(TypedFunction<i32, ()>),
    I32ToI32(TypedFunction<i32, i32>),
    TwoToNone(TypedFunction<(i32, i32), ()>),
    TwoToI32(TypedFunction<(i32, i32), i32>),
    TwoToI64(TypedFunction<(i32, i32), i64>),
    ThreeToNone(TypedFunction<(i32, i32, i32), ()>),
    ThreeToI32(TypedFunction<(i32, i32, i32), i32>),
    Any(Function),
}

impl Func {
    pub(super) fn new(name: &str, function: &Function, store: &impl AsStoreRef) -> Func {
        let signature = Signature::from(&function.ty(store));
        let numbers = signature.params.iter().all(|ty| *ty == Type::I32).then_some(signature.params.len());
        let entry = match (numbers, &signature.results[..]) {
            (Some(0), []) => function.typed(store).map(Entry::ToNone),
            (Some(0), [Type::I32]) => function.typed(store).map(Entry::ToI32),
            (Some(1), []) => function.typed(store).map(Entry::I32ToNone),
            (Some(1), [Type::I32]) => function.typed(store).map(Entry::I32ToI32),
            (Some(2), []) => function.typed(store).map(Entry::TwoToNone),
            (Some(2), [Type::I32]) => function.typed(store).map(Entry::TwoToI32),
            (Some(2), [Type::I64]) => function.typed(store).map(Entry::TwoToI64),
            (Some(3), []) => function.typed(store).map(Entry::ThreeToNone),
            (Some(3), [Type::I32]) => function.typed(store).map(Entry::ThreeToI32),
            _ => Ok(Entry::Any(function.clone())),
        };
        let entry = entry.unwrap_or_else(|_| Entry::Any(function.clone()));
        Func { name: name.into(), signature, entry }
    }

    /// The function's arguments, from their bits.
    pub(super) fn values(&self, bits: &[u64]) -> impl Iterator<Item = Value> {
        self.signature.params.iter().zip(bits).map(|(&ty, &bits)| Value::new(ty, bits))
    }

    /// Calls the function, and stores its results in `results`.
    #[inline]
    pub(super) fn call(
        &self,
        store: &mut impl AsStoreMut,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), wasmer::RuntimeError> {
        results.clear();
        if args.len() != self.signature.params.len() {
            return Err(self.miscounted(args.len()));
        }
        if let Entry::Any(function) = &self.entry {
            let types = function.ty(store);
            let args: Vec<_> = args.iter().zip(types.params()).map(|(&arg, &ty)| arg.of_type(ty)).collect();
            results.extend(function.call(store, &args)?.iter().map(Value::from));
            return Ok(());
        }
        let mut bits = [0; 3];
        bits.iter_mut().zip(args).for_each(|(bits, arg)| *bits = arg.bits());
        let first = self.call_bits(store, bits.get(..args.len()).unwrap_or(&bits))?;
        results.extend(self.signature.results.first().map(|&ty| Value::new(ty, first)));
        Ok(())
    }

    /// The fast path: takes the bits of the arguments, and returns those of the first result, or 0.
    #[inline]
    pub(super) fn call_bits(&self, store: &mut impl AsStoreMut, args: &[u64]) -> Result<u64, wasmer::RuntimeError> {
        Ok(match (&self.entry, args) {
            (Entry::ToNone(function), []) => function.call(store).map(|()| 0)?,
            (Entry::ToI32(function), []) => wide(function.call(store)?),
            (Entry::I32ToNone(function), &[a]) => function.call(store, low(a)).map(|()| 0)?,
            (Entry::I32ToI32(function), &[a]) => wide(function.call(store, low(a))?),
            (Entry::TwoToNone(function), &[a, b]) => function.call(store, low(a), low(b)).map(|()| 0)?,
            (Entry::TwoToI32(function), &[a, b]) => wide(function.call(store, low(a), low(b))?),
            (Entry::TwoToI64(function), &[a, b]) => function.call(store, low(a), low(b))?.cast_unsigned(),
            (Entry::ThreeToNone(function), &[a, b, c]) => function.call(store, low(a), low(b), low(c)).map(|()| 0)?,
            (Entry::ThreeToI32(function), &[a, b, c]) => wide(function.call(store, low(a), low(b), low(c))?),
            (Entry::Any(function), _) if args.len() == self.signature.params.len() => {
                let types = function.ty(store);
                let args: Vec<_> = self.values(args).zip(types.params()).map(|(arg, &ty)| arg.of_type(ty)).collect();
                function.call(store, &args)?.first().map_or(0, |first| Value::from(first).bits())
            }
            _ => return Err(self.miscounted(args.len())),
        })
    }

    /// The error for a wrong number of arguments.
    #[cold]
    fn miscounted(&self, given: usize) -> wasmer::RuntimeError {
        let count = self.signature.params.len() as u64;
        stop(Failure::Mismatch(format!(
            "`{}` is {}: it takes {count} {}, but was given {given}",
            plain(&self.name),
            self.signature,
            unit(count, "argument")
        )))
    }
}

/// The low 32 bits as an i32.
#[allow(clippy::cast_possible_truncation, reason = "it is what is asked for")]
fn low(bits: u64) -> i32 {
    (bits as u32).cast_signed()
}

/// An i32, zero-extended to 64 bits.
fn wide(number: i32) -> u64 {
    u64::from(number.cast_unsigned())
}

impl Value {
    /// The value of this type with these bits; excess high bits are dropped.
    pub fn new(ty: Type, bits: u64) -> Value {
        match ty {
            Type::I32 => Value::I32(low(bits)),
            Type::I64 => Value::I64(bits.cast_signed()),
            Type::F32 => Value::F32(low(bits).cast_unsigned()),
            Type::F64 => Value::F64(bits),
            _ => Value::Opaque,
        }
    }

    /// Converts to a wasmer value. An opaque value becomes the null or zero of `ty`.
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

/// Zero or null of this type.
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

#[cfg(test)]
mod tests {
    use super::super::{Boundary, Code, Limits, NoHost, Watchdog};
    use super::*;

    #[test]
    fn a_call_has_as_many_arguments_as_the_function_has_parameters() {
        let module = r#"(module (func (export "typed") (param i32) (result i32) (local.get 0))
            (func (export "any") (param f64) (result f64) (local.get 0)))"#;
        let code = Code::read("calls", module.as_bytes()).expect("the module is valid");
        let program = code.compile(Limits::default()).expect("it compiles");
        let mut guest = program.instantiate(&Watchdog::new(None)).expect("it can be instantiated");
        for (name, value) in [("typed", Value::I32(7)), ("any", Value::F64(7.0_f64.to_bits()))] {
            let func = guest.func(name).expect("it is exported");
            assert_eq!(guest.call(&func, &[value], &mut NoHost).expect("it returns"), [value]);
            assert_eq!(guest.call_bits(&func, &[value.bits()], &mut NoHost).expect("it returns"), value.bits());
            for args in [&[][..], &[value; 2], &[value; 5]] {
                let message = format!("it takes 1 argument, but was given {}", args.len());
                let failed = guest.call(&func, args, &mut NoHost).expect_err("the count is wrong");
                assert!(matches!(&*failed, Failure::Mismatch(told) if told.ends_with(&message)), "{failed}");
                let bits: Vec<_> = args.iter().map(|value| value.bits()).collect();
                let failed = guest.call_bits(&func, &bits, &mut NoHost).expect_err("the count is wrong");
                assert!(matches!(&*failed, Failure::Mismatch(told) if told.ends_with(&message)), "{failed}");
            }
        }
    }
}
