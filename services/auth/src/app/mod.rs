//! Use cases of the auth service, one verb a file: load, decide, save, publish. No function opens a transaction.

pub(crate) mod apply_distributor;
pub(crate) mod apply_events;
pub(crate) mod bootstrap;
pub(crate) mod change_identifier;
pub(crate) mod change_rights;
pub(crate) mod delete_expired;
pub(crate) mod edit_profile;
pub(crate) mod end_session;
pub(crate) mod index_search_words;
pub(crate) mod open_session;
pub(crate) mod publish_terms;
pub(crate) mod publish_user;
pub(crate) mod record_delivery;
pub(crate) mod record_sign_in_address;
pub(crate) mod refresh_session;
pub(crate) mod register;
pub(crate) mod review_distributor;
pub(crate) mod review_kyc;
pub(crate) mod rotate_keys;
pub(crate) mod send_code;
pub(crate) mod send_message;
pub(crate) mod set_nominee;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod step_up;
pub(crate) mod submit_kyc;
