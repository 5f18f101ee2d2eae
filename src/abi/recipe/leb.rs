//! Numbers in LEB128, seven bits a byte.

/// Appends a number in LEB128.
pub(in crate::abi) fn push_leb(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}
