//! Who did what to whom, when, from where.

use crate::Compliance;
use crate::store::actions::{self, Action, ActionId, Sought};
use actix_web::{HttpResponse, web};
use chassis::http::{Cursor, Page, Problem, Query, TimeRange, ok};
use domain::{Role, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuditFilter {
    actor: Option<UserId>,
    /// The id of what was acted on, or of whose it is.
    subject: Option<String>,
    /// From this day or time on.
    from: Option<String>,
    /// Until this day or time, inclusive.
    to: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ActionView {
    id: ActionId,
    actor_id: UserId,
    role: Role,
    service: String,
    action: String,
    subject_type: String,
    subject_id: String,
    subject_user_id: Option<UserId>,
    detail: String,
    request_id: String,
    address: String,
    acted_at: Timestamp,
}

impl From<Action> for ActionView {
    fn from(a: Action) -> Self {
        Self {
            id: a.id,
            actor_id: a.actor_id,
            role: a.role,
            service: a.service,
            action: a.action,
            subject_type: a.subject_type,
            subject_id: a.subject_id,
            subject_user_id: a.subject_user_id,
            detail: a.detail,
            request_id: a.request_id,
            address: a.address,
            acted_at: a.acted_at,
        }
    }
}

pub(super) async fn list(
    app: web::Data<Compliance>,
    Query(filter): Query<AuditFilter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let range = TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "compliance.range_backwards")?;
    let sought = Sought {
        actor: filter.actor,
        subject: filter.subject,
        from: range.from,
        until: range.until,
        before: page.after_time_and_id()?,
        limit: page.fetch_limit(),
    };
    let mut c = app.ctx.db().replica().await?;
    let rows = actions::list(&mut c, &sought).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::time_and_id(row.acted_at, row.id.uuid()), ActionView::from)))
}
