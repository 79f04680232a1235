//! Which fact becomes which words. Pure.

pub mod notice;

pub use notice::{Kind, Notice, NotificationId, Reference, ReferencedId};
