//! Bindings of those `domain` types whose column value is computed.
//!
//! They know how to write themselves to MySQL and to SQLite; the joint backend passes them on as they are.
//! Money, ids and closed enums hand out a reference and need nothing here.

use crate::backend::MultiBackend;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Text, Timestamp as SqlTimestamp};
use domain::{Day, FinancialYear, Month, Timestamp};

macro_rules! passed_on {
    ($($type:ty as $sql_type:ident),+ $(,)?) => {$(
        impl ToSql<$sql_type, MultiBackend> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql_type, self));
                Ok(IsNull::No)
            }
        }
    )+};
}
passed_on!(Timestamp as SqlTimestamp, Day as Text, Month as Text, FinancialYear as Text);
