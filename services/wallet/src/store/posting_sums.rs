//! Sums computed from the journal for a set of owners, to compare with the stored balances.

use super::entries::CauseId;
use crate::domain::{Account, EntryId, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::{AnyOfExt, DbConnection, sum_i64};
use diesel::dsl::{case_when, count};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::{Money, UserId};

/// The owners whose postings are added up.
#[derive(Debug, Clone, Copy)]
pub enum OwnerFilter<'a> {
    /// Owners after the first id, up to and including the second.
    Between(UserId, UserId),
    AnyOf(&'a [UserId]),
}

/// The sums of one account of one owner.
#[derive(Debug, Queryable)]
pub struct AccountSum {
    pub owner: UserId,
    pub account: Account,
    pub sum: Option<Money>,
    /// The part that counts as earned: bonuses and pair earnings, less their reversals, including the part of a
    /// reversal that became a clawback due.
    pub earned: Option<Money>,
    /// The count of lines that the owner sees.
    pub visible_lines: i64,
}

/// Sums by owner and account.
pub async fn list_account_sums(c: &mut DbConnection, owners: OwnerFilter<'_>) -> QueryResult<Vec<AccountSum>> {
    let earning = [TransactionType::ReferralBonus, TransactionType::BinaryPair, TransactionType::Reversal];
    let became_due = postings::account.eq(Account::ClawbackDue).and(postings::amount_paise.lt(0));
    let earned =
        postings::transaction_type.is_not_null().and(postings::transaction_type.assume_not_null().any_of(&earning));
    let query = postings::table
        .group_by((postings::owner_id, postings::account))
        .select((
            postings::owner_id,
            postings::account,
            sum_i64(postings::amount_paise),
            sum_i64(case_when(earned.or(became_due), postings::amount_paise).otherwise(0)),
            count(postings::transaction_number),
        ))
        .into_boxed::<db::MultiBackend>();
    match owners {
        OwnerFilter::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        OwnerFilter::AnyOf(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// Clawback dues of refunds that were paid twice, by owner. They do not count against the total earned.
pub async fn list_refund_dues(
    c: &mut DbConnection,
    owners: OwnerFilter<'_>,
) -> QueryResult<Vec<(UserId, Option<Money>)>> {
    let query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::account.eq(Account::ClawbackDue))
        .filter(journal_entries::kind.eq(EntryKind::RefundClawback))
        .group_by(postings::owner_id)
        .select((postings::owner_id, sum_i64(postings::amount_paise)))
        .into_boxed::<db::MultiBackend>();
    match owners {
        OwnerFilter::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        OwnerFilter::AnyOf(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// The captured payouts of these owners.
pub async fn list_captured_payouts(
    c: &mut DbConnection,
    owners: OwnerFilter<'_>,
) -> QueryResult<Vec<(UserId, CauseId)>> {
    let query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::transaction_type.eq(TransactionType::Payout))
        .select((postings::owner_id, journal_entries::cause_id))
        .into_boxed::<db::MultiBackend>();
    match owners {
        OwnerFilter::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        OwnerFilter::AnyOf(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// A stored line, with the values that follow from the lines before it.
#[derive(Debug, QueryableByName)]
#[diesel(check_for_backend(db::MultiBackend))]
pub struct LineDeviation {
    #[diesel(sql_type = Binary)]
    pub entry_id: EntryId,
    #[diesel(sql_type = Integer)]
    pub line: i32,
    #[diesel(sql_type = BigInt)]
    pub has_entry: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub transaction_type: Option<TransactionType>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub account_after_paise: Option<Money>,
    #[diesel(sql_type = BigInt)]
    pub folded_after: Money,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub transaction_number: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub folded_number: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub balance_before_paise: Option<Money>,
    #[diesel(sql_type = BigInt)]
    pub folded_before: Money,
}

/// A visible line has the next number and the sum of the visible lines before it. Other lines move money between
/// available and held, which leaves their sum as it is.
const DEVIATIONS: &str = "
    SELECT * FROM (
        SELECT walked.*, ROW_NUMBER() OVER (PARTITION BY owner_id ORDER BY position) AS place FROM (
            SELECT
                p.owner_id, p.position, p.entry_id, p.line, p.transaction_type, p.account_after_paise,
                p.transaction_number, p.balance_before_paise,
                CASE WHEN e.id IS NULL THEN 0 ELSE 1 END AS has_entry,
                CAST(SUM(p.amount_paise) OVER accounts AS SIGNED) AS folded_after,
                CAST(COUNT(p.transaction_type) OVER members AS SIGNED) AS folded_number,
                CAST(SUM(CASE WHEN p.transaction_type IS NULL THEN 0 ELSE p.amount_paise END) OVER members AS SIGNED)
                    - p.amount_paise AS folded_before
            FROM postings p LEFT JOIN journal_entries e ON e.id = p.entry_id
            WHERE p.owner_id > ? AND p.owner_id <= ?
            WINDOW
                accounts AS (PARTITION BY p.owner_id, p.account ORDER BY p.position ROWS UNBOUNDED PRECEDING),
                members AS (PARTITION BY p.owner_id ORDER BY p.position ROWS UNBOUNDED PRECEDING)
        ) AS walked
        WHERE has_entry = 0
            OR account_after_paise IS NULL
            OR account_after_paise <> folded_after
            OR CASE WHEN transaction_type IS NULL THEN transaction_number IS NOT NULL ELSE
                transaction_number IS NULL OR transaction_number <> folded_number
                OR balance_before_paise IS NULL OR balance_before_paise <> folded_before END
    ) AS deviating WHERE place = 1 ORDER BY owner_id";

/// The first line of each owner that differs from the lines before it, for owners after the first id, up to and
/// including the second. There are none, unless rows were changed outside the platform.
pub async fn list_first_deviations(c: &mut DbConnection, owners: (UserId, UserId)) -> QueryResult<Vec<LineDeviation>> {
    diesel::sql_query(DEVIATIONS).bind::<Binary, _>(owners.0).bind::<Binary, _>(owners.1).load(c).await
}
