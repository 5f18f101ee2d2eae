//! Which pages of a memory were written, as far as the system knows: to find what changed in a large memory costs what
//! was touched then, and memory that was never touched is not read.
//!
//! Linux (6.7 and later) protects pages from being written, and notes when a write ends that. Where there is no such
//! thing, or it is forbidden, all of a memory is compared.

#[cfg(target_os = "linux")]
mod pagemap;

use crate::record::{RecorderId, Suspects};

#[cfg(target_os = "linux")]
pub(super) use tracked::WrittenPages;
#[cfg(not(target_os = "linux"))]
pub(super) use untracked::WrittenPages;

#[cfg(target_os = "linux")]
mod tracked {
    use std::cell::RefCell;
    use std::ops::Range;

    use super::pagemap::Pagemap;
    use super::{RecorderId, Suspects};

    /// Smaller memories are compared as a whole, which is faster.
    const LARGE: usize = 2 << 20;
    /// If more than this part of a memory was written, it is compared as a whole for some time: each page that is
    /// protected costs its next write some time.
    const MUCH: usize = 4;
    /// For how many times.
    const REST: u32 = 16;

    /// What the system knows of writes to a guest's memories.
    #[derive(Debug, Default)]
    pub(in crate::guest) struct WrittenPages(RefCell<State>);

    #[derive(Debug, Default)]
    enum State {
        /// Nobody asked yet.
        #[default]
        Unasked,
        /// The system does not tell.
        Unknown,
        /// By the number of the memory, how it was when somebody asked last.
        Known(Pagemap, Vec<Option<Asked>>),
    }

    /// How a memory was when somebody asked last.
    #[derive(Debug, PartialEq, Eq)]
    struct Asked {
        by: RecorderId,
        /// Where it is for the host. It may move when it grows.
        address: usize,
        len: usize,
        /// How many times it is still compared as a whole.
        rest: u32,
    }

    impl WrittenPages {
        /// Where a memory may differ from what it was when that recorder asked last.
        pub(in crate::guest) fn suspects(&self, memory: usize, bytes: &[u8], by: RecorderId) -> Suspects {
            if bytes.len() < LARGE {
                return Suspects::All;
            }
            let mut state = self.0.borrow_mut();
            if let State::Unasked = *state {
                *state = Pagemap::new().map_or(State::Unknown, |pagemap| State::Known(pagemap, Vec::new()));
            }
            let State::Known(pagemap, asked) = &mut *state else { return Suspects::All };
            if asked.len() <= memory {
                asked.resize_with(memory + 1, || None);
            }
            match asked[memory].ask(pagemap, bytes, by) {
                Some(suspects) => suspects,
                None => {
                    *state = State::Unknown;
                    Suspects::All
                }
            }
        }
    }

    /// Asks what was written to a memory.
    trait Ask {
        /// `None` if the system does not tell.
        fn ask(&mut self, pagemap: &mut Pagemap, bytes: &[u8], by: RecorderId) -> Option<Suspects>;
    }

    impl Ask for Option<Asked> {
        fn ask(&mut self, pagemap: &mut Pagemap, bytes: &[u8], by: RecorderId) -> Option<Suspects> {
            let (address, len) = (bytes.as_ptr().addr(), bytes.len());
            let before = self.take().filter(|before| (before.by, before.address) == (by, address));
            if before.as_ref().is_none_or(|before| before.len != len) {
                pagemap.register(bytes)?;
            }
            let Some(before) = before else {
                pagemap.take_written(bytes)?;
                let populated = pagemap.populated(bytes)?;
                *self = Some(Asked { by, address, len, rest: 0 });
                return Some(Suspects::Populated(populated));
            };
            if before.rest > 0 {
                *self = Some(Asked { len, rest: before.rest - 1, ..before });
                return Some(Suspects::All);
            }
            let written = pagemap.take_written(bytes)?;
            let rest = if size(&written) > (len / MUCH) as u64 { REST } else { 0 };
            *self = Some(Asked { by, address, len, rest });
            Some(Suspects::Written(written))
        }
    }

    fn size(ranges: &[Range<u64>]) -> u64 {
        ranges.iter().map(|range| range.end - range.start).sum()
    }
}

#[cfg(not(target_os = "linux"))]
mod untracked {
    use super::{RecorderId, Suspects};

    /// The system does not tell.
    #[derive(Debug, Default)]
    pub(in crate::guest) struct WrittenPages;

