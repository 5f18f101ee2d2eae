//! A module in wasmer alone: without anything that linmem adds to it.

use linmem::record::Value;
use wasmer::sys::{Cranelift, EngineBuilder};
use wasmer::{Extern, ExternType, Function, FunctionEnv, Imports, Instance, Module, Store, Type};

/// An instance of a module as it is.
pub(crate) struct Original {
    store: Store,
    instance: Instance,
}

impl Original {
    /// The instance, if the module can be instantiated. Its imports return zeros.
    pub(crate) fn new(binary: &[u8]) -> Option<Original> {
        let mut store = Store::new(EngineBuilder::new(Cranelift::default()));
        let module = Module::new(&store, binary).ok()?;
        let mut imports = Imports::new();
        let env = FunctionEnv::new(&mut store, ());
        for import in module.imports() {
            let ExternType::Function(ty) = import.ty() else { return None };
            let zeros: Vec<_> = ty.results().iter().map(|&ty| zero(ty)).collect::<Option<_>>()?;
            let answer = Function::new_with_env(&mut store, &env, ty, move |_, _| Ok(zeros.clone()));
            imports.define(import.module(), import.name(), answer);
        }
        let instance = Instance::new(&mut store, &module, &imports).ok()?;
        Some(Original { store, instance })
    }

    /// Calls an export: its results, or `None` if it trapped.
    pub(crate) fn call(&mut self, export: &str, args: &[Value]) -> Option<Vec<Value>> {
        let func = self.instance.exports.get_function(export).expect("it is exported").clone();
        let args: Vec<_> = args.iter().map(|&value| given(value)).collect();
        let results = func.call(&mut self.store, &args).ok()?;
        Some(results.iter().map(taken).collect())
    }

    /// The bytes of an exported memory.
    pub(crate) fn bytes(&self, memory: &str) -> Vec<u8> {
        let memory = self.instance.exports.get_memory(memory).expect("it is exported");
        memory.view(&self.store).copy_to_vec().expect("it can be read")
    }

    /// The names of the exported memories, in the order of the exports.
    pub(crate) fn memories(&self) -> Vec<String> {
        let exports = self.instance.exports.iter();
        exports.filter(|(_, what)| matches!(what, Extern::Memory(_))).map(|(name, _)| name.clone()).collect()
    }
}

fn zero(ty: Type) -> Option<wasmer::Value> {
    Some(match ty {
        Type::I32 => wasmer::Value::I32(0),
        Type::I64 => wasmer::Value::I64(0),
        Type::F32 => wasmer::Value::F32(0.0),
        Type::F64 => wasmer::Value::F64(0.0),
        Type::V128 => wasmer::Value::V128(0),
        _ => return None,
    })
}

fn given(value: Value) -> wasmer::Value {
    match value {
        Value::I32(value) => wasmer::Value::I32(value),
        Value::I64(value) => wasmer::Value::I64(value),
        Value::F32(bits) => wasmer::Value::F32(f32::from_bits(bits)),
        Value::F64(bits) => wasmer::Value::F64(f64::from_bits(bits)),
        Value::Opaque => unreachable!("such exports are not called"),
    }
}

fn taken(value: &wasmer::Value) -> Value {
    match *value {
        wasmer::Value::I32(value) => Value::I32(value),
        wasmer::Value::I64(value) => Value::I64(value),
        wasmer::Value::F32(value) => Value::F32(value.to_bits()),
        wasmer::Value::F64(value) => Value::F64(value.to_bits()),
        _ => Value::Opaque,
    }
}
