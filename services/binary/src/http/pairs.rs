//! Pairs and what they came to.

use crate::app::announce::{PairId, pair_id};
use crate::app::totals;
use crate::domain::{Ix, Tree};
use crate::state::Binary;
use crate::store::pairs::{self, MonthSum, PairRow, PairStatus};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, Page, Problem, Query, ok};
use domain::{Money, MoneyError, Month, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

const STILL_ADDING: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Earner {
    /// For staff: whose. Everybody's by default.
    #[serde(default)]
    user_id: Option<UserId>,
}

/// Whose pairs an answer is about.
enum Whose {
    Everybody,
    Node(Ix),
    /// Somebody without a place.
    Nobody,
}

impl Whose {
    fn of(tree: &Tree, caller: &Caller, filter: &Earner) -> Self {
        let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
        match user {
            None => Self::Everybody,
            Some(user) => tree.find(user).map_or(Self::Nobody, Self::Node),
        }
    }
    /// The column's value: none for everybody.
    fn column(&self) -> Option<i64> {
        match self {
            Self::Everybody => None,
            Self::Node(node) => Some(i64::from(*node)),
            Self::Nobody => Some(-1),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PairView {
    id: PairId,
    earner_id: UserId,
    number: i64,
    left_user_id: UserId,
    right_user_id: UserId,
    month: Month,
    /// Of the period's limit, from 1; null when flushed.
    slot: Option<i64>,
    status: PairStatus,
    gross: Money,
    emi_deduction: Money,
    reserve_deduction: Money,
    available: Money,
    /// As the tree's own order saw it when the pair was matched.
    earner_active_buyer: bool,
    plan_version: i64,
    matched_at: Timestamp,
    voided_at: Option<Timestamp>,
}

fn view(tree: &Tree, row: PairRow) -> PairView {
    let user = |node: i64| tree.arena().id(Ix::try_from(node).unwrap_or_default());
    let earner_id = user(row.earner_node);
    PairView {
        id: pair_id(earner_id, row.number),
        earner_id,
        number: row.number,
        left_user_id: user(row.left_node),
        right_user_id: user(row.right_node),
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

pub(super) async fn list(
    app: web::Data<Binary>,
    caller: Caller,
    page: Page,
    Query(filter): Query<Earner>,
) -> Result<HttpResponse, Problem> {
    let after = page.after_number()?;
    let mut c = app.ctx.db().read().await?;
    let whose = Whose::of(&app.keeper.read(&mut c).await?.tree, &caller, &filter);
    let rows = pairs::page(&mut c, whose.column(), after, page.fetch_limit()).await?;
    // Read after the rows, so that everybody in them has a node.
    let held = app.keeper.read(&mut c).await?;
    let everybody = matches!(whose, Whose::Everybody);
    let cursor = |row: &PairRow| Cursor::Number(if everybody { row.ordinal } else { row.number });
    Ok(ok(&page.listing(rows, cursor, |row| view(&held.tree, row))))
}

/// One month.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct EarningsView {
    month: Month,
    /// Matched pairs that stand.
    pairs: i64,
    flushed: i64,
    voided: i64,
    /// Of the pairs that stand, like the parts below: they add up to it.
    gross: Money,
    emi_deduction: Money,
    reserve_deduction: Money,
    available: Money,
}

pub(super) async fn earnings(
    app: web::Data<Binary>,
    caller: Caller,
    page: Page,
    Query(filter): Query<Earner>,
) -> Result<HttpResponse, Problem> {
    let after = page.after_number()?;
    let mut c = app.ctx.db().read().await?;
    let whose = Whose::of(&app.keeper.read(&mut c).await?.tree, &caller, &filter);
    let sums = match whose.column() {
        Some(earner) => pairs::month_sums(&mut c, earner).await?,
        None => totals::sums(&mut c).await?.ok_or_else(still_adding)?,
    };
    let months = by_month(sums).map_err(Problem::internal)?;
    let limit = usize::try_from(page.fetch_limit()).unwrap_or(usize::MAX);
    let older = |m: &EarningsView| after.is_none_or(|a| i64::from(m.month.number()) < a);
    let rows: Vec<EarningsView> = months.into_iter().filter(older).take(limit).collect();
    Ok(ok(&page.listing(rows, |m| Cursor::Number(i64::from(m.month.number())), |m| m)))
}

/// After an upgrade, the sums of a large table take a while.
fn still_adding() -> Problem {
    Problem::unavailable("the sums of all pairs are still being added up").with_retry_after(STILL_ADDING)
}

/// Newest first.
fn by_month(sums: Vec<MonthSum>) -> Result<Vec<EarningsView>, MoneyError> {
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
    Ok(months.into_values().rev().collect())
}
