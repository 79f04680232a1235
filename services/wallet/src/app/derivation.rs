//! Reads a stored entry back as the command that made it, to explain its lines.

use super::ids;
use crate::domain::explanation::{self, Derivation, Met};
use crate::domain::{Account, Command, EntryKind};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::{entries, holds, plans};
use db::DbConnection;
use domain::{Money, PayoutId, Plan, PlanBook};
use serde::de::DeserializeOwned;

/// The derivation of one line of an entry, and the plan it was decided under.
pub async fn of(
    c: &mut DbConnection,
    entry: &EntryRow,
    lines: &[PostingRow],
    line: &PostingRow,
) -> Result<(Derivation, Option<Plan>), WalletError> {
    let Some(kind) = line.transaction_type else { return Ok((Derivation::default(), None)) };
    let command = command(entry.kind, &entry.inputs).map_err(WalletError::Json)?;
    let plan = match entry.plan_version {
        None => None,
        Some(version) => plan(c, version).await?,
    };
    let met = met(c, entry, lines, line, &command).await?;
    Ok((explanation::derive(kind, &command, met, plan.as_ref())?, plan))
}

async fn met(
    c: &mut DbConnection,
    entry: &EntryRow,
    lines: &[PostingRow],
    line: &PostingRow,
    command: &Command,
) -> Result<Met, WalletError> {
    let money = |r: Result<Money, domain::MoneyError>| r.map_err(|e| WalletError::Ledger(e.into()));
    let before = |row: &PostingRow| money(row.account_after_paise.unwrap_or_default().sub(row.amount_paise));
    let original = match entry.reverses {
        None => Money::ZERO,
        Some(id) => entries::find(c, id).await?.map(|e| e.amount_paise).unwrap_or_default(),
    };
    let due = lines.iter().find(|l| l.account == Account::ClawbackDue);
    let earlier = lines.iter().filter(|l| l.account == Account::Available && l.line < line.line);
    let held = match command.payout() {
        None => Money::ZERO,
        Some(id) => hold(c, id).await?,
    };
    Ok(Met {
        original,
        account_before: before(line)?,
        credited: money(Money::total(earlier.map(|l| l.amount_paise)))?,
        due_before: money(due.map(before).transpose()?.unwrap_or_default().neg())?,
        held,
    })
}

async fn hold(c: &mut DbConnection, id: PayoutId) -> Result<Money, WalletError> {
    Ok(holds::find(c, id).await?.map(|h| h.amount).unwrap_or_default())
}

async fn plan(c: &mut DbConnection, version: i64) -> Result<Option<Plan>, WalletError> {
    let stored = plans::find(c, version).await?;
    if let Some(json) = stored {
        return serde_json::from_str(&json).map(Some).map_err(WalletError::Json);
    }
    let built_in = u32::try_from(version).ok().and_then(|v| PlanBook::seed().get(v).map(|v| v.plan.clone()));
    Ok(built_in)
}

fn read<T: DeserializeOwned>(inputs: &str, wrap: fn(T) -> Command) -> Result<Command, serde_json::Error> {
    serde_json::from_str(inputs).map(wrap)
}

/// The command an entry of `kind` was made by.
pub fn command(kind: EntryKind, inputs: &str) -> Result<Command, serde_json::Error> {
    match kind {
        EntryKind::Referral => read(inputs, Command::Bonus),
        EntryKind::ReferralReversal => read(inputs, Command::BonusReversal),
        EntryKind::Pair => read(inputs, Command::Pair),
        EntryKind::PairVoid => read(inputs, Command::PairVoid),
        EntryKind::Refund => read(inputs, Command::Refund),
        EntryKind::Return => read(inputs, Command::Return),
        EntryKind::RefundClawback => read(inputs, Command::RefundClawback),
        EntryKind::BookingPayment => read(inputs, Command::BookingPayment),
        EntryKind::Hold => read(inputs, Command::Hold),
        EntryKind::Capture => read(inputs, Command::Capture),
        EntryKind::Release => read(inputs, Command::Release),
        EntryKind::PayoutCompletion => read(inputs, Command::Complete),
        EntryKind::PayoutFailure => read(inputs, Command::Fail),
        EntryKind::PayoutReversal => read(inputs, Command::ReversePayout),
        EntryKind::EmiApplication => read(inputs, Command::ApplyReserve),
        EntryKind::EmiRelease => read(inputs, Command::ReleaseReserve),
        EntryKind::Deposit => read(inputs, Command::Deposit),
        EntryKind::ReserveRelease => read(inputs, Command::ReserveRelease),
        EntryKind::Adjustment => read(inputs, Command::Adjust),
    }
}

/// The line of `lines` that carries `number`.
pub fn line(lines: &[PostingRow], number: i32) -> Option<&PostingRow> {
    lines.iter().find(|l| l.line == number && l.transaction_type.is_some())
}

/// The entry a line's id names, with all its lines.
pub async fn find(
    c: &mut DbConnection,
    id: crate::domain::TransactionId,
) -> Result<Option<(EntryRow, Vec<PostingRow>, i32)>, WalletError> {
    let (entry_id, number) = ids::line_of(id);
    let Some(entry) = entries::find(c, entry_id).await? else { return Ok(None) };
    let lines = entries::lines(c, entry_id).await?;
    Ok(Some((entry, lines, number)))
}
