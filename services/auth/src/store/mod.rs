//! Database rows and statements, without decisions: one table per file, or two that belong together.

pub(crate) mod documents;
pub(crate) mod kyc;
pub(crate) mod messages;
pub(crate) mod nominees;
pub(crate) mod one_time_codes;
pub(crate) mod profiles;
pub(crate) mod sessions;
pub(crate) mod sign_in_addresses;
pub(crate) mod signing_keys;
pub(crate) mod signups;
pub(crate) mod user_words;
pub(crate) mod users;
