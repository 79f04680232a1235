//! Notification's part of the read graph: a member's notifications, also as they come, and deliveries for staff.

use super::{deliveries, subscription};
use crate::NotificationState;
use graph::Part;
use http_api::Access::Staff;
use http_api::documented;

/// All fields of this service.
pub(crate) fn part(state: NotificationState) -> Part {
    Part::new("notification", state)
        .rename("DeliveryView", "NotificationDelivery")
        .rename("Channel", "NotificationChannel")
        .rename("ReferenceView", "NotificationReference")
        .query("notification_deliveries", Staff, documented!(deliveries::list))
        .own("notifications", documented!(super::list))
        .own("unread_notifications", documented!(super::unread_count))
        .subscription(
            (
                "notifications",
                "Your notifications as they come, each once and in order: after `after`, or from now on.\n\n\
                 Of your streams, at most five are open; one more ends the oldest with \
                 `notification.stream_replaced`.",
            ),
            subscription::admit,
            subscription::open,
        )
}
