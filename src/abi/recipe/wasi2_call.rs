//! Calls of WASI preview 2, as far as a filter needs it: standard streams, arguments, environment, clocks, random bytes
//! and exit, in the form in which a component's core modules make them.
//!
//! As with preview 1 there are no files, no network and no waiting. A component imports more than it calls; a function
//! that is missing here stops the guest once it is called. Source: the WIT files of WASI 0.2, and the canonical ABI for
//! how values lie in memory.

use std::ffi::OsString;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::state::{ImportContext, Plan, State};
use super::wasi;
use super::wasi2::{Function, Lowered, Name};
use crate::guest::Boundary;
use crate::record::{Failure, LinePart, Value};

/// The handles that the host gives out. Streams have the numbers of preview 1, plus one, as 0 is no handle.
const STDIN: u64 = 1;
const STDOUT: u64 = 2;
const STDERR: u64 = 3;
const POLLABLE: u64 = 4;

/// How many bytes a guest may write at once.
const PERMIT: u64 = 64 << 10;
/// The maximum number of random bytes, or of pollables, in one call.
const MOST: u64 = 64 << 10;

type Done<T> = Result<T, Box<Failure>>;

/// One call of a function.
pub(super) struct Call<'a, 'c, 'l> {
    pub(super) context: &'a mut ImportContext<'c, 'l>,
    pub(super) boundary: &'a mut dyn Boundary,
    pub(super) lowered: Lowered,
    /// The import's index.
    pub(super) place: usize,
    pub(super) args: &'a [Value],
}

