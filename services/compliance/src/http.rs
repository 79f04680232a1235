//! The route table and its handlers.

use crate::Compliance;
use crate::store::{self, Action, ActionId, Sought, TdsRecord};
use actix_web::{HttpResponse, web};
use chassis::auth::{Access, Caller};
use chassis::http::{Cursor, Doc, Listing, Page, Problem, Query, Routes, ok};
use domain::{Day, FinancialYear, Money, PayoutId, Quarter, Role, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) fn routes(state: Compliance) -> Routes {
    Routes::new("compliance")
        .data(state)
        .get(
            "/compliance/tds",
            Access::User,
            tds,
            Doc::new("Tax deducted at source in a financial year; own, or everybody's for staff")
                .filters::<TdsFilter>()
                .paged()
                .gives::<TdsList>(),
        )
        .get(
            "/audit",
            Access::Admin,
            audit,
            Doc::new("Who did what to whom, when, from where, newest first")
                .filters::<AuditFilter>()
                .paged()
                .gives::<Listing<ActionView>>(),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TdsFilter {
    /// Like `2026-27`; the current one by default.
    fy: Option<FinancialYear>,
    /// Staff: one member's.
    user_id: Option<UserId>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TdsList {
    items: Vec<TdsView>,
    total_gross: Money,
    total_tds: Money,
    next_cursor: Option<String>,
}

/// One deduction; a payout the bank returned has a second line with negative amounts.
#[derive(Debug, Serialize, JsonSchema)]
struct TdsView {
    payout_id: PayoutId,
    user_id: UserId,
    fy: FinancialYear,
    quarter: Quarter,
    section: String,
    rule_id: String,
    rate: String,
    gross: Money,
    tds: Money,
    pan: String,
    reversal: bool,
    deducted_at: Timestamp,
}

impl From<TdsRecord> for TdsView {
    fn from(record: TdsRecord) -> Self {
        Self {
            payout_id: record.payout_id,
            user_id: record.user_id,
            fy: record.financial_year,
            quarter: record.quarter,
            section: record.section,
            rule_id: record.rule_id,
            rate: record.rate,
            gross: record.gross_paise,
            tds: record.tds_paise,
            pan: record.pan_mask,
            reversal: record.reversal,
            deducted_at: record.deducted_at,
        }
    }
}

async fn tds(
    app: web::Data<Compliance>,
    caller: Caller,
    Query(filter): Query<TdsFilter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let year = filter.fy.unwrap_or_else(|| app.ctx.now().financial_year());
    let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let before = page.after_id()?;
    let mut c = app.ctx.db().read().await?;
    let rows = store::records(&mut c, user, year, before, page.fetch_limit()).await?;
    let (total_gross, total_tds) = store::totals(&mut c, user, year).await?;
    let listing = page.listing(rows, |row| Cursor::Id(row.id.uuid()), TdsView::from);
    Ok(ok(&TdsList { items: listing.items, total_gross, total_tds, next_cursor: listing.next_cursor }))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AuditFilter {
    actor: Option<UserId>,
    /// The id of what was acted on, or of whose it is.
    subject: Option<String>,
    /// First day.
    from: Option<Day>,
    /// Last day.
    to: Option<Day>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ActionView {
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

async fn audit(
    app: web::Data<Compliance>,
    Query(filter): Query<AuditFilter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let sought = Sought {
        actor: filter.actor,
        subject: filter.subject,
        from: filter.from.map(Day::starts_at),
        until: filter.to.map(|day| day.next().starts_at()),
        before: page.after_id()?,
        limit: page.fetch_limit(),
    };
    let mut c = app.ctx.db().read().await?;
    let rows = store::actions(&mut c, &sought).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), ActionView::from)))
}
