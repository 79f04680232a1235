//! Entries, holds, reserves and balances, compared with what the services that caused them store.

use crate::app::ids;
use crate::domain::hold::HoldState;
use crate::domain::{EntryId, EntryKey, EntryKind};
use crate::schema::{emi_reserves, holds, journal_entries, members, wallets};
use db::records::{Record, RecordKey, RecordPage, RecordSource, row_number, row_position};
use db::{AnyOfExt, DbConnection, Version, record_source};
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::RunQueryDsl;
use domain::{Money, PayoutId, ReserveId, UserId};
use serde::Deserialize;
use uuid::Uuid;

/// The entries of one kind; the key is their cause.
macro_rules! entries {
    ($kind:literal, $entry_kind:expr) => {
        RecordSource {
            kind: $kind,
            has_derived_ids: false,
            list: |c, after, limit| Box::pin(list_entries(c, $entry_kind, after, limit)),
            find: |c, keys| Box::pin(find_entries(c, $entry_kind, keys)),
        }
    };
}

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table,
        members::user_id => UserId,
    ),
    entries!("referral bonuses", EntryKind::Referral),
    entries!("earning pairs", EntryKind::Pair),
    entries!("voided pairs", EntryKind::PairVoid),
    entries!("payments from wallets", EntryKind::BookingPayment),
    entries!("refunds to wallets", EntryKind::Refund),
    entries!("completed payouts", EntryKind::PayoutCompletion),
    record_source!(
        "holds",
        holds::table.filter(holds::state.ne(HoldState::Released)),
        holds::payout_id => PayoutId,
        user: holds::user_id => UserId,
        amount: holds::amount_paise => Money,
        is_captured: holds::state => HoldState as |state: HoldState| state == HoldState::Captured,
    ),
    record_source!(
        "EMI reserves",
        emi_reserves::table,
        emi_reserves::reserve_id => ReserveId,
        user: emi_reserves::user_id => UserId,
        amount: emi_reserves::amount_paise => Money,
        applied: emi_reserves::applied_paise => Money,
        released: emi_reserves::released_paise => Money,
    ),
    record_source!(
        "wallets",
        // A wallet is created, and locked, before its first entry.
        wallets::table.filter(wallets::version.gt(0)),
        wallets::user_id => UserId,
        version: wallets::version => Version,
        available: wallets::available_paise => Money,
        held: wallets::held_paise => Money,
        emi_reserve: wallets::emi_reserve_paise => Money,
        reserve: wallets::reserve_paise => Money,
        clawback_due: wallets::clawback_due_paise => Money,
    ),
];

/// Cause, member, amount and inputs of an entry.
type EntryRow = (Vec<u8>, UserId, Money, String);

fn entry_record((cause, member, amount, inputs): EntryRow) -> QueryResult<Record> {
    let id = Uuid::from_slice(&cause).map_err(|error| Error::DeserializationError(Box::new(error)))?;
    let mut record = Record::new(id).with("user", member).with("amount", amount);
    // The id of a pair is derived from its earner and its number.
    let inputs: Option<PairInputs> = serde_json::from_str(&inputs).ok();
    record.key.derived_from = inputs.map(|PairInputs { earner_id, number }| (earner_id.uuid(), number));
    Ok(record)
}

/// The part of the inputs that the entries of pairs alone have.
#[derive(Deserialize)]
struct PairInputs {
    earner_id: UserId,
    number: i64,
}

async fn list_entries(c: &mut DbConnection, kind: EntryKind, after: u128, limit: i64) -> QueryResult<RecordPage> {
    use journal_entries as t;
    let rows: Vec<(i64, EntryRow)> = t::table
        .filter(t::position.gt(row_number(after)?))
        .filter(t::kind.eq(kind))
        .order(t::position)
        .select((t::position, (t::cause_id, t::member_id, t::amount_paise, t::inputs)))
        .limit(limit)
        .load(c)
        .await?;
    RecordPage::read(rows, limit, |(position, row)| Ok((row_position(position)?, Some(entry_record(row)?))))
}

async fn find_entries(c: &mut DbConnection, kind: EntryKind, keys: &[RecordKey]) -> QueryResult<Vec<Record>> {
    use journal_entries as t;
    let ids: Vec<EntryId> = keys.iter().map(|key| ids::entry(EntryKey::new(kind, key.id))).collect();
    let columns = (t::cause_id, t::member_id, t::amount_paise, t::inputs);
    let rows: Vec<EntryRow> = t::table.filter(t::id.any_of(&ids)).select(columns).load(c).await?;
    rows.into_iter().map(entry_record).collect()
}
