//! Encodings: converting a line for the guest, and the guest's bytes for the user.

use std::borrow::Cow;

use super::Encoding;
use crate::record::{EncodingError, Failure, Hex};

/// Encodes a line for the guest.
///
/// # Errors
/// The line is not valid in this encoding.
pub(crate) fn encode(line: &[u8], encoding: Encoding) -> Result<Cow<'_, [u8]>, Box<Failure>> {
    match encoding {
        // No header says `text latin1`.
        Encoding::Bytes | Encoding::Latin1 => Ok(line.into()),
        Encoding::Hex => from_hex(line).map(Cow::Owned),
        Encoding::Utf8 => text(line).map(|_| line.into()),
        Encoding::Utf16 => text(line).map(|text| to_utf16(text).into()),
    }
}

/// Decodes the guest's bytes for the user.
///
/// # Errors
/// The bytes are not valid in this encoding.
pub(super) fn decode(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, Box<Failure>> {
    match encoding {
        Encoding::Bytes | Encoding::Utf8 => Ok(bytes),
        Encoding::Hex => Ok(Hex(&bytes).to_string().into_bytes()),
        Encoding::Utf16 => from_utf16(&bytes),
        Encoding::Latin1 => Ok(bytes.into_iter().map(char::from).collect::<String>().into_bytes()),
    }
}

fn text(line: &[u8]) -> Result<&str, Box<Failure>> {
    std::str::from_utf8(line).map_err(|error| invalid(EncodingError::LineNotUtf8(error.valid_up_to())))
}

fn from_hex(line: &[u8]) -> Result<Vec<u8>, Box<Failure>> {
    Hex::read(line).ok_or_else(|| invalid(EncodingError::LineNotHex))
}

fn from_utf16(bytes: &[u8]) -> Result<Vec<u8>, Box<Failure>> {
    if !bytes.len().is_multiple_of(2) {
        return Err(invalid(EncodingError::OddUtf16(bytes.len() as u64)));
    }
    let mut text = Vec::with_capacity(bytes.len() / 2);
    append_utf16(bytes, &mut text).map_err(|unit| invalid(EncodingError::UnpairedSurrogate(unit)))?;
    Ok(text)
}

fn to_utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; 2 * text.len()];
    let len = write_utf16(text, &mut bytes);
    bytes.truncate(len);
    bytes
}

/// How many ASCII characters are converted at a time: in a long text, and otherwise. The compiler vectorizes these loops.
const LONG_CHUNK: usize = 256;
const CHUNK: usize = 16;

/// Writes text as UTF-16 to a slice of at least twice its size. Returns the number of bytes written.
pub(super) fn write_utf16(text: &str, into: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        let ascii = widen_ascii(&text.as_bytes()[from..], &mut into[to..]);
        (from, to) = (from + ascii, to + 2 * ascii);
        for other in text[from..].chars().take_while(|other| !other.is_ascii()) {
            for unit in other.encode_utf16(&mut [0; 2]) {
                into[to..to + 2].copy_from_slice(&unit.to_le_bytes());
                to += 2;
            }
            from += other.len_utf8();
        }
    }
    to
}

/// Writes the ASCII characters that the text begins with as UTF-16. Returns their number.
fn widen_ascii(text: &[u8], into: &mut [u8]) -> usize {
    let mut done = widen_chunks::<LONG_CHUNK>(text, into);
    done += widen_chunks::<CHUNK>(&text[done..], &mut into[2 * done..]);
    for byte in text[done..].iter().take_while(|byte| byte.is_ascii()) {
        into[2 * done..2 * done + 2].copy_from_slice(&[*byte, 0]);
        done += 1;
    }
    done
}

/// The same for as many whole chunks as are ASCII.
fn widen_chunks<const CHUNK: usize>(text: &[u8], into: &mut [u8]) -> usize {
    let mut done = 0;
    for (text, into) in text.as_chunks::<CHUNK>().0.iter().zip(into.chunks_exact_mut(2 * CHUNK)) {
        if !text.is_ascii() {
            break;
        }
        for (byte, unit) in text.iter().zip(into.as_chunks_mut().0) {
            *unit = [*byte, 0];
        }
        done += CHUNK;
    }
    done
}

/// Appends UTF-16 text, of an even number of bytes, to UTF-8 text.
///
/// # Errors
/// An unpaired surrogate.
pub(super) fn append_utf16(mut bytes: &[u8], text: &mut Vec<u8>) -> Result<(), u16> {
    while !bytes.is_empty() {
        bytes = &bytes[append_ascii(bytes, text)..];
        let others = bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit >= 0x80);
        for other in char::decode_utf16(others.clone()) {
            let other = other.map_err(|error| error.unpaired_surrogate())?;
            text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
        }
        bytes = &bytes[2 * others.count()..];
    }
    Ok(())
}

/// Appends the ASCII characters that UTF-16 text begins with. Returns how many bytes they take there.
fn append_ascii(bytes: &[u8], text: &mut Vec<u8>) -> usize {
    let mut done = append_chunks::<LONG_CHUNK>(bytes, text);
    done += append_chunks::<CHUNK>(&bytes[done..], text);
    let rest = bytes[done..].as_chunks::<2>().0.iter().take_while(|unit| u16::from_le_bytes(**unit) < 0x80);
    let before = text.len();
    text.extend(rest.map(|unit| unit[0]));
    done + 2 * (text.len() - before)
}

/// The same for as many whole chunks as are ASCII.
fn append_chunks<const CHUNK: usize>(bytes: &[u8], text: &mut Vec<u8>) -> usize {
    let mut done = 0;
    for units in bytes.chunks_exact(2 * CHUNK) {
        let (mut ascii, mut all) = ([0; CHUNK], 0);
        for (byte, unit) in ascii.iter_mut().zip(units.as_chunks().0) {
            *byte = unit[0];
            all |= u16::from_le_bytes(*unit);
        }
        if all >= 0x80 {
            break;
        }
        text.extend_from_slice(&ascii);
        done += 2 * CHUNK;
    }
    done
}

#[cold]
fn invalid(error: EncodingError) -> Box<Failure> {
    Box::new(Failure::Encoding(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn utf16_is_that_of_the_standard_library(text in "[a-z]{0,600}[a-zä\u{20ac}\u{1f600}]{0,70}[a-z]{0,600}") {
            let expected: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(to_utf16(&text), &expected[..]);
            prop_assert_eq!(from_utf16(&expected), Ok(text.into_bytes()));
        }

        #[test]
        fn unpaired_surrogates_are_errors(before in "[aä]{0,40}", after in "[aä]{0,40}", unit in 0xd800..=0xdfff_u16) {
            let units = [&before.encode_utf16().collect::<Vec<_>>()[..], &[unit], &after.encode_utf16().collect::<Vec<_>>()];
            let bytes: Vec<u8> = units.concat().into_iter().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(from_utf16(&bytes), Err(invalid(EncodingError::UnpairedSurrogate(unit))));
        }
    }
}
