//! Pure decisions: texts of notifications and the position of a stream.

pub mod feed;
pub mod notice;

pub use notice::{Notice, NotificationId, NotificationKind, Reference, ReferencedId};
