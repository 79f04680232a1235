//! Errors of the notification service and their mapping to HTTP problems.

use crate::domain::delivery::DeliveryState;
use crate::domain::{Channel, NotificationKind};
use db::DbError;
use http_api::Problem;

/// An error of any use case of the service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotificationError {
    #[error("not found")]
    NotFound,
    #[error("the delivery is {0}: only one that bounced or is dead can be sent again")]
    NotFailed(DeliveryState),
    #[error("{0} notifications are not sent by {1}")]
    NoSuchChannel(NotificationKind, Channel),
    #[error("{0} notifications by {1} cannot be turned off")]
    Mandatory(NotificationKind, Channel),
    #[error("quiet hours need two different times of the day (HH:MM), and a digest needs one")]
    BadTimes,
    #[error("web push is not configured")]
    PushUnavailable,
    #[error("the subscription is not one of a known push service: {0}")]
    BadSubscription(&'static str),
    #[error(transparent)]
    Db(#[from] DbError),
}

db::tx_error!(NotificationError);

impl From<NotificationError> for Problem {
    fn from(error: NotificationError) -> Self {
        let text = error.to_string();
        match error {
            NotificationError::NotFound => Self::not_found(),
            NotificationError::NotFailed(_) => Self::conflict("notification.delivery_not_failed", text),
            NotificationError::NoSuchChannel(..) => Self::unprocessable("notification.no_such_channel", text),
            NotificationError::Mandatory(..) => Self::unprocessable("notification.mandatory", text),
            NotificationError::BadTimes => Self::unprocessable("notification.bad_times", text),
            NotificationError::PushUnavailable => Self::conflict("notification.push_unavailable", text),
            NotificationError::BadSubscription(_) => Self::unprocessable("notification.bad_subscription", text),
            NotificationError::Db(error) => error.into(),
        }
    }
}
