//! Explanation of stored causes: reads commands back from their inputs, and derives the amounts of entries.

use super::ids;
use crate::domain::explanation::{Derivation, ExplainedLine, Relation};
use crate::domain::loaded_rows::RowKeys;
use crate::domain::{Account, Command, EntryKind};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::forfeits::ForfeitRow;
use crate::store::{entries, holds, plans};
use db::{Count, DbConnection};
use domain::{Money, Plan, PlanHistory, UserId};

/// A posted or rejected cause: its command, with the rows that explain it.
pub struct StoredCause {
    pub command: Command,
    /// The plan version that decided the amount; `None` when there is none or it is not stored.
    pub plan: Option<Plan>,
    /// The posted entries of other causes that its rule reads: those that it reverses or continues.
    pub earlier: Vec<EarlierEntry>,
}

/// A posted entry that a later command depends on.
pub struct EarlierEntry {
    pub entry: EntryRow,
    pub command: Command,
}

/// Loads what explains a command, which `plan_version` decided. Errors when stored inputs or the plan cannot be parsed.
async fn load(c: &mut DbConnection, command: Command, plan_version: Option<u32>) -> Result<StoredCause, WalletError> {
    let plan = match plan_version {
        None => None,
        Some(version) => find_plan(c, version).await?,
    };
    let earlier = find_earlier(c, &command).await?;
    Ok(StoredCause { command, plan, earlier })
}

/// Loads what explains a forfeit. Errors when stored inputs or the plan cannot be parsed.
pub async fn load_forfeit(c: &mut DbConnection, row: &ForfeitRow) -> Result<StoredCause, WalletError> {
    let command = parse_command(row.kind, &row.inputs).map_err(WalletError::Json)?;
    let plan_version = command.plan_version();
    load(c, command, plan_version).await
}

async fn find_earlier(c: &mut DbConnection, command: &Command) -> Result<Vec<EarlierEntry>, WalletError> {
    let own = command.key();
    let ids: Vec<_> = reads(command).entries.into_iter().filter(|key| *key != own).map(ids::entry).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let earlier = |entry: EntryRow| {
        let command = parse_command(entry.kind, &entry.inputs).map_err(WalletError::Json)?;
        Ok(EarlierEntry { entry, command })
    };
    entries::list(c, &ids).await?.into_iter().map(earlier).collect()
}

impl StoredCause {
    /// The members that the command and the earlier entries concern, each once.
    pub fn people(&self) -> Vec<(UserId, Relation)> {
        let mut people = self.command.people();
        let earlier = self.earlier.iter().flat_map(|earlier| earlier.command.people());
        for (user_id, relation) in earlier {
            if people.iter().all(|(known, _)| *known != user_id) {
                people.push((user_id, relation));
            }
        }
        people
    }
}

/// A posted entry with everything that explains its lines.
pub struct StoredEntry {
    pub entry: EntryRow,
    /// All postings, in order.
    pub lines: Vec<PostingRow>,
    pub cause: StoredCause,
    /// The amount of the payout's hold; zero when there is none.
    held: Money,
}

/// Loads the postings of an entry and what explains them. Errors when stored inputs or the plan cannot be parsed.
pub async fn load_entry(c: &mut DbConnection, entry: EntryRow) -> Result<StoredEntry, WalletError> {
    let lines = entries::list_lines(c, entry.id).await?;
    let command = parse_command(entry.kind, &entry.inputs).map_err(WalletError::Json)?;
    let cause = load(c, command, entry.plan_version.map(Count::get)).await?;
    let held = match reads(&cause.command).holds.first() {
        None => Money::ZERO,
        Some(payout) => holds::find(c, *payout).await?.map(|hold| hold.amount).unwrap_or_default(),
    };
    Ok(StoredEntry { entry, lines, cause, held })
}

impl StoredEntry {
    /// The statement line with `number`; `None` for a posting that members do not see.
    pub fn find_line(&self, number: i32) -> Option<&PostingRow> {
        self.lines.iter().find(|l| l.line == number && l.transaction_type.is_some())
    }

    /// Derives the amount of a line; nothing for a posting that members do not see.
    pub fn explain(&self, line: &PostingRow) -> Result<Derivation, WalletError> {
        let Some(kind) = line.transaction_type else { return Ok(Derivation::default()) };
        let original = self.cause.earlier.iter().find(|earlier| Some(earlier.entry.id) == self.entry.reverses);
        let due = self.lines.iter().find(|l| l.account == Account::ClawbackDue);
        let earlier = self.lines.iter().filter(|l| l.account == Account::Available && l.line < line.line);
        let before = |row: &PostingRow| row.account_after_paise.unwrap_or_default().sub(row.amount_paise);
        let explained = ExplainedLine {
            kind,
            plan: self.cause.plan.as_ref(),
            original: original.map(|earlier| earlier.entry.amount_paise).unwrap_or_default(),
            account_before: before(line)?,
            credited: Money::total(earlier.map(|l| l.amount_paise))?,
            due_before: due.map(before).transpose()?.unwrap_or_default().neg()?,
            held: self.held,
        };
        Ok(self.cause.command.explain(&explained)?)
    }
}

fn reads(command: &Command) -> RowKeys {
    let mut reads = RowKeys::default();
    command.add_reads(&mut reads);
    reads
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
