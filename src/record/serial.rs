//! How bytes, shared names and outcomes are written where a timeline is saved: bytes as hexadecimal digits.

/// Bytes.
pub(super) mod bytes {
    use serde::de::{Error, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Bytes that are written and read as hexadecimal digits.
    #[derive(Serialize, Deserialize)]
    pub struct Bytes(
        /// The bytes.
        #[serde(serialize_with = "serialize", deserialize_with = "deserialize")]
        pub Vec<u8>,
    );

    /// Bytes as hexadecimal digits, written as they are printed: never whole as text in memory.
    pub struct Hex<'a>(pub &'a [u8]);

    impl std::fmt::Display for Hex<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        }
    }

    impl Hex<'_> {
        /// The bytes that pairs of hexadecimal digits stand for; `None` if that is something else.
        pub fn read(digits: &[u8]) -> Option<Vec<u8>> {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let pair = |pair: &[u8]| match pair {
                &[high, low] => Some(digit(high)? << 4 | digit(low)?),
                _ => None,
            };
            digits.chunks(2).map(pair).collect()
        }
    }

    impl serde::Serialize for Hex<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    pub(in super::super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(bytes))
    }

    pub(in super::super) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: From<Vec<u8>>,
    {
        deserializer.deserialize_str(Digits).map(T::from)
    }

    /// Takes hexadecimal digits as bytes.
    pub(super) struct Digits;

    impl Visitor<'_> for Digits {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes as pairs of hexadecimal digits")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
            Hex::read(text.as_bytes()).ok_or_else(|| E::custom("expected bytes as pairs of hexadecimal digits"))
        }
    }
}

/// Names that are shared.
pub(super) mod name {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(name: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}

/// Answers, or why there is none.
pub(super) mod outcome {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::bytes::{Bytes, Hex};
    use crate::record::{Failure, Outcome};

    pub(in super::super) fn serialize<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
        outcome.as_ref().map(|answer| Hex(answer)).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
        Ok(Result::<Bytes, Failure>::deserialize(deserializer)?.map(|Bytes(answer)| answer))
    }
}
