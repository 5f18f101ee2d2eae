//! Bytes in a saved session: a string of hexadecimal digits, two per byte.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record;

/// Bytes, serialized as hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) Cow<'a, [u8]>);

impl<'a> Hex<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Hex<'a> {
        Hex(Cow::Borrowed(bytes))
    }

    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0.into_owned()
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&record::Hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits).map(|bytes| Hex(Cow::Owned(bytes)))
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pairs of hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        record::Hex::read(text.as_bytes()).ok_or_else(|| E::custom("expected pairs of hexadecimal digits"))
    }
}
