//! Newest states among the events of a batch, which may come in any order.

use std::collections::BTreeMap;

/// Inserts a state, unless there is one of its key that is as new.
pub fn insert_newer<K: Ord, S, V: Ord>(newest: &mut BTreeMap<K, S>, key: K, state: S, version: impl Fn(&S) -> V) {
    if newest.get(&key).is_none_or(|known| version(known) < version(&state)) {
        newest.insert(key, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_replaced_by_a_newer_one_only() {
        let mut newest = BTreeMap::new();
        for (key, version, text) in
            [(1, 2, "second"), (1, 1, "first"), (1, 2, "again"), (2, 1, "other"), (1, 3, "third")]
        {
            insert_newer(&mut newest, key, (version, text), |state| state.0);
        }
        assert_eq!(newest, BTreeMap::from([(1, (3, "third")), (2, (1, "other"))]));
        insert_newer(&mut newest, 2, (1, "repeated"), |state| state.0);
        assert_eq!(newest.get(&2), Some(&(1, "other")));
    }
}
