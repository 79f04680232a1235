//! The route table and its handlers: everything is the caller's own.

mod stream;

use crate::domain::{Kind, NotificationId};
use crate::store::Row;
use crate::{Notification, app, store};
use actix_web::{HttpResponse, web};
use chassis::auth::{Access, Caller};
use chassis::http::{Body, Cursor, Doc, Listing, Page, Problem, Query, Routes, ok, path_id};
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) fn routes(state: Notification) -> Routes {
    let user = Access::User;
    Routes::new("notification")
        .data(state)
        .get(
            "/notifications",
            user,
            list,
            Doc::new("Own notifications, newest first").filters::<Filter>().paged().gives::<Listing<View>>(),
        )
        .get(
            "/notifications/stream",
            Access::Public,
            stream::open,
            Doc::new("Own notifications over a WebSocket, each a JSON message as in the list; the token after the sub-protocol `bearer`, or in the first message. A member has five open streams: a sixth closes the oldest with 4001")
                .filters::<stream::Position>()
                .answers_bare(101),
        )
        .get("/notifications/unread-count", user, unread_count, Doc::new("How many are unread").gives::<UnreadCount>())
        .post("/notifications/read-all", user, read_all, Doc::new("Mark all as read").gives::<UnreadCount>())
        .post("/notifications/{id}/read", user, read, Doc::new("Mark one as read").gives::<View>())
        .get(
            "/notifications/preferences",
            user,
            preferences,
            Doc::new("What the member hears of").gives::<Preferences>(),
        )
        .put(
            "/notifications/preferences",
            user,
            set_preferences,
            Doc::new("Choose what to hear of").takes::<Preferences>().gives::<Preferences>(),
        )
}

#[derive(Debug, Serialize, JsonSchema)]
struct View {
    id: NotificationId,
    kind: Kind,
    title: String,
    body: String,
    reference: ReferenceView,
    read_at: Option<Timestamp>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReferenceView {
    r#type: String,
    id: String,
}

impl From<Row> for View {
    fn from(row: Row) -> Self {
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

#[derive(Debug, Serialize, JsonSchema)]
struct UnreadCount {
    unread: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Filter {
    /// `true`: only those that were not read yet.
    unread: Option<bool>,
}

/// Every kind, and whether the member hears of it. Kinds left out of a PUT stay as they are.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Preferences {
    kinds: BTreeMap<Kind, bool>,
}

async fn list(
    app: web::Data<Notification>,
    caller: Caller,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let before = page.after_id()?;
    let mut c = app.ctx.db().read().await?;
    let unread = filter.unread.unwrap_or(false);
    let rows = store::list(&mut c, caller.user_id, unread, before, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), View::from)))
}

async fn unread_count(app: web::Data<Notification>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    Ok(ok(&UnreadCount { unread: store::unread_count(&mut c, caller.user_id).await? }))
}

async fn read_all(app: web::Data<Notification>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (user, now) = (caller.user_id, app.ctx.now());
    app.ctx.tx(async |c| Ok::<_, Problem>(app::read_all(c, user, now).await?)).await?;
    Ok(ok(&UnreadCount { unread: 0 }))
}

async fn read(app: web::Data<Notification>, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (user, id, now) = (caller.user_id, path_id(&path)?, app.ctx.now());
    let row = app.ctx.tx(async |c| Ok::<_, Problem>(app::read_one(c, user, id, now).await?)).await?;
    Ok(ok(&View::from(row.ok_or_else(Problem::not_found)?)))
}

async fn preferences(app: web::Data<Notification>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    Ok(ok(&view(&store::muted(&mut c, caller.user_id).await?)))
}

async fn set_preferences(app: web::Data<Notification>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let wanted = body.json::<Preferences>().await?.value.kinds;
    let (user, wanted) = (caller.user_id, &wanted);
    let muted = app
        .ctx
        .tx(async |c| {
            let mut kinds = store::muted(c, user).await?;
            kinds.retain(|kind| wanted.get(kind) != Some(&true));
            kinds.extend(wanted.iter().filter(|(_, hears)| !**hears).map(|(kind, _)| *kind));
            kinds.sort_unstable();
            kinds.dedup();
            app::mute(c, user, &kinds).await?;
            Ok::<_, Problem>(kinds)
        })
        .await?;
    Ok(ok(&view(&muted)))
}

fn view(muted: &[Kind]) -> Preferences {
    Preferences { kinds: Kind::ALL.iter().map(|kind| (*kind, !muted.contains(kind))).collect() }
}
