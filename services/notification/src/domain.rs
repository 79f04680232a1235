//! Which fact becomes which words. Pure.

pub mod feed;
pub mod notice;

pub use notice::{Kind, Notice, NotificationId, Reference, ReferencedId};
