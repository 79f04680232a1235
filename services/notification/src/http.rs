//! Route table and handlers of the notification service. Every route serves the caller's own notifications.

mod stream;

use crate::domain::{NotificationId, NotificationKind, Params, Template};
use crate::store::NotificationRow;
use crate::{NotificationState, app, store};
use actix_web::web;
use domain::Timestamp;
use http_api::{
    Access, Body, Caller, Cursor, Json, Listing, Page, Path, Problem, Query, Routes, documented, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
        .get("/notifications/preferences", user, documented!(preferences))
        .put("/notifications/preferences", user, documented!(set_preferences))
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

/// Every kind of notification, with `false` for a muted one. Kinds left out of a PUT do not change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Preferences {
    kinds: BTreeMap<NotificationKind, bool>,
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
    let rows = store::list(&mut c, caller.user_id, unread, before, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), NotificationView::from)))
}

/// Number of unread notifications.
#[operation]
async fn unread_count(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<UnreadCount>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(UnreadCount { unread: store::count_unread(&mut c, caller.user_id).await? }))
}

/// Mark all notifications as read.
#[operation]
async fn mark_all_read(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<UnreadCount>, Problem> {
    let (user, now) = (caller.user_id, state.ctx.now());
    state.ctx.tx(async |c| Ok::<_, Problem>(app::mark_all_read(c, user, now).await?)).await?;
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
    let row = state.ctx.tx(async |c| Ok::<_, Problem>(app::mark_read(c, user, id, now).await?)).await?;
    Ok(Json::new(NotificationView::from(row.ok_or_else(Problem::not_found)?)))
}

/// Notification preferences.
#[operation]
async fn preferences(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<Preferences>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(preferences_view(&store::list_muted(&mut c, caller.user_id).await?)))
}

/// Change the notification preferences.
#[operation]
async fn set_preferences(
    state: web::Data<NotificationState>,
    caller: Caller,
    body: Body<Preferences>,
) -> Result<Json<Preferences>, Problem> {
    let requested = body.read().await?.kinds;
    let (user, requested) = (caller.user_id, &requested);
    let muted = state
        .ctx
        .tx(async |c| {
            let mut kinds = store::list_muted(c, user).await?;
            kinds.retain(|kind| requested.get(kind) != Some(&true));
            kinds.extend(requested.iter().filter(|(_, enabled)| !**enabled).map(|(kind, _)| *kind));
            kinds.sort_unstable();
            kinds.dedup();
            app::set_muted_kinds(c, user, &kinds).await?;
            Ok::<_, Problem>(kinds)
        })
        .await?;
    Ok(Json::new(preferences_view(&muted)))
}

fn preferences_view(muted: &[NotificationKind]) -> Preferences {
    Preferences { kinds: NotificationKind::ALL.iter().map(|kind| (*kind, !muted.contains(kind))).collect() }
}
