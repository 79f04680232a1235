//! Documents, changes of them, and the position of an index in the changes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Kinds of documents are numbered below this.
pub const MAX_KINDS: u8 = 8;

/// Kind and id of a document; newer documents have greater ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub kind: u8,
    pub id: u128,
}

impl Reference {
    /// The bytes by which a document is replaced.
    pub(crate) fn key(self) -> [u8; 17] {
        let mut key = [self.kind; 17];
        for (to, from) in key.iter_mut().skip(1).zip(self.id.to_be_bytes()) {
            *to = from;
        }
        key
    }
}

/// A document as the words by which it is found, each in the normal form that queries have too.
#[derive(Debug, Clone)]
pub struct Document {
    pub reference: Reference,
    /// Words that are also found with a typo.
    pub names: BTreeSet<String>,
    /// Words that are found as they are: numbers, codes, addresses.
    pub codes: BTreeSet<String>,
}

/// A change of the documents.
#[derive(Debug, Clone)]
pub enum Change {
    /// Adds a document or replaces the one of its reference.
    Put(Document),
    Remove(Reference),
}

/// How far an index follows the changes of its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Increases when the source is built again: an index of another generation is of no use.
    pub generation: i64,
    /// Number of the last change that is contained.
    pub change: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.generation, self.change)
    }
}

/// A text is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position of a search index")]
pub struct ParsePositionError;

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (generation, change) = text.split_once(' ').ok_or(ParsePositionError)?;
        let parse = |number: &str| number.parse().map_err(|_| ParsePositionError);
        Ok(Self { generation: parse(generation)?, change: parse(change)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_parsed_as_it_is_written() {
        let position = Position { generation: 3, change: 1_000_000 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in ["", "3", "3 x", "3 4 5"] {
            assert_eq!(text.parse::<Position>(), Err(ParsePositionError), "{text}");
        }
    }

    #[test]
    fn a_key_has_kind_and_id() {
        let key = Reference { kind: 2, id: 0x0102 }.key();
        assert_eq!((key[0], key[1], key[15], key[16]), (2, 0, 1, 2));
    }
}
