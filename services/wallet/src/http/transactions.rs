//! What moved a member's balance, and what did not and why.

use crate::Wallet;
use crate::app::ids;
use crate::domain::{EntryKey, EntryKind, ForfeitReason, TransactionId, TransactionType};
use crate::store::entries::{CauseId, PostingRow};
use crate::store::forfeits::ForfeitRow;
use crate::store::{forfeits, transactions};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, Page, Problem, Query, TimeRange, ok};
use chrono::TimeDelta;
use domain::{Day, Money, MoneyError, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What caused a line.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Reference {
    #[serde(rename = "type")]
    kind: &'static str,
    #[schemars(with = "String")]
    id: Uuid,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct TransactionView {
    pub(super) id: TransactionId,
    #[serde(rename = "type")]
    pub(super) kind: TransactionType,
    /// Signed.
    pub(super) amount: Money,
    /// Available and held together, before and after.
    pub(super) balance_before: Money,
    pub(super) balance_after: Money,
    pub(super) description: String,
    pub(super) reference: Reference,
    /// When what it comes of happened.
    pub(super) created_at: Timestamp,
    /// When it was written into the books: a balance `as_of` that time or later has it.
    pub(super) posted_at: Timestamp,
    pub(super) user_id: UserId,
}

impl TransactionView {
    /// The line as its member sees it; none where members see nothing of it.
    pub(super) fn of(row: PostingRow, key: EntryKey) -> Result<Option<Self>, MoneyError> {
        let (Some(kind), Some(balance_before)) = (row.transaction_type, row.balance_before_paise) else {
            return Ok(None);
        };
        Ok(Some(Self {
            id: ids::transaction(row.entry_id, row.line),
            kind,
            amount: row.amount_paise,
            balance_before,
            balance_after: balance_before.add(row.amount_paise)?,
            description: row.description.unwrap_or_default(),
            reference: Reference { kind: key.kind.reference(), id: key.cause },
            created_at: row.at,
            posted_at: row.posted_at,
            user_id: row.owner_id,
        }))
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Filters {
    #[serde(rename = "type")]
    kind: Option<TransactionType>,
    /// From this day or time on.
    from: Option<String>,
    /// Until this day or time, inclusive.
    to: Option<String>,
    /// For staff: one member's. Without it, everybody's.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

/// A day means all of it, as it is in India.
pub(super) fn instant(field: &'static str, text: &str, end: bool) -> Result<Timestamp, Problem> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(if end { day.next().starts_at().minus(TimeDelta::microseconds(1)) } else { day.starts_at() });
    }
    // In a query a plus sign is a space; an offset such as +05:30 is meant.
    text.replace(' ', "+").parse().map_err(|_| {
        Problem::unprocessable("wallet.bad_filter", format!("{field}: write a date (YYYY-MM-DD) or an RFC 3339 time"))
    })
}

/// Whose rows the caller may list: their own, or, for staff, anybody's.
pub(super) fn owner(caller: &Caller, asked: Option<UserId>) -> Option<UserId> {
    if caller.role.is_staff() { asked } else { Some(caller.user_id) }
}

pub(super) async fn list(
    app: web::Data<Wallet>,
    caller: Caller,
    page: Page,
    filters: Query<Filters>,
) -> Result<HttpResponse, Problem> {
    let Query(filters) = filters;
    let TimeRange { from, until } =
        TimeRange::parse(filters.from.as_deref(), filters.to.as_deref(), "wallet.bad_filter")?;
    let filter = transactions::Filter { owner: owner(&caller, filters.user_id), kind: filters.kind, from, until };
    let mut c = app.ctx.db().read().await?;
    let rows = transactions::page(&mut c, &filter, page.after_number()?, page.fetch_limit()).await?;
    let by_position = filter.owner.is_none();
    let mut views = Vec::with_capacity(rows.len());
    for (position, row, kind, cause) in rows {
        let order = if by_position { position } else { row.transaction_number.unwrap_or(0) };
        let view = TransactionView::of(row, EntryKey::new(kind, cause.uuid())).map_err(Problem::internal)?;
        views.extend(view.map(|view| (order, view)));
    }
    Ok(ok(&page.listing(views, |(order, _)| Cursor::Number(*order), |(_, view)| view)))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Owner {
    /// For staff: one member's. Without it, everybody's.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

/// An entitlement or request that moved nothing.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ForfeitView {
    id: TransactionId,
    kind: EntryKind,
    /// What it would have been; zero where the plan gives nothing.
    amount: Money,
    reason: ForfeitReason,
    description: &'static str,
    reference: Reference,
    created_at: Timestamp,
    user_id: UserId,
}

impl From<ForfeitRow> for ForfeitView {
    fn from(row: ForfeitRow) -> Self {
        let cause: CauseId = row.cause_id;
        Self {
            id: TransactionId::from(row.id.uuid()),
            kind: row.kind,
            amount: row.amount_paise,
            reason: row.reason,
            description: row.reason.in_words(),
            reference: Reference { kind: row.kind.reference(), id: cause.uuid() },
            created_at: row.at,
            user_id: row.user_id,
        }
    }
}

pub(super) async fn forfeits(
    app: web::Data<Wallet>,
    caller: Caller,
    page: Page,
    asked: Query<Owner>,
) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let owner = owner(&caller, asked.0.user_id);
    let rows = forfeits::page(&mut c, owner, page.after_number()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Number(row.0), |row| ForfeitView::from(row.1))))
}
