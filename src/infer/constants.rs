//! Constants as arguments: modes, flags, levels. Which to try is said by the guest's code, by the example, and by custom.

use std::collections::HashSet;

use super::Example;
use super::arguments::Arg;
use super::code::Code;
use super::entry::Entry;
use super::readings::DIGEST;
use crate::record::Hex;

/// How many numbers are tried for one argument.
const NUMBERS: usize = 64;
/// How many of them are tried before others in all ways.
const FIRST: usize = 20;
/// How many of them are tried for each of two arguments at once.
const TOGETHER: usize = 12;
/// How many ways are varied for one function and form of the line, and in all.
const PER_FORM: usize = 3;
const VARIED: usize = 16;
/// How many numbers of the code come before all others.
const OF_CODE: usize = 24;

/// Numbers that functions often want, likely ones first.
const USUAL: [i64; 39] = [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    16,
    10,
    9,
    32,
    64,
    256,
    128,
    -1,
    255,
    100,
    12,
    20,
    24,
    11,
    13,
    14,
    15,
    40,
    80,
    1000,
    512,
    1024,
    224,
    384,
    4096, // The polynomials of CRC-32 and CRC-32C, and the first values of FNV, CRC-32 and Adler-32.
    0xedb8_8320,
    0x82f6_3b78,
    0x811c_9dc5,
    0xffff_ffff,
    0x0001_0001,
];

/// The numbers to try for an argument, likely ones first.
pub(super) fn numbers(code: &Code, export: &str, param: usize, example: &Example) -> Vec<i64> {
    let compared = code.compared(export, param);
    let mut numbers: Vec<i64> = compared.iter().copied().take(OF_CODE).collect();
    numbers.extend(USUAL.iter().take(8));
    numbers.extend(of_example(example));
    // What is compared may be a limit, which itself is out of range.
    numbers.extend(compared.iter().take(OF_CODE).flat_map(|number| [number + 1, number - 1]));
    numbers.extend(USUAL);
    let mut seen = HashSet::new();
    numbers.retain(|number| seen.insert(*number));
    numbers.truncate(NUMBERS);
    numbers
}

/// Numbers that an example suggests: the answer's length, and characters that the answer has and the line has not, such as
/// what it is filled up with.
fn of_example(example: &Example) -> Vec<i64> {
    let Example { line, answer } = example;
    let characters = |text: &[u8]| String::from_utf8_lossy(text).chars().collect::<Vec<_>>();
    let (of_line, of_answer) = (characters(line), characters(answer));
    let mut numbers = vec![of_answer.len() as i64];
    // A digest: how many bits and how many bytes it has.
    if Hex::read(answer).is_some_and(|bytes| bytes.len() >= DIGEST) {
        numbers.extend([answer.len() as i64 * 4, answer.len() as i64 / 2]);
    }
    let mut added: Vec<_> = of_answer.iter().filter(|c| !of_line.contains(c)).collect();
    added.dedup();
    let ends = of_answer.first().into_iter().chain(of_answer.last());
    numbers.extend(added.into_iter().take(4).chain(ends).map(|c| i64::from(u32::from(*c))));
    numbers.push(answer.len() as i64);
    numbers
}

/// The ways to vary the constants of ways that were tried, those of one way together: ways that read the line, and others,
/// which may need another constant to get as far as that.
pub(super) fn variations(
    code: &Code,
    (readers, others): (&[Entry], &[Entry]),
    example: &Example,
) -> Vec<Vec<(Entry, Vec<Arg>)>> {
    let likely = varied(readers);
    let rest = varied(others);
    // The likeliest of each come first.
    let mut all: Vec<_> = likely.into_iter().enumerate().chain(rest.into_iter().enumerate()).collect();
    all.sort_by_key(|(rank, _)| *rank);
    let ways = all.into_iter().map(|(_, entry)| of_entry(code, entry, example));
    // The likeliest numbers of each way come before the rest of any.
    let (first, rest): (Vec<_>, Vec<_>) = ways
        .map(|way| {
            let (first, rest): (Vec<_>, Vec<_>) = way.into_iter().partition(|(rank, ..)| *rank < FIRST);
            let without_rank =
                |way: Vec<(usize, Entry, Vec<Arg>)>| way.into_iter().map(|(_, entry, args)| (entry, args));
            (without_rank(first).collect(), without_rank(rest).collect())
        })
        .unzip();
    first.into_iter().chain(rest).collect()
}

/// Those ways whose constants are varied.
fn varied(tried: &[Entry]) -> Vec<&Entry> {
    let mut varied: Vec<&Entry> = Vec::new();
    for entry in tried {
        let is_same = |other: &&Entry| other.numbers == entry.numbers && other.form == entry.form;
        let has = |other: &&&Entry| is_same(other) && skeleton(&other.args) == skeleton(&entry.args);
        let is_alike = |other: &&&Entry| other.export == entry.export && other.form == entry.form;
        let count = varied.iter().filter(is_alike).count();
        if varied.len() < VARIED
            && count < PER_FORM
            && entry.args.iter().any(|arg| arg.is_constant())
            && !varied.iter().any(|other| has(&other))
        {
            varied.push(entry);
        }
    }
    varied
}

/// The arguments with all constants alike.
pub(super) fn skeleton(args: &[Arg]) -> Vec<Option<Arg>> {
    args.iter().map(|arg| Some(*arg).filter(|arg| !arg.is_constant())).collect()
}

/// The variations of one way, each with its rank: each constant alone, then two at once.
fn of_entry(code: &Code, entry: &Entry, example: &Example) -> Vec<(usize, Entry, Vec<Arg>)> {
    let places: Vec<usize> = (0..entry.args.len()).filter(|place| entry.args[*place].is_constant()).collect();
    let numbers: Vec<_> = places.iter().map(|place| numbers(code, &entry.export, *place, example)).collect();
    let plain: Vec<Arg> = entry.args.iter().map(|arg| if arg.is_constant() { Arg::Number(0) } else { *arg }).collect();
    let with = |changes: &[(usize, i64)]| {
        let mut args = plain.clone();
        changes.iter().for_each(|(place, number)| args[*place] = Arg::Number(*number));
        args
    };
    let mut found = Vec::new();
    for (place, numbers) in places.iter().zip(&numbers) {
        found.extend(numbers.iter().enumerate().map(|(rank, number)| (rank, with(&[(*place, *number)]))));
    }
    for (first, (place, numbers_here)) in places.iter().zip(&numbers).enumerate() {
        for (other, numbers_there) in places.iter().zip(&numbers).skip(first + 1) {
            for (rank, number) in numbers_here.iter().take(TOGETHER).enumerate() {
                let pairs = numbers_there.iter().take(TOGETHER).enumerate();
                found.extend(
                    pairs.map(|(more, second)| (TOGETHER + rank + more, with(&[(*place, *number), (*other, *second)]))),
                );
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let mut seen = HashSet::new();
    found.retain(|(_, args)| seen.insert(args.clone()));
    found.into_iter().map(|(rank, args)| (rank, entry.clone(), args)).collect()
}
