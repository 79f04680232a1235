//! Pure decisions: texts of notifications, the position of a stream, and areas of changed data.

pub mod area;
pub mod feed;
pub mod notice;
pub mod template;

pub use area::Area;
pub use notice::{Notice, NotificationId, NotificationKind, Params, Reference, ReferencedId};
pub use template::Template;
