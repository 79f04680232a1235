//! Column bindings of the shared value types.
//!
//! A type that wraps its column's primitive binds it by reference, so one generic impl serves every backend. A type
//! whose column value is computed has one impl per database, and the `db` crate forwards it for the joint backend.

use crate::money::Money;
use crate::time::{Day, FinancialYear, Month, Timestamp};
use chrono::NaiveDateTime;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::mysql::Mysql;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text, Timestamp as SqlTimestamp};
use diesel::sqlite::Sqlite;
use std::io::Write;

crate::column!(Money: BigInt);
crate::column!(Timestamp: Timestamp);
crate::column!(Day: Text);
crate::column!(Month: Text);
crate::column!(FinancialYear: Text);

impl<DB: Backend> ToSql<BigInt, DB> for Money
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}
impl<DB: Backend> FromSql<BigInt, DB> for Money
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Self)
    }
}

impl ToSql<SqlTimestamp, Mysql> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <NaiveDateTime as ToSql<SqlTimestamp, Mysql>>::to_sql(&self.utc().naive_utc(), &mut out.reborrow())
    }
}
impl ToSql<SqlTimestamp, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        // Fixed width, so that text order is time order.
        out.set_value(self.utc().format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        Ok(IsNull::No)
    }
}
impl<DB: Backend> FromSql<SqlTimestamp, DB> for Timestamp
where
    NaiveDateTime: FromSql<SqlTimestamp, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(NaiveDateTime::from_sql(value)?.and_utc().into())
    }
}

macro_rules! text_column {
    ($($type:ident),+) => {$(
        impl ToSql<Text, Mysql> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
                write!(out, "{self}")?;
                Ok(IsNull::No)
            }
        }
        impl ToSql<Text, Sqlite> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.to_string());
                Ok(IsNull::No)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $type
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(value)?.parse()?)
            }
        }
    )+};
}
text_column!(Day, Month, FinancialYear);
