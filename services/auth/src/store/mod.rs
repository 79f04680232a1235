//! Rows and statements: one table, or two that belong together, a file. Nothing here decides anything.

pub(crate) mod codes;
pub(crate) mod documents;
pub(crate) mod keys;
pub(crate) mod kyc;
pub(crate) mod messages;
pub(crate) mod nominees;
pub(crate) mod profiles;
pub(crate) mod sessions;
pub(crate) mod sign_in_addresses;
pub(crate) mod signups;
pub(crate) mod user_words;
pub(crate) mod users;
