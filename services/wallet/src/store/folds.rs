//! The journal added up again, a range of owners at a time, to compare with what is kept of it.

use super::entries::CauseId;
use crate::domain::{Account, EntryId, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::{AnyOfExt, DbConnection, sum_i64};
use diesel::dsl::{case_when, count};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::{Money, UserId};

/// Whose accounts are added up.
#[derive(Debug, Clone, Copy)]
pub enum Owners<'a> {
    /// Those after the first, up to and with the second.
    Between(UserId, UserId),
    These(&'a [UserId]),
}

/// One account of one owner, added up.
#[derive(Debug, Queryable)]
pub struct Fold {
    pub owner: UserId,
    pub account: Account,
    pub sum: Option<Money>,
    /// What of it was earned: bonuses and pairs, less all that was taken back of them, which a due is part of.
    pub earned: Option<Money>,
    /// How many of its lines the owner sees.
    pub seen: i64,
}

/// By owner and account.
pub async fn folded(c: &mut DbConnection, owners: Owners<'_>) -> QueryResult<Vec<Fold>> {
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
        Owners::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        Owners::These(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// What became due because a refund was paid twice: no part of what was earned.
pub async fn refunds_due(c: &mut DbConnection, owners: Owners<'_>) -> QueryResult<Vec<(UserId, Option<Money>)>> {
    let query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::account.eq(Account::ClawbackDue))
        .filter(journal_entries::kind.eq(EntryKind::RefundClawback))
        .group_by(postings::owner_id)
        .select((postings::owner_id, sum_i64(postings::amount_paise)))
        .into_boxed::<db::MultiBackend>();
    match owners {
        Owners::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        Owners::These(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// The payouts that left these owners' wallets.
pub async fn captured(c: &mut DbConnection, owners: Owners<'_>) -> QueryResult<Vec<(UserId, CauseId)>> {
    let query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::transaction_type.eq(TransactionType::Payout))
        .select((postings::owner_id, journal_entries::cause_id))
        .into_boxed::<db::MultiBackend>();
    match owners {
        Owners::Between(after, until) => {
            query.filter(postings::owner_id.gt(after)).filter(postings::owner_id.le(until)).load(c).await
        }
        Owners::These(ids) => query.filter(postings::owner_id.any_of(ids)).load(c).await,
    }
}

/// A line beside what all lines before it make of it.
#[derive(Debug, QueryableByName)]
#[diesel(check_for_backend(db::MultiBackend))]
pub struct Deviation {
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

/// A line the member sees has the next number and the sum of those before it; what is not seen moves money between
/// available and held and so nothing of their sum.
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

/// Of each owner after the first, up to and with the second, the first line that deviates. There are none, unless somebody wrote past the platform.
pub async fn first_deviations(c: &mut DbConnection, owners: (UserId, UserId)) -> QueryResult<Vec<Deviation>> {
    diesel::sql_query(DEVIATIONS).bind::<Binary, _>(owners.0).bind::<Binary, _>(owners.1).load(c).await
}
