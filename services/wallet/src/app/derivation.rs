//! Explanation of stored statement lines: reads the command back from the entry and derives the amount.

use super::ids;
use crate::domain::explanation::{Derivation, ExplainedLine};
use crate::domain::loaded_rows::RowKeys;
use crate::domain::{Account, Command, EntryKind};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::{entries, holds, plans};
use db::DbConnection;
use domain::{Money, Plan, PlanHistory};

/// Derives the amount of one line of an entry. Returns the derivation and the plan version that decided the entry,
/// `None` for the plan when there is none or it is not stored. Errors when the stored inputs or the
/// plan cannot be parsed.
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
        Some(version) => find_plan(c, version.get()).await?,
    };
    let mut reads = RowKeys::default();
    command.add_reads(&mut reads);
    let held = match reads.holds.first() {
        None => Money::ZERO,
        Some(payout) => holds::find(c, *payout).await?.map(|hold| hold.amount).unwrap_or_default(),
    };
    let original = match entry.reverses {
        None => Money::ZERO,
        Some(id) => entries::find(c, id).await?.map(|e| e.amount_paise).unwrap_or_default(),
    };
    let due = lines.iter().find(|l| l.account == Account::ClawbackDue);
    let earlier = lines.iter().filter(|l| l.account == Account::Available && l.line < line.line);
    let before = |row: &PostingRow| row.account_after_paise.unwrap_or_default().sub(row.amount_paise);
    let explained = ExplainedLine {
        kind,
        plan: plan.as_ref(),
        original,
        account_before: before(line)?,
        credited: Money::total(earlier.map(|l| l.amount_paise))?,
        due_before: due.map(before).transpose()?.unwrap_or_default().neg()?,
        held,
    };
    Ok((command.explain(&explained)?, plan))
}

async fn find_plan(c: &mut DbConnection, version: u32) -> Result<Option<Plan>, WalletError> {
    match plans::find(c, version).await? {
        Some(stored) => Ok(Some(stored.parse()?.plan)),
        // The first version is built in, not stored.
        None => Ok(PlanHistory::seed().get(version).map(|built_in| built_in.plan.clone())),
    }
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
