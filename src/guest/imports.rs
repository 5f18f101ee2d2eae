//! A guest's imports: functions that call the host, and memories, tables and globals that the host provides.

use std::fmt;
use std::rc::Rc;

use wasmer::{Extern, ExternType, Function, FunctionEnvMut, Global, Memory, Module, RuntimeError, Store, Table, Tag};

use super::LoadError;
use super::func::zero;
use super::reach::GuestAccess;
use super::shared::{GuestShared, HostSlot, ImportEnv, SharedLater, with_host};
use super::stop::stop;
use crate::record::Value;

/// The imports of one guest.
pub(super) struct Imports {
    /// In the order in which the module imports them.
    pub(super) externs: Vec<Extern>,
    /// `None` if no function is among them.
    pub(super) slot: HostSlot,
    shared: SharedLater,
}

impl Imports {
    /// Creates the imports of `module`: functions that call the host, empty memories and tables, zero globals, tags of exceptions.
    ///
    /// # Errors
    /// An import has another kind, or there is not enough memory.
    pub(super) fn new(store: &mut Store, module: &Module) -> Result<Imports, LoadError> {
        let shared = SharedLater::default();
        let slot = HostSlot::new(store, shared.clone());
        let mut externs = Vec::new();
        for (place, import) in module.imports().enumerate() {
            let refuse = |reason: &dyn fmt::Display| LoadError::Import {
                import: format!("{}.{}", import.module(), import.name()),
                reason: reason.to_string(),
            };
            externs.push(match import.ty() {
                ExternType::Function(ty) => {
                    let results: Vec<_> = ty.results().to_vec();
                    let answer = move |env: FunctionEnvMut<'_, ImportEnv>, args: &[wasmer::Value]| {
                        answer(env, place, args, &results)
                    };
                    Function::new_with_env(store, slot.env(), ty, answer).into()
                }
                ExternType::Memory(ty) => Memory::new(store, *ty).map_err(|error| refuse(&error))?.into(),
                ExternType::Table(ty) => {
                    Table::new(store, *ty, zero(ty.ty)).map_err(|error| refuse(&error.message()))?.into()
                }
                ExternType::Global(ty) if ty.mutability.is_mutable() => Global::new_mut(store, zero(ty.ty)).into(),
                ExternType::Global(ty) => Global::new(store, zero(ty.ty)).into(),
                ExternType::Tag(ty) => Tag::new(store, ty.params.clone()).into(),
            });
        }
        Ok(Imports { externs, slot, shared })
    }

    /// Connects the functions to their guest.
    pub(super) fn belong_to(&self, shared: &Rc<GuestShared>) {
        // Set only once.
        let _ = self.shared.set(shared.clone());
    }
}

/// Handles a call of the import with this index.
fn answer(
    env: FunctionEnvMut<'_, ImportEnv>,
    place: usize,
    args: &[wasmer::Value],
    types: &[wasmer::Type],
) -> Result<Vec<wasmer::Value>, RuntimeError> {
    let args: Vec<_> = args.iter().map(Value::from).collect();
    let answered = with_host(env, |host, store, shared| {
        shared.flag.called();
        let results = host.import(place, &args, &mut GuestAccess::new(store, shared.clone())).map_err(|failure| {
            let args: Vec<_> = args.iter().map(Value::to_string).collect();
            failure.in_import(|| format!("{}({})", host.name(place), args.join(", ")))
        })?;
        if host.takes_over() {
            shared.flag.leave(true);
        }
        Ok(results)
    });
    let results = answered.flatten().map_err(stop)?;
    let results = types.iter().enumerate().map(|(place, &ty)| match results.get(place) {
        Some(value) => value.of_type(ty),
        None => zero(ty),
    });
    Ok(results.collect())
}
