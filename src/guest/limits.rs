//! The limits of a guest: memory, table entries, time, output.

use std::ptr::NonNull;
use std::time::Duration;

use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{MemoryType, Pages, TableType};
use wasmer_types::{MemoryError, MemoryStyle, TableStyle};
use wasmer_vm::{VMMemory, VMMemoryDefinition, VMTable, VMTableDefinition};

use super::lone_memory::LoneMemory;
use crate::record::WASM_PAGE;

/// Default limits on compiling.
const COMPILE_TIME: Duration = Duration::from_secs(120);
const COMPILE_MEMORY: u64 = 4 << 30;

/// The limits of a guest. The defaults are far from what honest modules need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Total bytes of all linear memories, rounded down to whole pages.
    pub memory: u64,
    /// Total entries of all tables.
    pub table: u64,
    /// Bytes of the stack for its calls.
    pub stack: u64,
    /// Time for one exchange or for instantiation; `None` for no limit.
    pub time: Option<Duration>,
    /// Time for one call of an export; `None` for no limit.
    pub step: Option<Duration>,
    /// Bytes in one answer.
    pub output: u64,
    /// Bytes of its messages in one exchange.
    pub messages: u64,
    /// Recorded steps in one exchange.
    pub steps: u64,
    /// Bytes of the records of its memory accesses in one exchange, and as many of the changes of a run.
    pub record: u64,
    /// Time for compiling its module; `None` for no limit.
    pub compile_time: Option<Duration>,
    /// Bytes of memory for compiling its module, where that is done in a process of its own.
    pub compile_memory: u64,
    /// Bytes of its module.
    pub module: u64,
    /// Bytes of its recipe.
    pub recipe: u64,
}

impl Limits {
    /// The memory limit in WebAssembly pages, at most 65,536: all that 32-bit addresses reach.
    pub fn pages(&self) -> u32 {
        u32::try_from(self.memory / WASM_PAGE).unwrap_or(u32::MAX).min(65_536)
    }

    /// The limit on table entries, at most what 32-bit indices reach.
    pub(super) fn entries(&self) -> u32 {
        u32::try_from(self.table).unwrap_or(u32::MAX)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: 512 << 20,
            // A real module's table holds tens of thousands of functions.
            table: 1 << 20,
            stack: 1 << 20,
            time: Some(Duration::from_secs(5)),
            step: None,
            output: 64 << 20,
            messages: 64 << 10,
            steps: 200_000,
            // Ten million accesses.
            record: 256 << 20,
            compile_time: Some(COMPILE_TIME),
            compile_memory: COMPILE_MEMORY,
            // Ten times the largest known module.
            module: 1 << 30,
            recipe: 1 << 20,
        }
    }
}

/// Lowers the declared maxima of memories and tables to an equal share of the limits.
pub(super) struct LimitingTunables {
    base: BaseTunables,
    /// The share of each memory, in pages.
    pages: u32,
    /// The share of each table, in entries.
    entries: u32,
}

impl LimitingTunables {
    /// The tunables for a module with this many memories and tables.
    pub(super) fn new(limits: &Limits, memories: u32, tables: u32) -> LimitingTunables {
        LimitingTunables {
            base: BaseTunables::new(),
            pages: limits.pages() / memories.max(1),
            entries: limits.entries() / tables.max(1),
        }
    }

    fn memory(&self, ty: &MemoryType) -> MemoryType {
        let declared = ty.maximum.map_or(self.pages, |pages| pages.0);
        MemoryType { maximum: Some(Pages(declared.min(self.pages)).max(ty.minimum)), ..*ty }
    }

    fn table(&self, ty: &TableType) -> TableType {
        let declared = ty.maximum.unwrap_or(self.entries);
        TableType { maximum: Some(declared.min(self.entries).max(ty.minimum)), ..*ty }
    }
}

impl Tunables for LimitingTunables {
    fn memory_style(&self, ty: &MemoryType) -> MemoryStyle {
        self.base.memory_style(&self.memory(ty))
    }

    fn table_style(&self, ty: &TableType) -> TableStyle {
        self.base.table_style(&self.table(ty))
    }

    fn create_host_memory(&self, ty: &MemoryType, style: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        match ty.shared {
            true => LoneMemory::create(&self.memory(ty), style),
            false => self.base.create_host_memory(&self.memory(ty), style),
        }
    }

    #[allow(unsafe_code, reason = "the trait's method is unsafe")]
    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
        location: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        // SAFETY: the caller guarantees that `location` is valid, and it is passed on unchanged.
        unsafe {
            match ty.shared {
                true => LoneMemory::create_at(&self.memory(ty), style, location),
                false => self.base.create_vm_memory(&self.memory(ty), style, location),
            }
        }
    }

    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        self.base.create_host_table(&self.table(ty), style)
    }

    #[allow(unsafe_code, reason = "the trait's method is unsafe")]
    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        location: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: the caller guarantees that `location` is valid, and it is passed on unchanged.
        unsafe { self.base.create_vm_table(&self.table(ty), style, location) }
    }
}
