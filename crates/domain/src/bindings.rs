//! Parts of the macros that depend on a feature: with it they bind a type, without it they do nothing.
//!
//! Diesel's derives need `diesel` among the dependencies of the crate that uses them, so `column!` states what they
//! would generate.

/// A struct or an enum with a JSON Schema.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! with_schema {
    ($($item:tt)*) => {
        #[derive($crate::private::schemars::JsonSchema)]
        #[schemars(crate = "::domain::private::schemars")]
        $($item)*
    };
}
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! with_schema {
    ($($item:tt)*) => { $($item)* };
}

/// The struct of an id.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! id_struct {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive($crate::private::schemars::JsonSchema)]
        #[schemars(crate = "::domain::private::schemars", transparent)]
        pub struct $name(#[schemars(with = "String", extend("format" = "uuid"))] $crate::private::uuid::Uuid);
    };
}
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! id_struct {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name($crate::private::uuid::Uuid);
    };
}

/// Makes a type an expression and a field of rows. Its `ToSql` and `FromSql` are separate.
#[cfg(feature = "diesel")]
#[doc(hidden)]
#[macro_export]
macro_rules! column {
    (@expression $sql_type:ident, $value:ty) => {
        $crate::column!(@bound $crate::private::diesel::sql_types::$sql_type, $value);
        $crate::column!(
            @bound
            $crate::private::diesel::sql_types::Nullable<$crate::private::diesel::sql_types::$sql_type>,
            $value
        );
    };
    (@bound $sql_type:ty, $value:ty) => {
        impl $crate::private::diesel::expression::AsExpression<$sql_type> for $value {
            type Expression =
                $crate::private::diesel::internal::derives::as_expression::Bound<$sql_type, Self>;
            fn as_expression(self) -> Self::Expression {
                $crate::private::diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
    };
    ($name:ty: $sql_type:ident) => {
        $crate::column!(@expression $sql_type, $name);
        $crate::column!(@expression $sql_type, &$name);
        $crate::column!(@expression $sql_type, &&$name);
        impl<DB> $crate::private::diesel::serialize::ToSql<
            $crate::private::diesel::sql_types::Nullable<$crate::private::diesel::sql_types::$sql_type>, DB,
        > for $name
        where
            DB: $crate::private::diesel::backend::Backend,
            Self: $crate::private::diesel::serialize::ToSql<$crate::private::diesel::sql_types::$sql_type, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut $crate::private::diesel::serialize::Output<'b, '_, DB>,
            ) -> $crate::private::diesel::serialize::Result {
                $crate::private::diesel::serialize::ToSql::<
                    $crate::private::diesel::sql_types::$sql_type, DB,
                >::to_sql(self, out)
            }
        }
        impl<DB, ST> $crate::private::diesel::deserialize::Queryable<ST, DB> for $name
        where
            DB: $crate::private::diesel::backend::Backend,
            ST: $crate::private::diesel::sql_types::SingleValue,
            Self: $crate::private::diesel::deserialize::FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> $crate::private::diesel::deserialize::Result<Self> {
                ::std::result::Result::Ok(row)
            }
        }
    };
}
#[cfg(not(feature = "diesel"))]
#[doc(hidden)]
#[macro_export]
macro_rules! column {
    ($name:ty: $sql_type:ident) => {};
}

/// Makes a type a column by the column of the part that `$get` returns and `$set` reads.
#[cfg(feature = "diesel")]
#[doc(hidden)]
#[macro_export]
macro_rules! part_column {
    ($name:ty: $sql_type:ident, $part:ty as $stored:ty, $get:expr, $set:expr) => {
        $crate::column!($name: $sql_type);
        impl<DB> $crate::private::diesel::serialize::ToSql<$crate::private::diesel::sql_types::$sql_type, DB> for $name
        where
            DB: $crate::private::diesel::backend::Backend,
            $part: $crate::private::diesel::serialize::ToSql<$crate::private::diesel::sql_types::$sql_type, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut $crate::private::diesel::serialize::Output<'b, '_, DB>,
            ) -> $crate::private::diesel::serialize::Result {
                let part: fn(&Self) -> &$part = $get;
                <$part as $crate::private::diesel::serialize::ToSql<
                    $crate::private::diesel::sql_types::$sql_type, DB,
                >>::to_sql(part(self), out)
            }
        }
        impl<DB> $crate::private::diesel::deserialize::FromSql<$crate::private::diesel::sql_types::$sql_type, DB>
            for $name
        where
            DB: $crate::private::diesel::backend::Backend,
            $stored: $crate::private::diesel::deserialize::FromSql<$crate::private::diesel::sql_types::$sql_type, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> $crate::private::diesel::deserialize::Result<Self> {
                let stored = <$stored as $crate::private::diesel::deserialize::FromSql<
                    $crate::private::diesel::sql_types::$sql_type, DB,
                >>::from_sql(value)?;
                let parse: fn($stored) -> $crate::private::diesel::deserialize::Result<Self> = $set;
                parse(stored)
            }
        }
    };
}
#[cfg(not(feature = "diesel"))]
#[doc(hidden)]
#[macro_export]
macro_rules! part_column {
    ($($ignored:tt)*) => {};
}

/// Makes an id a `Binary` column.
#[doc(hidden)]
#[macro_export]
macro_rules! id_column {
    ($name:ident) => {
        $crate::part_column!(
            $name: Binary, [u8] as ::std::vec::Vec<u8>,
            |id| id.0.as_bytes(),
            |bytes| ::std::result::Result::Ok(Self($crate::private::uuid::Uuid::from_slice(&bytes)?))
        );
    };
}

/// Makes a closed enum a `Text` column.
#[doc(hidden)]
#[macro_export]
macro_rules! enum_column {
    ($name:ident) => {
        $crate::part_column!(
            $name: Text, str as ::std::string::String,
            |value| value.as_str(),
            |text| ::std::result::Result::Ok(text.parse()?)
        );
    };
}
