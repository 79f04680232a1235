//! Pairs and their sums by month.

use super::names::{MemberNameView, load_names};
use crate::app::column::load_member;
use crate::app::outgoing_events::{PairId, pair_id};
use crate::app::totals;
use crate::domain::{NodeIndex, PairStatus, Tree};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::pairs::{self, MonthSum, PairQuery, PairRow};
use actix_web::web;
use domain::{Money, MoneyError, Month, Timestamp, UserId};
use http_api::{Caller, Cursor, Json, Listing, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// `Retry-After` while the totals are incomplete.
const TOTALS_RETRY_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PairFilter {
    /// Earner, for staff only; all earners by default.
    #[serde(default)]
    user_id: Option<UserId>,
    /// Month in which the pair was made.
    #[serde(default)]
    month: Option<Month>,
    #[serde(default)]
    status: Option<PairStatus>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct EarningsFilter {
    /// Earner, for staff only; all earners by default.
    #[serde(default)]
    user_id: Option<UserId>,
}

/// Earners whose pairs an answer shows.
enum EarnerScope {
    All,
    Node(NodeIndex),
    /// A member who is not placed and has no pairs.
    NotPlaced,
}

impl EarnerScope {
    fn of(tree: &Tree, caller: &Caller, filtered: Option<UserId>) -> Self {
        let user = if caller.role.is_staff() { filtered } else { Some(caller.user_id) };
        match user {
            None => Self::All,
            Some(user) => tree.find(user).map_or(Self::NotPlaced, Self::Node),
        }
    }
    /// Value of the `earner_node` column; `None` for all earners, -1 (matches no row) for a member who is not placed.
    fn column(&self) -> Option<i64> {
        match self {
            Self::All => None,
            Self::Node(node) => Some(i64::from(*node)),
            Self::NotPlaced => Some(-1),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PairView {
    id: PairId,
    earner_id: UserId,
    earner: MemberNameView,
    number: i64,
    left_user_id: UserId,
    left: MemberNameView,
    right_user_id: UserId,
    right: MemberNameView,
    month: Month,
    /// Slot in the limit of the period, from 1; null when flushed.
    slot: Option<i64>,
    status: PairStatus,
    gross: Money,
    emi_deduction: Money,
    reserve_deduction: Money,
    available: Money,
    /// Whether the earner was an Active Buyer when the pair was matched.
    earner_active_buyer: bool,
    plan_version: i64,
    matched_at: Timestamp,
    voided_at: Option<Timestamp>,
}

/// The members of a pair.
struct PairMembers {
    earner: UserId,
    left: UserId,
    right: UserId,
}

impl PairMembers {
    fn of(tree: &Tree, row: &PairRow) -> Result<Self, BinaryError> {
        Ok(Self {
            earner: load_member(tree, row.earner_node)?,
            left: load_member(tree, row.left_node)?,
            right: load_member(tree, row.right_node)?,
        })
    }
}

fn pair_view(row: PairRow, members: &PairMembers, names: &HashMap<UserId, String>) -> PairView {
    let PairMembers { earner, left, right } = *members;
    let named = |user_id| MemberNameView { user_id, name: names.get(&user_id).cloned().unwrap_or_default() };
    PairView {
        id: pair_id(earner, row.number),
        earner_id: earner,
        earner: named(earner),
        number: row.number,
        left_user_id: left,
        left: named(left),
        right_user_id: right,
        right: named(right),
        month: row.month,
        slot: row.slot,
        status: row.status,
        gross: row.gross_paise,
        emi_deduction: row.emi_deduction_paise,
        reserve_deduction: row.reserve_deduction_paise,
        available: row.available_paise,
        earner_active_buyer: row.earner_active_buyer,
        plan_version: row.plan_version,
        matched_at: row.matched_at,
        voided_at: row.voided_at,
    }
}

/// List pairs.
///
/// The caller's own pairs; staff see the pairs of the earner in `user_id`, or all pairs.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<PairFilter>,
) -> Result<Json<Listing<PairView>>, Problem> {
    let after = page.after_number()?;
    let mut c = state.ctx.db().read().await?;
    let scope = EarnerScope::of(&state.tree_store.read(&mut c).await?.tree, &caller, filter.user_id);
    let conditions = PairQuery { earner: scope.column(), month: filter.month, status: filter.status };
    let rows = pairs::list(&mut c, &conditions, order, after, page.fetch_limit()).await?;
    let members = {
        // Read after the rows, so that every member in them has a node.
        let tree_state = state.tree_store.read(&mut c).await?;
        rows.iter().map(|row| PairMembers::of(&tree_state.tree, row)).collect::<Result<Vec<_>, _>>()?
    };
    let mut ids: Vec<UserId> = members.iter().flat_map(|m| [m.earner, m.left, m.right]).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = load_names(&mut c, &ids).await?;
    let is_all = matches!(scope, EarnerScope::All);
    let cursor = |row: &PairRow| Cursor::Number(if is_all { row.ordinal } else { row.number });
    let rows: Vec<(PairRow, PairMembers)> = rows.into_iter().zip(members).collect();
    Ok(Json::new(page.listing(rows, |(row, _)| cursor(row), |(row, members)| pair_view(row, &members, &names))))
}

/// Sums of one month.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct EarningsView {
    month: Month,
    /// Matched pairs, without voided ones.
    pairs: i64,
    flushed: i64,
    voided: i64,
    /// Gross pay of the matched pairs: the sum of the parts below.
    gross: Money,
    emi_deduction: Money,
    reserve_deduction: Money,
    available: Money,
}

/// Sums of pairs by month.
///
/// The caller's own pairs; staff see the sums of the earner in `user_id`, or of all earners. 503 while the sums of all
/// earners are still being computed.
#[operation]
pub(super) async fn list_earnings(
    state: web::Data<BinaryState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<EarningsFilter>,
) -> Result<Json<Listing<EarningsView>>, Problem> {
    let after = page.after_number()?;
    let mut c = state.ctx.db().read().await?;
    let scope = EarnerScope::of(&state.tree_store.read(&mut c).await?.tree, &caller, filter.user_id);
    let sums = match scope.column() {
        Some(earner) => pairs::list_month_sums(&mut c, earner).await?,
        None => totals::load_sums(&mut c).await?.ok_or_else(totals_incomplete)?,
    };
    let number = |m: &EarningsView| i64::from(m.month.number());
    let mut rows = sums_by_month(sums).map_err(Problem::internal)?;
    rows.retain(|month| order.is_after(&number(month), after.as_ref()));
    order.sort_by_key(&mut rows, number);
    rows.truncate(usize::try_from(page.fetch_limit()).map_err(Problem::internal)?);
    Ok(Json::new(page.listing(rows, |month| Cursor::Number(number(month)), |month| month)))
}

/// 503 while the totals of a large table are still being computed after an upgrade.
fn totals_incomplete() -> Problem {
    Problem::unavailable("the totals of all pairs are still being computed").with_retry_after(TOTALS_RETRY_AFTER)
}

/// Sums by month. Errors when a sum is out of range.
fn sums_by_month(sums: Vec<MonthSum>) -> Result<Vec<EarningsView>, MoneyError> {
    let mut months: BTreeMap<Month, EarningsView> = BTreeMap::new();
    for sum in sums {
        let month = months.entry(sum.month).or_insert_with(|| EarningsView {
            month: sum.month,
            pairs: 0,
            flushed: 0,
            voided: 0,
            gross: Money::ZERO,
            emi_deduction: Money::ZERO,
            reserve_deduction: Money::ZERO,
            available: Money::ZERO,
        });
        match sum.status {
            PairStatus::Flushed => month.flushed += sum.pairs,
            PairStatus::Voided => month.voided += sum.pairs,
            PairStatus::Matched => {
                month.pairs += sum.pairs;
                month.gross = month.gross.add(sum.gross.unwrap_or_default())?;
                month.emi_deduction = month.emi_deduction.add(sum.emi_deduction.unwrap_or_default())?;
                month.reserve_deduction = month.reserve_deduction.add(sum.reserve_deduction.unwrap_or_default())?;
                month.available = month.available.add(sum.available.unwrap_or_default())?;
            }
        }
    }
    Ok(months.into_values().collect())
}
