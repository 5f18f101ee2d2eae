//! Compiled code is used only if it is whole, for this module, and nobody else could have written it.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::guest::compile::{Effort, engine};
use crate::guest::{
    Boundary, Cancellation, Code, CompileListener, CompileOptions, Limits, NoHost, Passes, PointRequest, Program,
    Watchdog,
};
use crate::record::{Failure, SiteKind, Value};

const MODULE: &[u8] = br#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 5)) (start $start)
    (func $start (i32.store8 (i32.const 9) (i32.const 1)))
    (func (export "f") (param i32) (result i32)
        (i32.store (i32.const 4) (i32.div_u (i32.const 84) (local.get 0)))
        (i32.load (i32.const 4))))"#;

const STORES: Passes = Passes { stores: true, loads: false, pauses: false };

/// An empty folder in which a cache may be.
fn scratch(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("linmem-cache-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    folder
}

/// Loads the module with that cache, and checks what it does. Returns whether it was compiled.
fn is_compiled(cache: &Cache, passes: Passes) -> bool {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let listener = CompileListener::new(move |_| {
        counted.fetch_add(1, SeqCst);
    });
    let options = CompileOptions { cache: Some(cache.clone()), listener: Some(listener), ..CompileOptions::default() };
    let code = Code::parse("module.wat", MODULE).expect("it is a module");
    let (points, nobody) = (PointRequest::default(), Cancellation::default());
    let program = code.compile_with(Limits::default(), passes, &points, &options, &nobody).expect("it is valid");
    check(&program, passes);
    count.load(SeqCst) > 0
}

fn check(program: &Program, passes: Passes) {
    assert_eq!((program.passes(), program.why_untraced()), (passes, None));
    let binary = wat::parse_bytes(MODULE).expect("it is a module");
    let mut guest = program.instantiate(&Watchdog::new(None)).expect("it can be instantiated");
    let start = guest.start().cloned().expect("it has one");
    guest.call(&start, &[], &mut NoHost).expect("it returns");
    let f = guest.func("f").expect("it is exported");
    assert_eq!(guest.call(&f, &[Value::I32(2)], &mut NoHost).expect("it returns"), [Value::I32(42)]);
    assert_eq!((guest.bytes(0)[4], guest.bytes(0)[9]), (42, 1));
    if passes != Passes::default() {
        let accesses = guest.accesses().expect("it records");
        let sites = accesses.lock().expect("no thread panicked").sites().clone();
        let store = sites.iter().find(|site| site.kind == SiteKind::Store && site.width == 4).expect("it is known");
        assert_eq!(binary[store.offset as usize..][..2], [0x36, 2]);
    }
    let trapped = guest.call(&f, &[Value::I32(0)], &mut NoHost).map(<[_]>::len);
    let Err(failure) = trapped else { panic!("it divides by zero") };
    let Failure::Trap { trace, .. } = *failure else { panic!("it is a trap") };
    // Where the division is in the module, without what was added.
    let division = binary.windows(3).position(|code| code == [0x20, 0, 0x6e]).expect("it divides") + 2;
    assert_eq!(trace[0].offset, Some(division));
}

/// The only file in a folder.
fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is ours").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_module_is_compiled_once_for_each_way_to_instrument_it() {
    let folder = scratch("once");
    let cache = Cache::new(folder.join("deep/linmem"), u64::MAX);
    for passes in [Passes::default(), STORES] {
        assert!(is_compiled(&cache, passes) && !is_compiled(&cache, passes));
    }
    let binary = wat::parse_bytes(MODULE).expect("it is a module");
    let kinds: Vec<_> = cache.of_module(&binary).into_iter().map(|kept| kept.kind).collect();
    assert_eq!(kinds, ["plain", "stores"]);
    assert!(cache.of_module(b"another").is_empty());
    let about = fs::metadata(cache.folder()).expect("it was made");
    assert_eq!(about.permissions().mode() & 0o777, 0o700);
    let contents = cache.contents().expect("it is ours");
    assert_eq!((contents.entries, cache.clear().expect("it is ours")), (2, contents));
    assert_eq!(cache.contents().expect("it is ours"), Contents::default());
    assert!(is_compiled(&cache, STORES));
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn any_bit_that_flips_and_any_byte_that_is_missing_is_noticed() {
    let folder = scratch("flips");
    let cache = Cache::new(folder.clone(), u64::MAX);
    assert!(is_compiled(&cache, STORES));
    let bytes = fs::read(only_file(&folder)).expect("it is ours");
    let binary = wat::parse_bytes(MODULE).expect("it is a module");
    let key = Key::new(&binary, STORES, &PointRequest::default(), &engine(Effort::Full));
    let reads = |bytes: &[u8]| Entry::read(bytes, bytes.len() as u64, &key).is_some();
    assert!(reads(&bytes));
    let mut damaged = bytes.clone();
    for at in 0..bytes.len() {
        // All bits of the header, and one of each byte after it.
        let bits = if at < 128 { 0..8 } else { at % 8..at % 8 + 1 };
        for bit in bits {
            damaged[at] ^= 1 << bit;
            assert!(!reads(&damaged), "bit {bit} of byte {at}");
            damaged[at] ^= 1 << bit;
        }
    }
    for len in (0..bytes.len()).step_by(61) {
        assert!(!reads(&bytes[..len]), "{len} bytes");
        // What a file system may leave after a crash.
        damaged[len..].fill(0);
        assert!(!reads(&damaged), "zeros from {len} on");
        damaged.copy_from_slice(&bytes);
    }
    assert!(!reads(&[&bytes[..], &[0]].concat()));
    let other = Key::new(&binary, Passes::default(), &PointRequest::default(), &engine(Effort::Full));
    assert!(Entry::read(&bytes[..], bytes.len() as u64, &other).is_none(), "another key");
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_damaged_or_foreign_entry_is_replaced() {
    let folder = scratch("replaced");
    let cache = Cache::new(folder.clone(), u64::MAX);
    assert!(is_compiled(&cache, STORES));
    let file = only_file(&folder);
    let whole = fs::read(&file).expect("it is ours");
    for damaged in [&whole[..whole.len() / 2], b"", b"something else"] {
        fs::write(&file, damaged).expect("it is ours");
        assert!(is_compiled(&cache, STORES) && !is_compiled(&cache, STORES));
    }
    fs::remove_file(&file).expect("it is ours");
    fs::create_dir(&file).expect("it is ours");
    assert!(is_compiled(&cache, STORES) && is_compiled(&cache, STORES), "a folder cannot be replaced");
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn what_others_could_have_written_is_not_used() {
    let folder = scratch("private");
    let cache = Cache::new(folder.join("cache"), u64::MAX);
    assert!(is_compiled(&cache, STORES));
    let file = only_file(cache.folder());
    let used = || !is_compiled(&cache, STORES);
    let set_mode = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
    assert!(used());
    for mode in [0o770, 0o702] {
        set_mode(cache.folder(), mode);
        assert!(!used() && cache.contents().is_err() && cache.clear().is_err());
    }
    set_mode(cache.folder(), 0o700);
    assert!(used());
    set_mode(&file, 0o666);
    assert!(!used());
    assert!(used(), "it was replaced");
    // Only root can give files away.
    if chown(cache.folder(), Some(12345), None).is_ok() {
        assert!(!used() && cache.contents().is_err());
        chown(cache.folder(), Some(0), None).expect("root can");
        chown(&file, Some(12345), None).expect("root can");
        assert!(!used());
    }
    let link = folder.join("link");
    symlink(cache.folder(), &link).expect("ours");
    let linked = Cache::new(link, u64::MAX);
    assert!(is_compiled(&linked, STORES) && is_compiled(&linked, STORES));
    let nowhere = Cache::new(PathBuf::from("/dev/null/linmem"), u64::MAX);
    assert!(is_compiled(&nowhere, STORES) && is_compiled(&nowhere, STORES));
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn what_was_not_used_for_longest_is_removed_first() {
    let folder = scratch("trimmed");
    let all = Cache::new(folder.clone(), u64::MAX);
    assert!(is_compiled(&all, Passes::default()) && is_compiled(&all, STORES));
    let long_ago = SystemTime::now() - Duration::from_secs(10 * 24 * 3600);
    let draft = folder.join("1-2.compiled-draft");
    fs::write(&draft, "abandoned").expect("ours");
    fs::write(folder.join("notes.txt"), "the user's").expect("ours");
    for entry in fs::read_dir(&folder).expect("ours") {
        let file = fs::File::options().write(true).open(entry.expect("ours").path()).expect("ours");
        file.set_modified(long_ago).expect("ours");
    }
    let size = all.contents().expect("ours").bytes;
    // To be used keeps it.
    assert!(!is_compiled(&all, STORES));
    let loads = Passes { loads: true, ..STORES };
    let small = Cache::new(folder.clone(), size);
    assert!(is_compiled(&small, loads));
    assert!(small.contents().expect("ours").bytes <= size && !draft.exists() && folder.join("notes.txt").exists());
    let binary = wat::parse_bytes(MODULE).expect("it is a module");
    let kinds: Vec<_> = small.of_module(&binary).into_iter().map(|kept| kept.kind).collect();
    assert!(kinds.contains(&"loads".to_owned()) && !kinds.contains(&"plain".to_owned()), "{kinds:?}");
    let tiny = Cache::new(folder.join("tiny"), 100);
    assert!(is_compiled(&tiny, STORES) && is_compiled(&tiny, STORES));
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn many_can_use_it_at_once() {
    let folder = scratch("many");
    let cache = Cache::new(folder.clone(), u64::MAX);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let cache = &cache;
            scope.spawn(move || {
                for _ in 0..4 {
                    is_compiled(cache, STORES);
                    if number == 0 {
                        cache.clear().expect("it is ours");
                    }
                }
            });
        }
    });
    is_compiled(&cache, STORES);
    assert!(!is_compiled(&cache, STORES));
    only_file(&folder);
    fs::remove_dir_all(folder).expect("it is ours");
}
