//! Pure decisions of auth, without clock, database or randomness: one noun per file.

pub(crate) mod address;
pub(crate) mod code_limits;
pub(crate) mod delivery;
pub(crate) mod device;
pub(crate) mod distributor;
pub(crate) mod erasure;
pub(crate) mod identifier;
pub(crate) mod kyc;
pub(crate) mod member_state;
pub(crate) mod message;
pub(crate) mod nominee;
pub(crate) mod otp;
pub(crate) mod referral;
pub(crate) mod review;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod signing_key;
pub(crate) mod terms;
pub(crate) mod user;
