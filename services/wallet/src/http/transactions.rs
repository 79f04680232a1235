//! Lists of transactions and forfeits.

use super::reference::ReferenceView;
use crate::WalletState;
use crate::app::ids;
use crate::domain::{EntryKind, RejectionReason, TransactionId, TransactionType};
use crate::error::WalletError;
use crate::store::entries::PostingRow;
use crate::store::forfeits::ForfeitRow;
use crate::store::{forfeits, transactions};
use actix_web::web;
use chrono::TimeDelta;
use domain::{Day, Money, Timestamp, UserId};
use http_api::{Caller, CommaSeparated, Cursor, Json, Listing, Problem, Query, StaffPage, TimeRange, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A statement line of a member.
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
    pub(super) reference: ReferenceView,
    /// The time of the cause.
    pub(super) created_at: Timestamp,
    /// The posting time. A balance `as_of` this time or later includes the transaction.
    pub(super) posted_at: Timestamp,
    pub(super) user_id: UserId,
}

impl TransactionView {
    /// The view of a posting of the entry with this reference; `None` for one that members do not see. Errors when the
    /// balance overflows.
    pub(super) fn from_row(row: PostingRow, reference: ReferenceView) -> Result<Option<Self>, WalletError> {
        let (Some(kind), Some(balance_before)) = (row.transaction_type, row.balance_before_paise) else {
            return Ok(None);
        };
        Ok(Some(Self {
            id: ids::transaction(row.entry_id, row.line)?,
            kind,
            amount: row.amount_paise,
            balance_before,
            balance_after: balance_before.add(row.amount_paise)?,
            description: row.description.unwrap_or_default(),
            reference,
            created_at: row.at,
            posted_at: row.posted_at,
            user_id: row.owner_id,
        }))
    }
}

/// The query of the list of transactions.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TransactionsFilter {
    /// One type, or several separated by commas, such as `REVERSAL,CLAWBACK`; by default all.
    #[serde(rename = "type", default)]
    #[schemars(with = "Option<String>")]
    kinds: CommaSeparated<TransactionType>,
    /// From this day or time on.
    from: Option<String>,
    /// Until this day or time, inclusive.
    to: Option<String>,
    /// For staff: lists only this member's; by default all members'.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

/// Parses a date or an RFC 3339 time. A date is a day in India: its start, or its last microsecond when `end` is set.
/// Errors with 422 `wallet.bad_filter`.
pub(super) fn parse_time(field: &'static str, text: &str, end: bool) -> Result<Timestamp, Problem> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(if end { day.next().starts_at().minus(TimeDelta::microseconds(1)) } else { day.starts_at() });
    }
    // A plus sign in a query string decodes to a space; it stands for an offset such as +05:30.
    text.replace(' ', "+").parse().map_err(|_| {
        Problem::unprocessable("wallet.bad_filter", format!("{field}: write a date (YYYY-MM-DD) or an RFC 3339 time"))
    })
}

/// The owner whose rows the caller may list: the caller, or for staff the requested member, if any.
pub(super) fn visible_owner(caller: &Caller, requested: Option<UserId>) -> Option<UserId> {
    if caller.role.is_staff() { requested } else { Some(caller.user_id) }
}

/// Transactions that changed your balance.
///
/// Your own, or for staff those of one member or of all. 422 `wallet.bad_filter` for an invalid date or
/// time.
#[operation]
pub(super) async fn list(
    state: web::Data<WalletState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(requested): Query<TransactionsFilter>,
) -> Result<Json<Listing<TransactionView>>, Problem> {
    let TimeRange { from, until } =
        TimeRange::parse(requested.from.as_deref(), requested.to.as_deref(), "wallet.bad_filter")?;
    let filter = transactions::TransactionFilter {
        owner: visible_owner(&caller, requested.user_id),
        kinds: requested.kinds.0,
        from,
        until,
    };
    let mut c = state.ctx.db().read().await?;
    let rows = transactions::list(&mut c, &filter, order, page.after_number()?, page.fetch_limit()).await?;
    let by_position = filter.owner.is_none();
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let key = if by_position { row.position } else { row.line.transaction_number.unwrap_or(0) };
        let reference = ReferenceView::of_stored(row.kind, row.cause_id, &row.inputs);
        let view = TransactionView::from_row(row.line, reference).map_err(Problem::internal)?;
        views.extend(view.map(|view| (key, view)));
    }
    Ok(Json::new(page.listing(views, |(key, _)| Cursor::Number(*key), |(_, view)| view)))
}

/// The query of the list of forfeits.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ForfeitsFilter {
    /// For staff: lists only this member's; by default all members'.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

/// An entitlement or request that moved no money.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ForfeitView {
    id: TransactionId,
    kind: EntryKind,
    /// The amount that it would have moved; zero when the plan gives nothing.
    amount: Money,
    reason: RejectionReason,
    description: &'static str,
    reference: ReferenceView,
    created_at: Timestamp,
    user_id: UserId,
}

impl From<ForfeitRow> for ForfeitView {
    fn from(row: ForfeitRow) -> Self {
        Self {
            reference: ReferenceView::of_stored(row.kind, row.cause_id, &row.inputs),
            id: TransactionId::from(row.id.uuid()),
            kind: row.kind,
            amount: row.amount_paise,
            reason: row.reason,
            description: row.reason.description(),
            created_at: row.at,
            user_id: row.user_id,
        }
    }
}

/// Requests and entitlements that moved no money, with the reasons.
///
/// Your own, or for staff those of one member or of all.
#[operation]
pub(super) async fn list_forfeits(
    state: web::Data<WalletState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<ForfeitsFilter>,
) -> Result<Json<Listing<ForfeitView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let owner = visible_owner(&caller, filter.user_id);
    let rows = forfeits::list(&mut c, owner, order, page.after_number()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Number(row.0), |row| ForfeitView::from(row.1))))
}
