//! What auth does, one verb a file. These are the only writers; each works in its caller's transaction.

pub(crate) mod bootstrap;
pub(crate) mod change_rights;
pub(crate) mod edit_profile;
pub(crate) mod end_session;
pub(crate) mod forget;
pub(crate) mod index_words;
pub(crate) mod know_address;
pub(crate) mod open_session;
pub(crate) mod project;
pub(crate) mod publish_user;
pub(crate) mod refresh_session;
pub(crate) mod register;
pub(crate) mod review_kyc;
pub(crate) mod rotate_keys;
pub(crate) mod send_code;
pub(crate) mod send_message;
pub(crate) mod set_nominee;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod submit_kyc;
