//! Route table of the notification service, and the handlers of a member's own notifications.

mod deliveries;
pub(crate) mod graph;
mod live;
mod preferences;
mod push;
mod stream;
mod subscription;

use crate::NotificationState;
use crate::app::read;
use crate::domain::delivery::DeliveryId;
use crate::domain::{NotificationId, NotificationKind, Params, Template};
use crate::store::notifications::{self, NotificationRow};
use actix_web::web;
use chassis::audit::AuditSubject;
use domain::{Timestamp, UserId};
use http_api::{Access, Caller, Cursor, Json, Listing, Page, Path, Problem, Query, Routes, documented, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: NotificationState) -> Routes {
    let user = Access::User;
    Routes::new("notification")
        .data(state)
        .get("/notifications", user, documented!(list))
        .get("/notifications/stream", Access::Public, documented!(stream::open))
        .get("/notifications/unread-count", user, documented!(unread_count))
        .post("/notifications/read-all", user, documented!(mark_all_read))
        .post("/notifications/{id}/read", user, documented!(mark_read))
        .get("/notifications/preferences", user, documented!(preferences::get))
        .put("/notifications/preferences", user, documented!(preferences::set_channels))
        .put("/notifications/preferences/times", user, documented!(preferences::set_times))
        .get("/notifications/push/key", user, documented!(push::key))
        .get("/notifications/push/subscriptions", user, documented!(push::list))
        .put("/notifications/push/subscriptions", user, documented!(push::subscribe))
        .delete("/notifications/push/subscriptions/{id}", user, documented!(push::unsubscribe))
        .get("/notifications/queue-counts", Access::Staff, documented!(deliveries::count))
        .get("/notifications/deliveries", Access::Staff, documented!(deliveries::list))
        .post("/notifications/deliveries/{id}/retry", Access::Staff, documented!(deliveries::retry))
}

/// Subject of an audit record, with its owner.
enum Subject {
    Delivery(DeliveryId, UserId),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "notification";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::Delivery(id, owner) => ("delivery", id.to_string(), Some(owner)),
        }
    }
}

/// A notification.
#[derive(Debug, Serialize, JsonSchema)]
struct NotificationView {
    id: NotificationId,
    kind: NotificationKind,
    title: String,
    body: String,
    /// Code of the text, for a translation by the client. Null for an old notification: only title and body are known.
    template: Option<Template>,
    /// Values in the text, by the names that the template lists. Null like the template.
    params: Option<Params>,
    reference: ReferenceView,
    read_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// Object a notification links to.
#[derive(Debug, Serialize, JsonSchema)]
struct ReferenceView {
    r#type: String,
    id: String,
}

impl From<NotificationRow> for NotificationView {
    fn from(row: NotificationRow) -> Self {
        // A template of a newer version is unknown here; title and body remain.
        let template: Option<Template> = row.template.and_then(|code| code.parse().ok());
        let params = row.params.and_then(|json| serde_json::from_str(&json).ok());
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            body: row.body,
            params: template.and(params),
            template,
            reference: ReferenceView { r#type: row.reference_type, id: row.reference_id },
            read_at: row.read_at,
            created_at: row.created_at,
        }
    }
}

/// Number of unread notifications.
#[derive(Debug, Serialize, JsonSchema)]
struct UnreadCount {
    unread: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NotificationFilter {
    /// `true`: only unread notifications.
    unread: Option<bool>,
}

/// Your notifications, newest first.
#[operation]
async fn list(
    state: web::Data<NotificationState>,
    caller: Caller,
    Query(filter): Query<NotificationFilter>,
    page: Page,
) -> Result<Json<Listing<NotificationView>>, Problem> {
    let before = page.after_id()?;
    let mut c = state.ctx.db().read().await?;
    let unread = filter.unread.unwrap_or(false);
    let rows = notifications::list(&mut c, caller.user_id, unread, before, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), NotificationView::from)))
}

/// Number of unread notifications.
#[operation]
async fn unread_count(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<UnreadCount>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(UnreadCount { unread: notifications::count_unread(&mut c, caller.user_id).await? }))
}

/// Mark all notifications as read.
#[operation]
async fn mark_all_read(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<UnreadCount>, Problem> {
    let (user, now) = (caller.user_id, state.ctx.now());
    state.ctx.tx(async |c| Ok::<_, Problem>(read::mark_all_read(c, user, now).await?)).await?;
    Ok(Json::new(UnreadCount { unread: 0 }))
}

/// Mark a notification as read.
#[operation]
async fn mark_read(
    state: web::Data<NotificationState>,
    caller: Caller,
    Path(id): Path<NotificationId>,
) -> Result<Json<NotificationView>, Problem> {
    let (user, now) = (caller.user_id, state.ctx.now());
    let row = state.ctx.tx(async |c| Ok::<_, Problem>(read::mark_read(c, user, id, now).await?)).await?;
    Ok(Json::new(NotificationView::from(row.ok_or_else(Problem::not_found)?)))
}
