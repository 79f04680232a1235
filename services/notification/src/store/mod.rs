//! Database access of the notification service: rows in and out, no decisions.

pub(crate) mod channel_choices;
pub(crate) mod deliveries;
pub(crate) mod members;
pub(crate) mod notifications;
pub(crate) mod push_subscriptions;
