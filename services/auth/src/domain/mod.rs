//! What auth decides, without a clock, a database or randomness: one noun a file.

pub(crate) mod address;
pub(crate) mod budget;
pub(crate) mod identifier;
pub(crate) mod key;
pub(crate) mod kyc;
pub(crate) mod message;
pub(crate) mod nominee;
pub(crate) mod otp;
pub(crate) mod person;
pub(crate) mod referral;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod standing;