    impl WrittenPages {
        /// Where a memory may differ from what it was when that recorder asked last.
        pub(in crate::guest) fn suspects(&self, _: usize, _: &[u8], _: RecorderId) -> Suspects {
            Suspects::All
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::{Boundary, Code, Guest, Limits, NoHost, Recorded, Watchdog};
    use crate::record::{Actor, Change, Image, Outcome, Recorder, Trigger, Value};

    const GUEST: &str = r#"(module (memory (export "memory") 64 400)
        (func (export "put") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
        (func (export "grow") (param i32) (drop (memory.grow (local.get 0)))))"#;

    fn guest() -> Guest {
        let code = Code::read("guest.wat", GUEST.as_bytes()).expect("it is valid");
        let program = code.compile(Limits::default()).expect("it compiles");
        program.instantiate(&Watchdog::new(None)).expect("it can be instantiated")
    }

    fn call(guest: &mut Guest, recorder: &mut Recorder, func: &str, args: &[i32]) {
        let func = guest.func(func).expect("it is exported");
        let args: Vec<_> = args.iter().map(|&arg| Value::I32(arg)).collect();
        Recorded::new(guest, recorder).call(&func, &args, &mut NoHost).expect("it returns");
    }

    /// What was found to be changed since the last time, as addresses and numbers of bytes.
    fn found(guest: &Guest, recorder: &mut Recorder) -> Vec<(u64, u64)> {
        let cause = recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        let mut whole = Image::zeroed(guest.bytes(0).len() as u64);
        whole.write(0, guest.bytes(0));
        assert!(recorder.present()[0] == whole, "the image is the memory");
        let places = cause.changes.iter().filter_map(Change::place);
        let range = |(memory, range, by): (usize, std::ops::Range<u64>, Actor)| {
            assert_eq!((memory, by), (0, Actor::Guest));
            (range.start, range.end - range.start)
        };
        places.map(range).collect()
    }

    #[test]
    fn all_that_was_written_is_found_in_a_large_memory() {
        let (mut guest, mut recorder) = (guest(), Recorder::new(None));
        call(&mut guest, &mut recorder, "put", &[5, 1]);
        assert_eq!(found(&guest, &mut recorder), [(5, 1)]);
        let last = 64 * 65_536 - 1;
        call(&mut guest, &mut recorder, "put", &[last, 1]);
        call(&mut guest, &mut recorder, "put", &[5, 0]);
        call(&mut guest, &mut recorder, "put", &[9, 0]);
        assert_eq!(found(&guest, &mut recorder), [(u64::from(last.cast_unsigned()), 1), (5, 1)]);
        // Written by the host, and not recorded.
        guest.write(0, 70_000, b"host").expect("it fits");
        call(&mut guest, &mut recorder, "put", &[5, 2]);
        assert_eq!(found(&guest, &mut recorder), [(5, 1), (70_000, 4)]);
        call(&mut guest, &mut recorder, "grow", &[300]);
        call(&mut guest, &mut recorder, "put", &[last + 4097, 7]);
        assert_eq!(found(&guest, &mut recorder).len(), 1);
        // Much at once, and then for long little.
        call(&mut guest, &mut recorder, "fill", &[0, 3, 300 * 65_536]);
        assert!(found(&guest, &mut recorder).len() > 4000);
        for time in 0..40 {
            call(&mut guest, &mut recorder, "put", &[1_000_000 + 5_000 * time, 9]);
            call(&mut guest, &mut recorder, "put", &[350 * 65_536 + time, 9]);
            assert_eq!(found(&guest, &mut recorder).len(), 2, "{time}");
        }
    }

    #[test]
    fn recorders_do_not_take_from_each_other() {
        let (mut guest, mut one, mut other) = (guest(), Recorder::new(None), Recorder::new(None));
        for (number, place) in [(1, 0), (2, 9_000), (3, 18_000)] {
            call(&mut guest, &mut one, "put", &[place, number]);
            call(&mut guest, &mut other, "put", &[place + 1, number]);
            call(&mut guest, &mut other, "put", &[place + 2, number]);
            found(&guest, &mut other);
            call(&mut guest, &mut one, "put", &[3_000_000, number]);
            found(&guest, &mut one);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn little_is_suspected_where_the_system_tells() {
        let (mut guest, mut recorder) = (guest(), Recorder::new(None));
        let id = recorder.id();
        if guest.suspects(0, id) == Suspects::All {
            // It is an old system, or a sandbox.
            return;
        }
        call(&mut guest, &mut recorder, "put", &[100_000, 1]);
        assert_eq!(guest.suspects(0, id), Suspects::Written(Vec::new()), "they were compared");
        let put = guest.func("put").expect("it is exported");
        guest.call(&put, &[Value::I32(200_000), Value::I32(1)], &mut NoHost).expect("it returns");
        let page = 200_000 / 4096 * 4096;
        let Suspects::Written(ranges) = guest.suspects(0, id) else { panic!("it was told before") };
        assert_eq!((ranges.len(), ranges[0].clone()), (1, page..page + 4096));
        assert!(matches!(guest.suspects(0, Recorder::new(None).id()), Suspects::Populated(_)));
    }
}
