//! Subscription of the read graph: a member's own notifications, over the connections that the graph serves.

use super::NotificationView;
use super::live::{self, Listener, LiveEvent, LiveFailure};
use crate::NotificationState;
use crate::domain::NotificationId;
use crate::streams::ConnectionPermit;
use actix_web::web;
use auth_token::AuthFailure;
use futures_util::StreamExt;
use graph::live::{LiveClient, LiveEnd, LiveStream};
use http_api::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

/// Close codes of the protocol: clients connect again after both, after the first with a new token.
const FORBIDDEN: u16 = 4403;
const TRY_AGAIN: u16 = 1013;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SubscriptionFilter {
    /// The last notification the client has. Later ones are sent first, oldest first.
    after: Option<NotificationId>,
}

impl graph::live::ConnectionPermit for ConnectionPermit {
    fn mark_authenticated(&mut self) {
        Self::mark_authenticated(self);
    }
}

/// Admits one more connection, which counts as one of a stream.
pub(super) fn admit(state: &NotificationState) -> Option<ConnectionPermit> {
    state.streams.try_admit(false)
}

/// The caller's notifications, each once and in order, after `after` or from now on.
pub(super) async fn open(
    state: web::Data<NotificationState>,
    client: LiveClient,
    filter: SubscriptionFilter,
) -> Result<LiveStream<NotificationView>, LiveEnd> {
    let LiveClient { caller, token } = client;
    let listener =
        Listener { user: caller.user_id, session: caller.session_id, expires_at_secs: caller.expires_at_secs, token };
    let events = live::open(state, listener, filter.after, false).await.map_err(end_of)?;
    let views = events.filter_map(|event| async move {
        match event {
            Ok(LiveEvent::Notification(row)) => Some(Ok(row.into())),
            Ok(LiveEvent::Changed(_)) => None,
            Err(failure) => Some(Err(end_of(failure))),
        }
    });
    Ok(views.boxed())
}

fn end_of(failure: LiveFailure) -> LiveEnd {
    match failure {
        LiveFailure::Replaced => {
            let detail = "a newer stream of yours has replaced this one; a member has at most five";
            LiveEnd::Failed(Problem::conflict("notification.stream_replaced", detail))
        }
        LiveFailure::Token(AuthFailure::Invalid) => LiveEnd::Closed(FORBIDDEN, "auth.token_invalid"),
        LiveFailure::Token(AuthFailure::Expired) => LiveEnd::Closed(FORBIDDEN, "auth.token_expired"),
        LiveFailure::Token(AuthFailure::SessionEnded) => LiveEnd::Closed(FORBIDDEN, "auth.session_ended"),
        LiveFailure::Token(AuthFailure::Unavailable(_)) | LiveFailure::Unavailable => {
            LiveEnd::Closed(TRY_AGAIN, "request.unavailable")
        }
    }
}
