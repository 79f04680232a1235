//! Column types of whole numbers that are never negative. A `BIGINT` that is no such number is an error, not zero.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::mysql::Mysql;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use std::fmt;

macro_rules! number_column {
    ($($(#[$meta:meta])* $name:ident($number:ty)),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow,
        )]
        #[diesel(sql_type = BigInt)]
        pub struct $name($number);

        impl $name {
            /// A column value.
            pub const fn new(number: $number) -> Self {
                Self(number)
            }
            /// The number.
            pub const fn get(self) -> $number {
                self.0
            }
        }
        impl From<$number> for $name {
            fn from(number: $number) -> Self {
                Self(number)
            }
        }
        impl From<$name> for $number {
            fn from(column: $name) -> Self {
                column.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl ToSql<BigInt, Mysql> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
                <i64 as ToSql<BigInt, Mysql>>::to_sql(&i64::try_from(self.0)?, &mut out.reborrow())
            }
        }
        impl ToSql<BigInt, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(i64::try_from(self.0)?);
                Ok(IsNull::No)
            }
        }
        impl<DB: Backend> FromSql<BigInt, DB> for $name
        where
            i64: FromSql<BigInt, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(Self(i64::from_sql(value)?.try_into()?))
            }
        }
    )+};
}
number_column! {
    /// A count, an ordinal number, or the number of a plan version.
    Count(u32),
    /// A version of a row, which grows with every change.
    Version(u64),
}
