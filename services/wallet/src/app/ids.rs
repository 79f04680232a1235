//! Derived ids: of entries from their causes, of statement lines from their entries, of EMI reserves from their
//! sources.

use crate::domain::{EntryId, EntryKey, TransactionId};
use domain::ReserveId;
use runtime::id;
use std::num::TryFromIntError;
use uuid::Uuid;

/// The last four bits hold the number of the line; in the id of an entry they are zero.
const LINE_BITS: u128 = 0xf;

/// The id of the entry with `key`.
pub fn entry(key: EntryKey) -> EntryId {
    let derived: Uuid = id::derived_from(key.cause, &[key.kind.as_str().as_bytes()]);
    EntryId::from(Uuid::from_u128(derived.as_u128() & !LINE_BITS))
}

/// The id of line `line` of an entry, from 0 to 15. Errors for a negative number.
pub fn transaction(entry: EntryId, line: i32) -> Result<TransactionId, TryFromIntError> {
    let line = u128::try_from(line)? & LINE_BITS;
    Ok(TransactionId::from(Uuid::from_u128(entry.uuid().as_u128() | line)))
}

/// The entry and the number of the line that a transaction id refers to.
pub fn entry_and_line(transaction: TransactionId) -> (EntryId, i32) {
    let [.., last] = transaction.uuid().into_bytes();
    let entry = Uuid::from_u128(transaction.uuid().as_u128() & !LINE_BITS);
    (EntryId::from(entry), i32::from(last & 0xf))
}

/// The id of the EMI reserve that `cause`, of kind `source`, sets aside.
pub fn reserve(source: &str, cause: Uuid) -> ReserveId {
    id::derived_from(cause, &[b"emi_reserve", source.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EntryKind;

    #[test]
    fn a_transactions_id_names_its_entry_and_line() {
        let key = EntryKey::new(EntryKind::Pair, Uuid::from_u128(7));
        let id = entry(key);
        assert_eq!(id, entry(key));
        assert_ne!(id, entry(EntryKey::new(EntryKind::PairVoid, key.cause)));
        for line in 0..16 {
            assert_eq!(transaction(id, line).map(entry_and_line), Ok((id, line)));
        }
    }
}
