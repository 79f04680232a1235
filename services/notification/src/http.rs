//! Route table and handlers of the notification service. Every route serves the caller's own notifications.

mod stream;

use crate::domain::{NotificationId, NotificationKind};
use crate::store::NotificationRow;
use crate::{NotificationState, app, store};
use actix_web::{HttpResponse, web};
use chassis::auth::{Access, Caller};
use chassis::http::{Cursor, Doc, Listing, Page, Problem, Query, RawBody, Routes, ok, path_id};
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: NotificationState) -> Routes {
    let user = Access::User;
    Routes::new("notification")
        .data(state)
        .get_documented(
            "/notifications",
            user,
            list,
            Doc::new("Your notifications, newest first")
                .query::<NotificationFilter>()
                .paged()
                .returns::<Listing<NotificationView>>(),
        )
        .get_documented(
            "/notifications/stream",
            Access::Public,
            stream::open,
            Doc::new(
                "Stream your notifications over a WebSocket, each as a JSON message like in the list. The token comes \
                 after the sub-protocol `bearer` or in the first message. A member has at most five open streams: a \
                 sixth closes the oldest with code 4001",
            )
            .query::<stream::StreamFilter>()
            .empty_response(101),
        )
        .get_documented(
            "/notifications/unread-count",
            user,
            unread_count,
            Doc::new("Number of unread notifications").returns::<UnreadCount>(),
        )
        .post_documented(
            "/notifications/read-all",
            user,
            mark_all_read,
            Doc::new("Mark all notifications as read").returns::<UnreadCount>(),
        )
        .post_documented(
            "/notifications/{id}/read",
            user,
            mark_read,
            Doc::new("Mark a notification as read").returns::<NotificationView>(),
        )
        .get_documented(
            "/notifications/preferences",
            user,
            preferences,
            Doc::new("Notification preferences").returns::<Preferences>(),
        )
        .put_documented(
            "/notifications/preferences",
            user,
            set_preferences,
            Doc::new("Change the notification preferences").body::<Preferences>().returns::<Preferences>(),
        )
}

/// A notification.
#[derive(Debug, Serialize, JsonSchema)]
struct NotificationView {
    id: NotificationId,
    kind: NotificationKind,
    title: String,
    body: String,
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
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            body: row.body,
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

async fn list(
    state: web::Data<NotificationState>,
    caller: Caller,
    Query(filter): Query<NotificationFilter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let before = page.after_id()?;
    let mut c = state.ctx.db().read().await?;
    let unread = filter.unread.unwrap_or(false);
    let rows = store::list(&mut c, caller.user_id, unread, before, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), NotificationView::from)))
}

async fn unread_count(state: web::Data<NotificationState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(ok(&UnreadCount { unread: store::count_unread(&mut c, caller.user_id).await? }))
}

async fn mark_all_read(state: web::Data<NotificationState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (user, now) = (caller.user_id, state.ctx.now());
    state.ctx.tx(async |c| Ok::<_, Problem>(app::mark_all_read(c, user, now).await?)).await?;
    Ok(ok(&UnreadCount { unread: 0 }))
}

async fn mark_read(
    state: web::Data<NotificationState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (user, id, now) = (caller.user_id, path_id(&path)?, state.ctx.now());
    let row = state.ctx.tx(async |c| Ok::<_, Problem>(app::mark_read(c, user, id, now).await?)).await?;
    Ok(ok(&NotificationView::from(row.ok_or_else(Problem::not_found)?)))
}

async fn preferences(state: web::Data<NotificationState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(ok(&preferences_view(&store::list_muted(&mut c, caller.user_id).await?)))
}

async fn set_preferences(
    state: web::Data<NotificationState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let requested = body.json::<Preferences>().await?.value.kinds;
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
    Ok(ok(&preferences_view(&muted)))
}

fn preferences_view(muted: &[NotificationKind]) -> Preferences {
    Preferences { kinds: NotificationKind::ALL.iter().map(|kind| (*kind, !muted.contains(kind))).collect() }
}
