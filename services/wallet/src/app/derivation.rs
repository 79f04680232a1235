//! Explanation of stored statement lines: reads the command back from the entry and derives the amount.

use super::ids;
use crate::domain::explanation::{self, Derivation, LineContext};
use crate::domain::{Account, Command, EntryKind};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::{entries, holds, plans};
use db::DbConnection;
use domain::{Money, PayoutId, Plan, PlanHistory};

/// Derives the amount of one line of an entry. Returns the derivation and the plan version that decided the entry,
/// `None` for the plan when there is none or it is not stored. Errors with `Json` when the stored inputs cannot be
/// parsed.
pub async fn for_line(
    c: &mut DbConnection,
    entry: &EntryRow,
    lines: &[PostingRow],
    line: &PostingRow,
) -> Result<(Derivation, Option<Plan>), WalletError> {
    let Some(kind) = line.transaction_type else { return Ok((Derivation::default(), None)) };
    let command = parse_command(entry.kind, &entry.inputs).map_err(WalletError::Json)?;
    let plan = match entry.plan_version {
        None => None,
        Some(version) => find_plan(c, version).await?,
    };
    let context = line_context(c, entry, lines, line, &command).await?;
    Ok((explanation::derive(kind, &command, context, plan.as_ref())?, plan))
}

async fn line_context(
    c: &mut DbConnection,
    entry: &EntryRow,
    lines: &[PostingRow],
    line: &PostingRow,
    command: &Command,
) -> Result<LineContext, WalletError> {
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
        Some(id) => hold_amount(c, id).await?,
    };
    Ok(LineContext {
        original,
        account_before: before(line)?,
        credited: money(Money::total(earlier.map(|l| l.amount_paise)))?,
        due_before: money(due.map(before).transpose()?.unwrap_or_default().neg())?,
        held,
    })
}

async fn hold_amount(c: &mut DbConnection, id: PayoutId) -> Result<Money, WalletError> {
    Ok(holds::find(c, id).await?.map(|h| h.amount).unwrap_or_default())
}

async fn find_plan(c: &mut DbConnection, version: i64) -> Result<Option<Plan>, WalletError> {
    let stored = plans::find_json(c, version).await?;
    if let Some(json) = stored {
        return serde_json::from_str(&json).map(Some).map_err(WalletError::Json);
    }
    let built_in = u32::try_from(version).ok().and_then(|v| PlanHistory::seed().get(v).map(|v| v.plan.clone()));
    Ok(built_in)
}

/// Parses the inputs of an entry of `kind` as the command that posted it. Errors when they are not its JSON.
pub fn parse_command(kind: EntryKind, inputs: &str) -> Result<Command, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(inputs);
    let command = Command::deserialize_inputs(kind, &mut json)?;
    json.end()?;
    Ok(command)
}

/// Finds the statement line with `number` among the postings of an entry.
pub fn find_line(lines: &[PostingRow], number: i32) -> Option<&PostingRow> {
    lines.iter().find(|l| l.line == number && l.transaction_type.is_some())
}

/// Finds the entry of a transaction id, with all its postings and the number of the line.
pub async fn find_entry(
    c: &mut DbConnection,
    id: crate::domain::TransactionId,
) -> Result<Option<(EntryRow, Vec<PostingRow>, i32)>, WalletError> {
    let (entry_id, number) = ids::entry_and_line(id);
    let Some(entry) = entries::find(c, entry_id).await? else { return Ok(None) };
    let lines = entries::list_lines(c, entry_id).await?;
    Ok(Some((entry, lines, number)))
}
