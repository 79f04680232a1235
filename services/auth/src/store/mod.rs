//! Database access of the auth service: rows in and out, no decisions.

pub(crate) mod distributor_applications;
pub(crate) mod documents;
pub(crate) mod erasure_requests;
pub(crate) mod known_devices;
pub(crate) mod kyc;
pub(crate) mod messages;
pub(crate) mod nominees;
pub(crate) mod profiles;
pub(crate) mod sessions;
pub(crate) mod sign_in_addresses;
pub(crate) mod signing_keys;
pub(crate) mod signups;
pub(crate) mod sms_deliveries;
pub(crate) mod terms;
pub(crate) mod user_words;
pub(crate) mod users;
