//! Records that several services store, so that their databases can be compared.

use crate::DbConnection;
use diesel::QueryResult;
use diesel::result::Error;
use futures_core::future::BoxFuture;
use std::fmt::Display;
pub use uuid::Uuid;

/// Identifies a record in every service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    pub id: Uuid,
    /// The owner and the number that the id is derived from, where a service does not store the id.
    pub derived_from: Option<(Uuid, i64)>,
}

/// A record as one service stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub key: RecordKey,
    /// Name and value of what is compared. Two services are compared in the fields that both have.
    pub fields: Vec<(&'static str, String)>,
}

impl Record {
    /// A record without fields.
    pub fn new(id: impl Into<Uuid>) -> Self {
        Self { key: RecordKey { id: id.into(), derived_from: None }, fields: Vec::new() }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }
}

/// The value of a field that may be empty.
pub fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Some records, in the order of their source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    pub records: Vec<Record>,
    /// Position of the last one; `None` when there are no more.
    pub next: Option<u128>,
}

impl RecordPage {
    /// Reads a page from at most `limit` rows. `read` returns the position of a row, and its record unless the row is
    /// not one of the kind.
    pub fn read<R>(
        rows: Vec<R>,
        limit: i64,
        read: impl Fn(R) -> QueryResult<(u128, Option<Record>)>,
    ) -> QueryResult<Self> {
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
        let mut page = Self::default();
        for row in rows {
            let (position, record) = read(row)?;
            page.next = Some(position).filter(|_| is_full);
            page.records.extend(record);
        }
        Ok(page)
    }
}

/// A position as the key of a numbered row.
pub fn row_number(position: u128) -> QueryResult<i64> {
    i64::try_from(position).map_err(|error| Error::DeserializationError(Box::new(error)))
}

/// The key of a numbered row as a position.
pub fn row_position(number: i64) -> QueryResult<u128> {
    u128::try_from(number).map_err(|error| Error::DeserializationError(Box::new(error)))
}

/// Lists at most `limit` records after a position; the first position is 0.
pub type ListRecords =
    for<'a> fn(c: &'a mut DbConnection, after: u128, limit: i64) -> BoxFuture<'a, QueryResult<RecordPage>>;
/// Finds the records with these keys that the service has.
pub type FindRecords =
    for<'a> fn(c: &'a mut DbConnection, keys: &'a [RecordKey]) -> BoxFuture<'a, QueryResult<Vec<Record>>>;

/// Records of one kind in one service.
#[derive(Debug, Clone, Copy)]
pub struct RecordSource {
    /// Name of the kind. All services that have a source of this name must have the same records.
    pub kind: &'static str,
    /// The service does not store the ids, and finds a record only by what its id is derived from.
    pub has_derived_ids: bool,
    pub list: ListRecords,
    pub find: FindRecords,
}

/// Declares the [`RecordSource`] of a table whose key is the id of the record.
///
/// The query selects the rows; each field names its column, the column's type, and a function if the value is not
/// compared as it is: `record_source!("orders", orders::table, orders::id => OrderId, price: orders::paise => Money,
/// is_paid: orders::status => Status as is_paid)`.
#[macro_export]
macro_rules! record_source {
    (@value $value:ident) => { $value };
    (@value $value:ident $read:expr) => { ($read)($value) };
    (
        $kind:literal, $query:expr, $key:expr => $Id:ty
        $(, $field:ident: $column:expr => $Value:ty $(as $read:expr)?)* $(,)?
    ) => {{
        fn record((id, $($field,)*): ($Id, $($Value,)*)) -> $crate::records::Record {
            $crate::records::Record::new(id.uuid())
                $(.with(stringify!($field), $crate::record_source!(@value $field $($read)?)))*
        }
        $crate::records::RecordSource {
            kind: $kind,
            has_derived_ids: false,
            list: |c, after, limit| {
                Box::pin(async move {
                    let after = <$Id>::from($crate::records::Uuid::from_u128(after));
                    let page = $query.select(($key, $($column,)*)).filter($key.gt(after)).order($key).limit(limit);
                    $crate::records::RecordPage::read(page.load(c).await?, limit, |row| {
                        let record = record(row);
                        Ok((record.key.id.as_u128(), Some(record)))
                    })
                })
            },
            find: |c, keys| {
                Box::pin(async move {
                    let ids: Vec<$Id> = keys.iter().map(|key| <$Id>::from(key.id)).collect();
                    let rows = $query.select(($key, $($column,)*)).filter($crate::AnyOfExt::any_of($key, &ids));
                    Ok(rows.load(c).await?.into_iter().map(record).collect())
                })
            },
        }
    }};
}
