//! The key of compiled code: everything that decides what a module is compiled to.

use sha2::{Digest, Sha256};
use wasmer::Engine;
use wasmer::sys::NativeEngineExt;

use crate::guest::bytes::{Reader, put_text};
use crate::guest::{Passes, PointRequest};

/// What is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A module, instrumented like this.
    Module(Passes),
    /// A driver for it.
    Driver,
}

/// The key of compiled code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guest) struct Key {
    /// The SHA-256 of the module, in hexadecimal.
    module: String,
    kind: Kind,
    /// The SHA-256 of everything.
    hash: [u8; 32],
}

impl Kind {
    /// The word: `plain`, `stores`, `loads`, `pauses` or `driver`.
    fn word(self) -> &'static str {
        match self {
            Kind::Module(Passes { pauses: true, .. }) => "pauses",
            Kind::Module(Passes { loads: true, .. }) => "loads",
            Kind::Module(Passes { stores: true, .. }) => "stores",
            Kind::Module(Passes { .. }) => "plain",
            Kind::Driver => "driver",
        }
    }
}

impl Key {
    pub(in crate::guest) fn new(binary: &[u8], passes: Passes, points: &PointRequest, engine: &Engine) -> Key {
        let module = Sha256::digest(binary);
        let mut hasher = Sha256::new();
        let target = engine.target();
        let engine = [
            env!("CARGO_PKG_VERSION"),
            // These sources and the versions of their dependencies, so that nobody has to raise a number.
            env!("LINMEM_GUEST_SOURCES"),
            &engine.deterministic_id(),
            &engine.artifact_format(),
            &target.triple().to_string(),
        ];
        for text in engine {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.update(target.cpu_features().as_u64().to_le_bytes());
        hasher.update([passes.stores, passes.loads, passes.pauses].map(u8::from));
        for offsets in [&points.lines, &points.others] {
            hasher.update((offsets.len() as u64).to_le_bytes());
            offsets.iter().for_each(|offset| hasher.update(offset.to_le_bytes()));
        }
        hasher.update(module);
        Key { module: hex(&module), kind: Kind::Module(passes), hash: hasher.finalize().into() }
    }

    /// The key of a driver for this module.
    pub(in crate::guest) fn of_driver(&self, binary: &[u8]) -> Key {
        let mut hasher = Sha256::new();
        hasher.update(self.hash);
        hasher.update(binary);
        Key { module: self.module.clone(), kind: Kind::Driver, hash: hasher.finalize().into() }
    }

    /// Appends the key of a module to what another process reads.
    pub(in crate::guest) fn put(&self, out: &mut Vec<u8>) {
        put_text(&self.module, out);
        let Kind::Module(Passes { stores, loads, pauses }) = self.kind else { return };
        out.extend([stores, loads, pauses].map(u8::from));
        out.extend_from_slice(&self.hash);
    }

    /// Reads what [`Key::put`] appended for a module.
    pub(in crate::guest) fn read(from: &mut Reader<'_>) -> Option<Key> {
        let module = from.text()?;
        let [stores, loads, pauses] = *from.take(3)? else { return None };
        let [stores, loads, pauses] = [stores, loads, pauses].map(|byte| byte != 0);
        let hash = from.take(32)?.try_into().ok()?;
        Some(Key { module, kind: Kind::Module(Passes { stores, loads, pauses }), hash })
    }

    /// What the names of all entries for a module begin with.
    pub(super) fn module_name(binary: &[u8]) -> String {
        hex(&Sha256::digest(binary))
    }

    /// The name of the entry. The module comes first, so that all entries for it can be found.
    pub(super) fn file_name(&self) -> String {
        format!("{}-{}-{}", self.module, self.kind.word(), hex(&self.hash[..8]))
    }

    /// The hash of everything.
    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// The kind in the name of an entry, if it is for that module.
pub(super) fn kind_of<'a>(name: &'a str, module: &str) -> Option<&'a str> {
    let (kind, _) = name.strip_prefix(module)?.strip_prefix('-')?.rsplit_once('-')?;
    Some(kind)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
