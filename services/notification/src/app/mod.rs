//! Use cases of the notification service on the connection of their caller. No function opens a transaction.

pub(crate) mod choose_channels;
pub(crate) mod claim_deliveries;
pub(crate) mod delete_old;
pub(crate) mod erase_member;
pub(crate) mod notify;
pub(crate) mod read;
