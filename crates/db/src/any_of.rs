//! `IN` lists whose statements are prepared once for several lengths.

use crate::backend::MultiBackend;
use diesel::expression::{AsExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, SqlType};
use diesel::{AppearsOnTable, Expression, QueryResult, SelectableExpression};

/// `column IN (…)`; made by [`AnyOfExt::any_of`].
#[derive(Debug, Clone)]
pub struct AnyOf<C, V> {
    column: C,
    values: Vec<V>,
}

/// Maximum number of values in a cached statement. Longer lists are rare.
const MAX_CACHED_VALUES: usize = 256;

/// Like diesel's `eq_any`, with statements that are prepared once: lists are padded to nine lengths by repeating the
/// last value.
pub trait AnyOfExt: Expression + Sized {
    /// `column IN (values)`; false for an empty list.
    fn any_of<T>(self, values: &[T]) -> AnyOf<Self, T::Expression>
    where
        Self::SqlType: SqlType,
        T: AsExpression<Self::SqlType> + Clone,
        T::Expression: Clone,
    {
        let mut values: Vec<T::Expression> = values.iter().cloned().map(AsExpression::as_expression).collect();
        if values.len() <= MAX_CACHED_VALUES
            && let Some(last) = values.last().cloned()
        {
            values.resize(values.len().next_power_of_two(), last);
        }
        AnyOf { column: self, values }
    }
}
impl<E: Expression> AnyOfExt for E {}

impl<C, V> Expression for AnyOf<C, V>
where
    C: Expression,
    V: Expression,
{
    type SqlType = Bool;
}
impl<C, V, QS> AppearsOnTable<QS> for AnyOf<C, V>
where
    C: AppearsOnTable<QS>,
    V: Expression,
{
}
impl<C, V, QS> SelectableExpression<QS> for AnyOf<C, V>
where
    C: SelectableExpression<QS>,
    V: Expression,
{
}
impl<C, V, G> ValidGrouping<G> for AnyOf<C, V> {
    type IsAggregate = is_aggregate::No;
}
impl<C, V> QueryId for AnyOf<C, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C, V> QueryFragment<MultiBackend> for AnyOf<C, V>
where
    C: QueryFragment<MultiBackend>,
    V: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        if self.values.len() > MAX_CACHED_VALUES {
            out.unsafe_to_cache_prepared();
        }
        self.column.walk_ast(out.reborrow())?;
        for (i, value) in self.values.iter().enumerate() {
            out.push_sql(if i == 0 { " IN (" } else { ", " });
            value.walk_ast(out.reborrow())?;
        }
        out.push_sql(")");
        Ok(())
    }
}
