//! Macros for the two most frequent types: a typed UUID, and a closed enum with a text form for each variant.
//!
//! They refer to everything through this crate, so a crate that uses them needs no other dependency. What depends on a
//! feature of this crate is in `bindings.rs`: a `cfg` in a macro is evaluated in the crate that uses it.

/// Declares ids as UUIDv7 newtypes that are JSON strings and `BINARY(16)` columns.
///
/// Ids of different types cannot be mixed up. The macro generates no ids: callers create the UUID and convert it
/// with `From<Uuid>`.
#[macro_export]
macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $crate::id_struct! {
            $(#[$meta])*
            #[derive(
                Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
                $crate::private::serde::Serialize, $crate::private::serde::Deserialize,
            )]
            #[serde(crate = "::domain::private::serde", transparent)]
            $name
        }
        $crate::id_column!($name);

        impl $name {
            /// The id as a plain UUID.
            pub const fn uuid(self) -> $crate::private::uuid::Uuid {
                self.0
            }
            /// The sixteen bytes that columns and events store.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }
        impl ::std::convert::From<$crate::private::uuid::Uuid> for $name {
            fn from(id: $crate::private::uuid::Uuid) -> Self {
                Self(id)
            }
        }
        impl ::std::convert::From<$name> for ::std::vec::Vec<u8> {
            fn from(id: $name) -> Self {
                id.0.as_bytes().to_vec()
            }
        }
        impl ::std::convert::TryFrom<&[u8]> for $name {
            type Error = $crate::private::uuid::Error;
            fn try_from(bytes: &[u8]) -> ::std::result::Result<Self, Self::Error> {
                $crate::private::uuid::Uuid::from_slice(bytes).map(Self)
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::private::uuid::Error;
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::private::uuid::Uuid::parse_str(text).map(Self)
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
        $crate::with_schema! {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            $crate::private::serde::Serialize, $crate::private::serde::Deserialize,
        )]
        #[serde(crate = "::domain::private::serde")]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }
        }
        $crate::enum_column!($name);

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
    };
}
