//! The messages that guests pass to imports by which they end: aborts, failed assertions, thrown errors. Where such an
//! import is a stub, its message would be lost.

use crate::guest::Boundary;
use crate::record::Value;

/// The longest message, in bytes.
const LONGEST: usize = 4096;

/// The message that a call of an import passes, if it is an import for that.
pub(super) fn last_words(import: &str, args: &[Value], boundary: &dyn Boundary, memory: usize) -> Option<String> {
    let bytes = boundary.bytes(memory);
    let number = |place: usize| args.get(place).and_then(|arg| arg.unsigned()).and_then(|n| usize::try_from(n).ok());
    let words = match (import.rsplit('.').next()?, args.len()) {
        // AssemblyScript's: message, file, line, column.
        ("abort", 4) => {
            let place = format!("{}:{}:{}", utf16(bytes, number(1)?)?, number(2)?, number(3)?);
            match utf16(bytes, number(0)?) {
                Some(message) => format!("{message} ({place})"),
                None => format!("abort ({place})"),
            }
        }
        // That of C libraries: condition, file, line, function.
        ("__assert_fail", 4) => {
            let (condition, file) = (until_zero(bytes, number(0)?)?, until_zero(bytes, number(1)?)?);
            format!("assertion failed: {condition} ({file}:{})", number(2)?)
        }
        // That of wasm-bindgen: address and length.
        (name, 2) if name.starts_with("__wbindgen_throw") || name.starts_with("__wbg___wbindgen_throw") => {
            let (start, len) = (number(0)?, number(1)?);
            text(bytes.get(start..start.checked_add(len)?)?)?
        }
        _ => return None,
    };
    (!words.is_empty()).then_some(words)
}

fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST)?;
    Some(text.to_owned())
}

fn until_zero(bytes: &[u8], start: usize) -> Option<String> {
    let rest = bytes.get(start..)?;
    let len = rest.iter().take(LONGEST).position(|&byte| byte == 0).filter(|&len| len > 0)?;
    text(&rest[..len])
}

/// A text of AssemblyScript: its length in bytes is before it.
fn utf16(bytes: &[u8], start: usize) -> Option<String> {
    let len = bytes.get(start.checked_sub(4)?..start)?.try_into().ok().map(u32::from_le_bytes)?;
    let len = usize::try_from(len).ok().filter(|len| (1..=LONGEST).contains(len))?;
    let units = bytes.get(start..start.checked_add(len)?)?.chunks_exact(2);
    char::decode_utf16(units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]))).collect::<Result<_, _>>().ok()
}
