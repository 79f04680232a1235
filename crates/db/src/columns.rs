//! Bindings of the types whose column value is computed.
//!
//! They implement `ToSql` for MySQL and for SQLite; the joint backend forwards to those. Money, ids and closed
//! enums bind by reference and need no impl here.

use crate::backend::MultiBackend;
use crate::number::{Count, Version};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text, Timestamp as SqlTimestamp};
use domain::{Day, FinancialYear, Month, Timestamp};

macro_rules! forward_to_sql {
    ($($type:ty as $sql_type:ident),+ $(,)?) => {$(
        impl ToSql<$sql_type, MultiBackend> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql_type, self));
                Ok(IsNull::No)
            }
        }
    )+};
}
forward_to_sql!(
    Timestamp as SqlTimestamp,
    Day as Text,
    Month as Text,
    FinancialYear as Text,
    Count as BigInt,
    Version as BigInt,
);
