//! Pure decisions: the table of notifications and their texts, deliveries, the position of a stream, areas of changed
//! data.

pub mod area;
pub mod channel;
pub mod delivery;
pub mod feed;
pub mod grievance;
pub mod kinds;
pub mod notice;
pub mod schedule;
pub mod subscription;
pub mod template;
pub mod texts;

pub use area::Area;
pub use channel::Channel;
pub use notice::{Notice, NotificationId, NotificationKind, Params, Reference, ReferencedId};
pub use template::Template;
pub use texts::Locale;
