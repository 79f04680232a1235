//! Pages of a list by key: each page begins after the last row of the page before, so that the list is stable while rows
//! are added.

/// Direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// Smallest key first, which is the oldest row of most lists.
    Ascending,
    #[default]
    Descending,
}

impl SortOrder {
    /// Sorts rows of several statements by their distinct keys, as one statement would.
    pub fn sort_by_key<T, K: Ord>(self, rows: &mut [T], key: impl FnMut(&T) -> K) {
        rows.sort_by_key(key);
        if self == Self::Descending {
            rows.reverse();
        }
    }

    /// Whether a row with this key is on the pages that begin after `after`.
    pub fn is_after<K: Ord>(self, key: &K, after: Option<&K>) -> bool {
        after.is_none_or(|after| match self {
            Self::Ascending => key > after,
            Self::Descending => key < after,
        })
    }
}

/// Sorts a boxed query by a unique column, or by a pair of columns that is unique, and begins it after a key if there is
/// one: `keyset!(query, order, t::id, after)`, `keyset!(query, order, (t::acted_at, t::id), after)`.
#[macro_export]
macro_rules! keyset {
    ($query:expr, $order:expr, ($first:expr, $second:expr), $after:expr) => {{
        let query = $query;
        match ($order, $after) {
            ($crate::SortOrder::Ascending, None) => query.order(($first.asc(), $second.asc())),
            ($crate::SortOrder::Descending, None) => query.order(($first.desc(), $second.desc())),
            // The bound by the first column alone lets an index begin there.
            ($crate::SortOrder::Ascending, Some((first, second))) => query
                .filter($first.ge(first))
                .filter($first.gt(first).or($second.gt(second)))
                .order(($first.asc(), $second.asc())),
            ($crate::SortOrder::Descending, Some((first, second))) => query
                .filter($first.le(first))
                .filter($first.lt(first).or($second.lt(second)))
                .order(($first.desc(), $second.desc())),
        }
    }};
    ($query:expr, $order:expr, $key:expr, $after:expr) => {{
        let query = $query;
        match ($order, $after) {
            ($crate::SortOrder::Ascending, None) => query.order($key.asc()),
            ($crate::SortOrder::Descending, None) => query.order($key.desc()),
            ($crate::SortOrder::Ascending, Some(after)) => query.filter($key.gt(after)).order($key.asc()),
            ($crate::SortOrder::Descending, Some(after)) => query.filter($key.lt(after)).order($key.desc()),
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_skipped_in_either_direction() {
        let mut rows = [3, 1, 2];
        SortOrder::Ascending.sort_by_key(&mut rows, |n| *n);
        assert_eq!(rows, [1, 2, 3]);
        SortOrder::default().sort_by_key(&mut rows, |n| *n);
        assert_eq!(rows, [3, 2, 1]);
        for (order, key, after, is_after) in [
            (SortOrder::Ascending, 2, None, true),
            (SortOrder::Ascending, 2, Some(1), true),
            (SortOrder::Ascending, 2, Some(2), false),
            (SortOrder::Descending, 2, Some(2), false),
            (SortOrder::Descending, 2, Some(3), true),
        ] {
            assert_eq!(order.is_after(&key, after.as_ref()), is_after, "{order:?} {key} {after:?}");
        }
    }
}
