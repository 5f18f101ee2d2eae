//! Which byte of what an instruction loaded is a byte of the value that the next one stored, from the text of both.

/// What a byte of a loaded value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoadedByte {
    /// The byte of memory with this index in the load.
    From(u64),
    /// A zero or a sign that extends what was loaded.
    Extended,
    /// Another operand's: a lane of a vector that the load left as it was.
    Kept,
}

/// Whether an instruction is a constant.
pub(super) fn is_constant(text: &str) -> bool {
    mnemonic(text).ends_with(".const")
}

/// The index in the stored value of the first byte that a store writes: not 0 if it writes one lane of a vector.
pub(super) fn first_stored(store: &str) -> u64 {
    let width = mnemonic(store).strip_prefix("v128.store").and_then(|rest| rest.strip_suffix("_lane"));
    let bits = width.and_then(|bits| bits.parse::<u64>().ok());
    bits.zip(lane(store)).map_or(0, |(bits, lane)| bits / 8 * lane)
}

/// What the byte with this index is in the value of a load that read `len` bytes.
pub(super) fn loaded_byte(load: &str, byte: u64, len: u64) -> LoadedByte {
    let plain = |byte| if byte < len { LoadedByte::From(byte) } else { LoadedByte::Extended };
    let Some(how) = mnemonic(load).strip_prefix("v128.load") else { return plain(byte) };
    if how.ends_with("_splat") && len > 0 {
        return LoadedByte::From(byte % len);
    }
    if how.ends_with("_lane") {
        let first = lane(load).unwrap_or_default().saturating_mul(len);
        return match byte.checked_sub(first) {
            Some(byte) if byte < len => LoadedByte::From(byte),
            _ => LoadedByte::Kept,
        };
    }
    match how.split_once('x').and_then(|(bits, _)| bits.parse::<u64>().ok()) {
        // Each number is extended to twice its size.
        Some(bits) if bits >= 8 => {
            let width = bits / 8;
            let (number, byte) = (byte / (2 * width), byte % (2 * width));
            if byte < width { LoadedByte::From(number * width + byte) } else { LoadedByte::Extended }
        }
        _ => plain(byte),
    }
}

/// The data segment of a `memory.init`, in words that come before an offset in it.
pub(super) fn segment_of(init: &str) -> Option<String> {
    let operands = init.trim().strip_prefix("memory.init")?.trim();
    let quoted = operands.strip_suffix('"').and_then(|operands| operands.rsplit_once("$\""));
    let last = operands.rsplit(char::is_whitespace).next()?;
    match quoted.map(|(_, name)| name).or_else(|| last.strip_prefix('$')) {
        Some(name) => Some(format!("passive data segment `{name}`")),
        None => Some(format!("passive data segment {}", last.parse::<u32>().ok()?)),
    }
}

fn mnemonic(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// The lane that an instruction names, which comes last.
fn lane(text: &str) -> Option<u64> {
    text.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_a_loaded_value_is_one_of_memory_or_an_extension() {
        use LoadedByte::{Extended, From, Kept};
        let of = |load, len, bytes: &[u64]| bytes.iter().map(|&byte| loaded_byte(load, byte, len)).collect::<Vec<_>>();
        assert_eq!(of("i32.load8_s offset=2", 1, &[0, 1]), [From(0), Extended]);
        assert_eq!(of("i64.load", 8, &[7]), [From(7)]);
        assert_eq!(of("v128.load16_splat", 2, &[0, 1, 14, 15]), [From(0), From(1), From(0), From(1)]);
        assert_eq!(of("v128.load32_zero", 4, &[3, 4]), [From(3), Extended]);
        assert_eq!(of("v128.load16_lane 1", 2, &[1, 2, 3, 4]), [Kept, From(0), From(1), Kept]);
        assert_eq!(of("v128.load8x8_s", 8, &[0, 1, 2, 15]), [From(0), Extended, From(1), Extended]);
        assert_eq!(of("v128.load32x2_u align=4", 8, &[3, 4, 8, 12]), [From(3), Extended, From(4), Extended]);
    }

    #[test]
    fn a_store_of_a_lane_begins_inside_the_value() {
        assert_eq!(first_stored("v128.store16_lane offset=4 3"), 6);
        assert_eq!(first_stored("v128.store"), 0);
        assert_eq!(first_stored("i32.store16 1"), 0);
    }

    #[test]
    fn a_segment_has_its_name_or_its_index() {
        assert_eq!(segment_of("memory.init $.rodata").as_deref(), Some("passive data segment `.rodata`"));
        assert_eq!(segment_of("memory.init $b $\"two words\"").as_deref(), Some("passive data segment `two words`"));
        assert_eq!(segment_of("memory.init 1 3").as_deref(), Some("passive data segment 3"));
        assert_eq!(segment_of("memory.fill"), None);
        assert!(is_constant("i64.const 1") && !is_constant("call $a.const b"));
    }
}
