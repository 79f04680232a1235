//! Hash chain over stored entries: the hash of an entry covers its fields and the hash before it, so a changed byte
//! breaks the chain from there on.

use sha2::{Digest, Sha256};

/// The hash of one entry in the making.
pub struct EntryHash(Sha256);

impl EntryHash {
    /// The hash of an entry that follows the hash `before`.
    pub fn after(before: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(before);
        Self(hash)
    }

    /// Adds a field. Its length comes first, so that different entries never hash the same bytes.
    #[must_use]
    pub fn field(mut self, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        self.0.update(format!("{}:", value.len()));
        self.0.update(value);
        self
    }

    /// Adds a field that may be absent, which differs from every value.
    #[must_use]
    pub fn optional(self, value: Option<impl AsRef<str>>) -> Self {
        match value {
            None => self.field("-"),
            Some(value) => self.field(format!("+{}", value.as_ref())),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

/// The part of a chain that is verified: the number of its last seal, from 1, and the hash.
#[derive(Debug, Default)]
pub struct ChainProgress {
    number: i64,
    hash: Vec<u8>,
}

impl ChainProgress {
    /// The count of verified seals.
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Verifies the next seal. `rehash` computes the hash of its entry after the given one; it is `None` without the
    /// entry. Returns what is wrong, in words, if anything is.
    pub fn check(
        &mut self,
        (number, hash): (i64, &[u8]),
        rehash: Option<impl FnOnce(&[u8]) -> Vec<u8>>,
    ) -> Option<&'static str> {
        if number != self.number + 1 {
            return Some("a seal before it is missing");
        }
        let Some(rehash) = rehash else { return Some("the entry is missing") };
        let expected = rehash(&self.hash);
        if expected != hash {
            return Some("the entry was changed");
        }
        (self.number, self.hash) = (number, expected);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_differ_by_their_lengths_and_absence() {
        let hash = |first: &str, second: Option<&str>| EntryHash::after(b"").field(first).optional(second).finish();
        let all = [
            hash("ab", Some("c")),
            hash("a", Some("bc")),
            hash("ab", None),
            hash("ab", Some("")),
            hash("ab", Some("-")),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn the_hashed_bytes_never_change_because_seals_are_stored() {
        let hash = EntryHash::after(&[1, 2]).field("ab").optional(Some("c")).optional(None::<&str>).finish();
        assert_eq!(hex::encode(hash), "3045179dc6df5218af0605583f332ecc0d379fbd182960b1f1b5f917914c6886");
    }

    #[test]
    fn a_chain_breaks_at_a_gap_a_missing_entry_and_a_change() {
        let of = |text: &'static str| move |before: &[u8]| EntryHash::after(before).field(text).finish();
        let (first, mut progress) = (of("first")(b""), ChainProgress::default());
        assert_eq!(progress.check((2, &first), Some(of("first"))), Some("a seal before it is missing"));
        assert_eq!(progress.check((1, &first), None::<fn(&[u8]) -> Vec<u8>>), Some("the entry is missing"));
        assert_eq!(progress.check((1, &first), Some(of("other"))), Some("the entry was changed"));
        assert_eq!((progress.check((1, &first), Some(of("first"))), progress.number()), (None, 1));
        let second = of("second")(&first);
        assert_eq!((progress.check((2, &second), Some(of("second"))), progress.number()), (None, 2));
    }
}
