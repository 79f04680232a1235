//! Macros for the two most frequent types: a typed UUID, and a closed enum with a text form for each variant.

/// Declares ids as UUIDv7 newtypes that are JSON strings and `BINARY(16)` columns.
///
/// Ids of different types cannot be mixed up. The macro generates no ids: callers create the UUID and convert it
/// with `From<Uuid>`.
#[macro_export]
macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[serde(transparent)]
        #[schemars(transparent)]
        #[diesel(sql_type = ::diesel::sql_types::Binary)]
        pub struct $name(#[schemars(with = "String", extend("format" = "uuid"))] $crate::uuid::Uuid);

        impl $name {
            /// The id as a plain UUID.
            pub const fn uuid(self) -> $crate::uuid::Uuid {
                self.0
            }
            /// The sixteen bytes that columns and events store.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }
        impl ::std::convert::From<$crate::uuid::Uuid> for $name {
            fn from(id: $crate::uuid::Uuid) -> Self {
                Self(id)
            }
        }
        impl ::std::convert::From<$name> for ::std::vec::Vec<u8> {
            fn from(id: $name) -> Self {
                id.0.as_bytes().to_vec()
            }
        }
        impl ::std::convert::TryFrom<&[u8]> for $name {
            type Error = $crate::uuid::Error;
            fn try_from(bytes: &[u8]) -> ::std::result::Result<Self, Self::Error> {
                $crate::uuid::Uuid::from_slice(bytes).map(Self)
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::uuid::Error;
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::uuid::Uuid::parse_str(text).map(Self)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::serialize::ToSql<::diesel::sql_types::Binary, DB> for $name
        where
            [u8]: ::diesel::serialize::ToSql<::diesel::sql_types::Binary, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                <[u8] as ::diesel::serialize::ToSql<::diesel::sql_types::Binary, DB>>::to_sql(self.0.as_bytes(), out)
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::deserialize::FromSql<::diesel::sql_types::Binary, DB> for $name
        where
            ::std::vec::Vec<u8>: ::diesel::deserialize::FromSql<::diesel::sql_types::Binary, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let bytes = <::std::vec::Vec<u8> as ::diesel::deserialize::FromSql<
                    ::diesel::sql_types::Binary,
                    DB,
                >>::from_sql(value)?;
                ::std::result::Result::Ok(Self($crate::uuid::Uuid::from_slice(&bytes)?))
            }
        }
    )+};
}

/// Declares a closed enum that is stored as text: in JSON, in `VARCHAR` columns, in events and in logs.
///
/// ```
/// domain::text_enum! {
///     /// State of a hold.
///     pub enum HoldState { Placed = "placed", Captured = "captured" }
/// }
/// assert_eq!(HoldState::Placed.as_str(), "placed");
/// assert_eq!("captured".parse(), Ok(HoldState::Captured));
/// ```
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The variant's text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::vocabulary::UnknownVariant;
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => ::std::result::Result::Ok(Self::$variant),)+
                    other => ::std::result::Result::Err($crate::vocabulary::UnknownVariant {
                        type_name: stringify!($name),
                        text: other.to_owned(),
                    }),
                }
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB> for $name
        where
            str: ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                <str as ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB> for $name
        where
            ::std::string::String: ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let text = <::std::string::String as ::diesel::deserialize::FromSql<
                    ::diesel::sql_types::Text,
                    DB,
                >>::from_sql(value)?;
                ::std::result::Result::Ok(text.parse()?)
            }
        }
    };
}
