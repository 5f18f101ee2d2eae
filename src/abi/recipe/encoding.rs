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
        Encoding::Bytes => Ok(line.into()),
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
    }
}

fn text(line: &[u8]) -> Result<&str, Box<Failure>> {
    std::str::from_utf8(line).map_err(|error| invalid(EncodingError::LineNotUtf8(error.valid_up_to())))
}

/// Converts text to UTF-16, with a fast path for ASCII.
fn to_utf16(text: &str) -> Vec<u8> {
    match text.is_ascii() {
        true => text.bytes().flat_map(|byte| [byte, 0]).collect(),
        false => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

fn from_hex(line: &[u8]) -> Result<Vec<u8>, Box<Failure>> {
    Hex::read(line).ok_or_else(|| invalid(EncodingError::LineNotHex))
}

fn from_utf16(bytes: &[u8]) -> Result<Vec<u8>, Box<Failure>> {
    if !bytes.len().is_multiple_of(2) {
        return Err(invalid(EncodingError::OddUtf16(bytes.len() as u64)));
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    if units.clone().all(|unit| unit < 0x80) {
        return Ok(bytes.iter().step_by(2).copied().collect());
    }
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|error| invalid(EncodingError::UnpairedSurrogate(error.unpaired_surrogate())))?;
    Ok(text.into_bytes())
}

#[cold]
fn invalid(error: EncodingError) -> Box<Failure> {
    Box::new(Failure::Encoding(error))
}
