//! Numbers and texts as bytes: what linmem writes down for itself.

/// Appends a number.
pub(super) fn put(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// The number of entries of a list, which a module smaller than 4 GiB limits.
pub(super) fn count(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}

/// Appends a text with its length.
pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    // Names in a module are shorter than 4 GiB, as the module is.
    put(u32::try_from(text.len()).unwrap_or(u32::MAX), out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends what may be missing.
pub(super) fn put_option<T>(value: Option<T>, out: &mut Vec<u8>, put_value: impl FnOnce(T, &mut Vec<u8>)) {
    put(u32::from(value.is_some()), out);
    if let Some(value) = value {
        put_value(value, out);
    }
}

/// Reads in the same order what was appended. Each method returns `None` if the bytes are not what it expects.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn index(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// The number of entries of a list, each of at least `least` bytes.
    pub(super) fn count(&mut self, least: usize) -> Option<usize> {
        self.index().filter(|count| count.checked_mul(least).is_some_and(|bytes| bytes <= self.0.len()))
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let len = self.index()?;
        String::from_utf8(self.take(len)?.to_vec()).ok()
    }

    /// What may be missing; `None` if the bytes are not what `value` expects.
    pub(super) fn option<T>(&mut self, value: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            1 => value(self).map(Some),
            _ => None,
        }
    }

    /// Nothing, if all was read.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
