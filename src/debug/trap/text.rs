//! Text and numbers in a guest's memory.

/// The longest text that is read, in bytes.
pub(super) const LONGEST: u64 = 4096;

/// Numbers of 32 bits and text, read with every address checked.
#[derive(Clone, Copy)]
pub(super) struct Memory<'a>(pub(super) &'a [u8]);

impl<'a> Memory<'a> {
    /// The bytes of a range, if all are in memory.
    pub(super) fn bytes(self, addr: u64, len: u64) -> Option<&'a [u8]> {
        let range = usize::try_from(addr).ok()?..usize::try_from(addr.checked_add(len)?).ok()?;
        self.0.get(range)
    }

    /// The number of 32 bits at an address.
    pub(super) fn word(self, addr: u64) -> Option<u64> {
        let bytes = self.bytes(addr, 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes).into())
    }

    /// The number of 16 bits at an address.
    pub(super) fn half(self, addr: u64) -> Option<u64> {
        let bytes = self.bytes(addr, 2)?.try_into().ok()?;
        Some(u16::from_le_bytes(bytes).into())
    }

    /// A text: UTF-8 of that many bytes without control characters but line ends and tabs.
    pub(super) fn text(self, addr: u64, len: u64) -> Option<&'a str> {
        if len > LONGEST {
            return None;
        }
        let text = std::str::from_utf8(self.bytes(addr, len)?).ok()?;
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
        (!text.contains(is_odd)).then_some(text)
    }

    /// A text that ends at a zero byte.
    pub(super) fn until_zero(self, addr: u64) -> Option<&'a str> {
        let rest = self.0.get(usize::try_from(addr).ok()?..)?;
        let len = (0..=LONGEST).zip(rest).find(|(_, byte)| **byte == 0)?.0;
        self.text(addr, len)
    }

    /// A text in UTF-16 whose length in bytes is in front of it, and that length: AssemblyScript's strings.
    pub(super) fn utf16(self, addr: u64) -> Option<(String, u64)> {
        let len = self.word(addr.checked_sub(4)?)?;
        if addr == 0 || len == 0 || len > LONGEST || len % 2 != 0 {
            return None;
        }
        let units = self.bytes(addr, len)?.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        let text = text.ok()?;
        (!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r'))).then_some((text, len))
    }
}
