//! Handlers of web push: the key of this platform, and the browsers of a member.

use crate::NotificationState;
use crate::app::choose_channels;
use crate::domain::subscription::SubscriptionId;
use crate::error::NotificationError;
use crate::outgoing::web_push::WebPush;
use crate::store::push_subscriptions::{self, SubscriptionRow};
use actix_web::web;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use http_api::{Body, Caller, Json, NoContent, Path, Problem, operation};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Key with which a browser subscribes.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PushKeyView {
    /// Base64url of a point of P-256; null if this platform has no web push.
    key: Option<String>,
}

/// A subscription as a browser gives it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SubscriptionInput {
    /// Address of the browser at its push service.
    endpoint: String,
    keys: SubscriptionKeys,
}

/// Keys of a subscription, base64url.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SubscriptionKeys {
    p256dh: String,
    auth: String,
}

/// A subscribed browser.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SubscriptionView {
    id: SubscriptionId,
    /// Address of the browser at its push service.
    endpoint: String,
    created_at: Timestamp,
}

impl From<SubscriptionRow> for SubscriptionView {
    fn from(row: SubscriptionRow) -> Self {
        Self { id: row.id, endpoint: row.endpoint, created_at: row.created_at }
    }
}

/// Your browsers with web push.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SubscriptionsView {
    items: Vec<SubscriptionView>,
}

fn push(state: &NotificationState) -> Result<&WebPush, NotificationError> {
    state.web_push.as_deref().ok_or(NotificationError::PushUnavailable)
}

/// Key for web push.
#[operation]
pub(super) async fn key(state: web::Data<NotificationState>) -> Result<Json<PushKeyView>, Problem> {
    Ok(Json::new(PushKeyView { key: state.web_push.as_ref().map(|push| push.public_key().to_owned()) }))
}

/// Your browsers with web push.
#[operation]
pub(super) async fn list(
    state: web::Data<NotificationState>,
    caller: Caller,
) -> Result<Json<SubscriptionsView>, Problem> {
    let rows = push_subscriptions::list(&mut *state.ctx.db().read().await?, &[caller.user_id]).await?;
    Ok(Json::new(SubscriptionsView { items: rows.into_iter().map(SubscriptionView::from).collect() }))
}

/// Subscribe a browser to web push.
///
/// The same browser again changes nothing; one that another member used becomes yours. Of more than ten, the oldest is
/// removed. 409 `notification.push_unavailable` if this platform has no web push, 422 `notification.bad_subscription`
/// for an address that is not at a known push service, or for other keys.
#[operation]
pub(super) async fn subscribe(
    state: web::Data<NotificationState>,
    caller: Caller,
    body: Body<SubscriptionInput>,
) -> Result<Json<SubscriptionView>, Problem> {
    let SubscriptionInput { endpoint, keys } = body.read().await?;
    let push = push(&state)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
    let (public_key, secret) = (decode(&keys.p256dh), decode(&keys.auth));
    push.check(&endpoint, &public_key, &secret).map_err(NotificationError::BadSubscription)?;
    let row = SubscriptionRow {
        id: id::derived(&[b"push", endpoint.as_bytes()]),
        user_id: caller.user_id,
        endpoint_hash: Sha256::digest(endpoint.as_bytes()).to_vec(),
        endpoint,
        public_key,
        secret,
        created_at: state.ctx.now(),
    };
    let saved = &row;
    state.ctx.tx(async |c| Ok::<_, Problem>(choose_channels::subscribe(c, saved).await?)).await?;
    Ok(Json::new(SubscriptionView::from(row)))
}

/// End the web push of a browser.
#[operation]
pub(super) async fn unsubscribe(
    state: web::Data<NotificationState>,
    caller: Caller,
    Path(id): Path<SubscriptionId>,
) -> Result<NoContent, Problem> {
    let user = caller.user_id;
    let deleted = state.ctx.tx(async |c| Ok::<_, Problem>(push_subscriptions::delete_own(c, user, id).await?)).await?;
    if deleted { Ok(NoContent) } else { Err(Problem::not_found()) }
}