impl Call<'_, '_, '_> {
    /// Runs the call, and returns its results.
    ///
    /// # Errors
    /// An address out of bounds, the guest exits, or linmem lacks the function.
    pub(super) fn answer(&mut self, function: Function) -> Done<Vec<Value>> {
        use Name as F;
        let Some(name) = function.0 else { return Err(self.lacking()) };
        Ok(match name {
            F::Stdin => vec![handle(STDIN)],
            F::Stdout => vec![handle(STDOUT)],
            F::Stderr => vec![handle(STDERR)],
            F::Subscribe => vec![handle(POLLABLE)],
            F::MonotonicNow => vec![Value::I64(nanoseconds(self.wasi().elapsed()))],
            F::MonotonicResolution => vec![Value::I64(1)],
            F::RandomNumber => vec![Value::I64(self.wasi().next_random().cast_signed())],
            F::Ready => vec![Value::I32(1)],
            F::Block | F::Drop => Vec::new(),
            F::Exit => return Err(Failure::Exit(i32::from(self.arg(0) != 0)).into()),
            F::ExitWithCode => return Err(Failure::Exit(i32::try_from(self.arg(0)).unwrap_or(1)).into()),
            // Options without a value.
            F::InitialCwd | F::Terminal | F::ErrorCode => self.put(&[0])?,
            F::WallNow => self.time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))?,
            F::WallResolution => self.time(Duration::from_nanos(1))?,
            F::RandomSeed => {
                let seed = [self.wasi().next_random(), self.wasi().next_random()];
                self.put(&seed.map(u64::to_le_bytes).concat())?
            }
            F::RandomBytes => self.random_bytes()?,
            F::Arguments => self.arguments()?,
            F::Environment => self.environment()?,
            F::Directories => self.list(4, &[], 0)?,
            F::Read => self.read()?,
            F::Skip => self.skip()?,
            F::CheckWrite => self.put(&[words([0, 0]), PERMIT.to_le_bytes()].concat())?,
            F::Write => self.write()?,
            F::WriteZeroes => self.write_zeroes()?,
            F::Flush => self.put(&[0])?,
            F::Poll => self.poll()?,
        })
    }

    fn wasi(&mut self) -> &mut wasi::Wasi {
        &mut self.context.state.wasi
    }

    /// The failure of a function that is not provided.
    fn lacking(&self) -> Box<Failure> {
        let name = self.context.plan.bound.imports.get(self.place).map_or("", |name| &**name);
        let words =
            format!("the component calls {name}, which linmem does not provide: it has no files and no network");
        Failure::Mismatch(words).into()
    }

    fn arg(&self, place: usize) -> u64 {
        self.args.get(place).and_then(|arg| arg.unsigned()).unwrap_or(0)
    }

    /// Writes a result to the address in the last argument.
    fn put(&mut self, bytes: &[u8]) -> Done<Vec<Value>> {
        self.boundary.write(self.lowered.memory, self.arg(self.args.len().saturating_sub(1)), bytes)?;
        Ok(Vec::new())
    }

    /// Allocates memory in the guest.
    fn allocate(&mut self, alignment: u32, size: usize) -> Done<u32> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let ImportContext { plan, state, io } = &mut *self.context;
        let realloc = self.lowered.realloc.and_then(|number| plan.funcs.get(number));
        let realloc = realloc.ok_or_else(|| Failure::Mismatch("the component gives no `realloc`".to_owned()))?;
        let args = [0, 0, alignment, size].map(|arg| Value::I32(arg.cast_signed()));
        let results = self.boundary.call(realloc, &args, &mut ImportContext { plan, state, io })?;
        Ok(results.first().map_or(0, |address| super::values::low(address.bits())))
    }

    /// Returns a list whose elements are in `bytes`.
    fn list(&mut self, alignment: u32, bytes: &[u8], count: usize) -> Done<Vec<Value>> {
        let list = self.list_at(alignment, bytes, count)?;
        self.put(&list)
    }

    /// Writes the elements of a list, and returns its address and length as they are in memory.
    fn list_at(&mut self, alignment: u32, bytes: &[u8], count: usize) -> Done<[u8; 8]> {
        self.list_of(alignment, bytes, count, None)
    }

    /// The same, where some of the bytes may be bytes of the line.
    fn list_of(&mut self, alignment: u32, bytes: &[u8], count: usize, line: Option<LinePart>) -> Done<[u8; 8]> {
        let (addr, memory) = (self.allocate(alignment, bytes.len())?, self.lowered.memory);
        match line {
            Some(line) => self.boundary.write_line(memory, addr.into(), bytes, line)?,
            None => self.boundary.write(memory, addr.into(), bytes)?,
        }
        Ok(words([addr, u32::try_from(count).unwrap_or(u32::MAX)]))
    }

    fn text(&mut self, text: &[u8]) -> Done<[u8; 8]> {
        self.list_at(1, text, text.len())
    }

    /// A list of strings. Those that are not valid UTF-8 are changed so that they are.
    fn arguments(&mut self) -> Done<Vec<Value>> {
        let args: Vec<OsString> = self.wasi().invocation().args.clone();
        let mut list = Vec::new();
        for arg in &args {
            list.extend(self.text(arg.to_string_lossy().as_bytes())?);
        }
        self.list(4, &list, args.len())
    }

    /// A list of pairs of strings.
    fn environment(&mut self) -> Done<Vec<Value>> {
        let variables: Vec<OsString> = self.wasi().invocation().env.clone();
        let mut list = Vec::new();
        for variable in &variables {
            let variable = variable.to_string_lossy();
            let (name, value) = variable.split_once('=').unwrap_or((&variable, ""));
            list.extend(self.text(name.as_bytes())?);
            list.extend(self.text(value.as_bytes())?);
        }
        self.list(4, &list, variables.len())
    }

    fn time(&mut self, time: Duration) -> Done<Vec<Value>> {
        self.put(&[time.as_secs().to_le_bytes(), words([time.subsec_nanos(), 0])].concat())
    }

    fn random_bytes(&mut self) -> Done<Vec<Value>> {
        let len = usize::try_from(self.arg(0).min(MOST)).unwrap_or(0);
        let numbers: Vec<_> = (0..len.div_ceil(8)).map(|_| self.wasi().next_random().to_le_bytes()).collect();
        self.list(1, &numbers.concat()[..len], len)
    }

    /// The next bytes of the line; `None` at its end, or if the stream is not standard input.
    fn input(&mut self) -> Done<Option<Vec<u8>>> {
        let (stream, most) = (self.arg(0), self.arg(1));
        let bytes = if stream == STDIN { self.wasi().take(most)? } else { Vec::new() };
        Ok((!bytes.is_empty() || most == 0 && stream == STDIN).then_some(bytes))
    }

    fn read(&mut self) -> Done<Vec<Value>> {
        let start = self.wasi().next_of_line();
        match self.input()? {
            Some(bytes) => {
                let line = start.map(|start| LinePart { at: 0, start, len: bytes.len() as u64 });
                let list = self.list_of(1, &bytes, bytes.len(), line)?;
                self.put(&[&[0; 4], &list[..]].concat())
            }
            None => self.put(&words([1, CLOSED])),
        }
    }

    fn skip(&mut self) -> Done<Vec<Value>> {
        match self.input()? {
            Some(bytes) => self.put(&[words([0, 0]), (bytes.len() as u64).to_le_bytes()].concat()),
            None => self.put(&[words([1, 0]), words([CLOSED, 0])].concat()),
        }
    }

    fn write(&mut self) -> Done<Vec<Value>> {
        let (addr, len) = (self.arg(1), self.arg(2));
        let mut bytes = Vec::new();
        self.boundary.read(self.lowered.memory, addr, len, &mut bytes)?;
        self.output(&bytes)
    }

    fn write_zeroes(&mut self) -> Done<Vec<Value>> {
        let len = usize::try_from(self.arg(1).min(PERMIT)).unwrap_or(0);
        self.output(&vec![0; len])
    }

    /// Writes to a stream; one that is not for output is closed.
    fn output(&mut self, bytes: &[u8]) -> Done<Vec<Value>> {
        let stream = self.arg(0);
        if !(STDOUT..=STDERR).contains(&stream) {
            return self.put(&words([1, CLOSED]));
        }
        let State { wasi, messages, .. } = &mut *self.context.state;
        let memory = self.lowered.memory;
        wasi::Call { wasi, messages, boundary: self.boundary, memory, args: &[] }.written(stream - 1, bytes)?;
        self.put(&[0])
    }

    /// Every event has occurred: the list of all indices.
    fn poll(&mut self) -> Done<Vec<Value>> {
        let count = usize::try_from(self.arg(1).min(MOST)).unwrap_or(0);
        let indices: Vec<u8> = (0..count).flat_map(|index| u32::try_from(index).unwrap_or(0).to_le_bytes()).collect();
        self.list(4, &indices, count)
    }
}

/// The case `closed` of a stream's errors.
const CLOSED: u32 = 1;

fn handle(number: u64) -> Value {
    Value::I32(i32::try_from(number).unwrap_or(0))
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// Two numbers of 32 bits as they are in memory.
fn words(numbers: [u32; 2]) -> [u8; 8] {
    let [a, b] = numbers.map(u32::to_le_bytes);
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&a);
    bytes[4..].copy_from_slice(&b);
    bytes
}

/// What binding needs of the plan.
impl Plan {
    /// How the values of a call of the import with that index are passed.
    pub(super) fn lowered(&self, place: usize) -> Lowered {
        let known = self.bound.lowered.get(place).copied();
        known.unwrap_or(Lowered { memory: self.bound.memory, realloc: None })
    }
}
