//! Columns and figures of the reports that are not by period: commission by generation, and ages.

use super::overflow;
use crate::domain::ageing::{Bucket, INSTALMENT_BUCKETS, PAYOUT_BUCKETS, bucket_of};
use crate::domain::filter::{FilterName, ReportFilters};
use crate::domain::report::{Column, Figure, Table};
use crate::domain::rollup::RollupKind;
use crate::domain::{PairStatus, PayoutStatus, TransactionType, generation};
use crate::store::{generations, rollups, wallets};
use db::DbConnection;
use domain::Day;
use http_api::Problem;

/// Referral bonuses are of the first generation; a pair is of the generation of its deeper member.
pub(super) const GENERATIONS: &[Column] = &[
    Column::rupees("referral_bonus").filtered_by(&[FilterName::City]),
    Column::count("pairs_matched").filtered_by(OF_PAIR),
    Column::rupees("gross").filtered_by(OF_PAIR),
    Column::count("pairs_voided").filtered_by(OF_PAIR),
    Column::rupees("voided_gross").filtered_by(OF_PAIR),
];
const OF_PAIR: &[FilterName] = &[FilterName::City, FilterName::PlanVersion];

/// Loads the commission by generation.
pub(super) async fn generations(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
    columns: Vec<Column>,
) -> Result<Table, Problem> {
    let mut figures = Vec::new();
    for (_, kind, amount) in wallets::per_day(c, days, filters).await? {
        if kind == TransactionType::ReferralBonus {
            figures.push(Figure::rupees(generation::name(Some(1)), "referral_bonus", amount));
        }
    }
    for ((generation, fact), (count, gross)) in generations::sums(c, days, filters).await? {
        let (counts, amounts) = match fact {
            PairStatus::Matched => ("pairs_matched", "gross"),
            PairStatus::Voided => ("pairs_voided", "voided_gross"),
            PairStatus::Flushed => continue,
        };
        let row = generation::name(generation);
        figures.push(Figure::count(row.clone(), counts, count));
        figures.push(Figure::rupees(row, amounts, gross));
    }
    let rows = generation::names().map(|name| (name.clone(), name));
    Table::try_new("generation", columns, rows, figures).map_err(overflow)
}

/// Unpaid instalments of confirmed bookings by the days since they were due.
pub(super) const EMI_AGEING: &[Column] = &[Column::count("instalments"), Column::rupees("unpaid")];

/// Loads the ages of unpaid instalments.
pub(super) async fn emi_ageing(c: &mut DbConnection, today: Day, columns: Vec<Column>) -> Result<Table, Problem> {
    let mut figures = Vec::new();
    for (due_on, _, sums) in rollups::load_all_days(c, RollupKind::Instalment).await? {
        let bucket = bucket_of(INSTALMENT_BUCKETS, due_on, today);
        let [unpaid, ..] = sums.amounts();
        figures.push(Figure::count(bucket, "instalments", sums.facts));
        figures.push(Figure::rupees(bucket, "unpaid", unpaid));
    }
    by_bucket(INSTALMENT_BUCKETS, columns, figures)
}

/// Payouts that are requested and not finished, by the days since their request.
pub(super) const PAYOUT_AGEING: &[Column] = &[
    Column::count("open"),
    Column::rupees("open_amount"),
    Column::count("undecided"),
    Column::rupees("undecided_amount"),
    Column::count("unpaid_payouts"),
    Column::rupees("unpaid_amount"),
];

/// Loads the ages of open payouts: those that wait for a decision, and those that wait for the bank.
pub(super) async fn payout_ageing(c: &mut DbConnection, today: Day, columns: Vec<Column>) -> Result<Table, Problem> {
    let mut figures = Vec::new();
    for (requested_on, part, sums) in rollups::load_all_days(c, RollupKind::OpenPayout).await? {
        let bucket = bucket_of(PAYOUT_BUCKETS, requested_on, today);
        let [requested, ..] = sums.amounts();
        let (count, amount) = match part.parse::<PayoutStatus>().map_err(Problem::internal)? {
            PayoutStatus::Requested | PayoutStatus::Pending => ("undecided", "undecided_amount"),
            PayoutStatus::Approved | PayoutStatus::Processing => ("unpaid_payouts", "unpaid_amount"),
            PayoutStatus::Completed
            | PayoutStatus::Rejected
            | PayoutStatus::Cancelled
            | PayoutStatus::Failed
            | PayoutStatus::Reversed => continue,
        };
        for (count, amount) in [("open", "open_amount"), (count, amount)] {
            figures.push(Figure::count(bucket, count, sums.facts));
            figures.push(Figure::rupees(bucket, amount, requested));
        }
    }
    by_bucket(PAYOUT_BUCKETS, columns, figures)
}

fn by_bucket(
    buckets: &'static [Bucket],
    columns: Vec<Column>,
    figures: Vec<Figure<&'static str>>,
) -> Result<Table, Problem> {
    let rows = buckets.iter().map(|bucket| (bucket.name, bucket.name.to_owned()));
    Table::try_new("age", columns, rows, figures).map_err(overflow)
}
