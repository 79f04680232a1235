//! Verification of the ledger: every entry adds up to zero; every balance and total of a wallet is the sum of its
//! postings; the number and balance on every line follow from the lines before it; closings and the rollup are the sums
//! of their postings; the hash chain is unbroken.
//!
//! A verification reads the whole ledger in bounded steps without locks. A wallet that changes between two reads looks
//! wrong for a moment, so a wallet that differs is only a suspect until it is compared again under its lock.

use super::fault::Fault;
use super::rollup::add_to_totals;
use super::{seal, wallet_check};
use crate::domain::Account;
use crate::error::WalletError;
use crate::store::closings::{self, Totals};
use crate::store::posting_sums::{LineDeviation, OwnerFilter};
use crate::store::rollups::{self, Rollup};
use crate::store::{company, entries, posting_sums, seals, wallets};
use db::DbConnection;
use domain::{Money, Timestamp, UserId};
use runtime::hash_chain::ChainProgress;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Members whose wallets or lines are compared in one step.
const PAGE_MEMBERS: i64 = 500;
/// Journal rows read in one step.
const PAGE_ROWS: i64 = 5_000;
/// Most faults listed in a report.
const MAX_LISTED_FAULTS: usize = 100;

/// The report of a verification.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Verification {
    pub ok: bool,
    pub wallets_checked: u64,
    pub entries_checked: i64,
    /// Entries of the hash chain that are unchanged. Entries posted since the last sealing are not in it yet.
    pub entries_sealed: i64,
    /// At most 100.
    pub faults: Vec<Fault>,
}

/// The next rows to read.
enum VerificationStage {
    Wallets { after: UserId },
    Lines { after: UserId },
    Closings { after: Option<Timestamp>, totals: Totals },
    Postings { after: i64, rollup: Rollup, totals: Totals },
    Entries { after: i64, sealed_until: i64, to_be_sealed: i64 },
    Chain { progress: ChainProgress, sealed_until: i64, to_be_sealed: i64 },
    End,
}

/// A verification in progress.
pub struct VerificationRun {
    report: Verification,
    suspects: Vec<UserId>,
    stage: VerificationStage,
}

impl Default for VerificationRun {
    fn default() -> Self {
        Self {
            report: Verification::default(),
            suspects: Vec::new(),
            stage: VerificationStage::Wallets { after: company() },
        }
    }
}

impl VerificationRun {
    /// Verifies the next rows, a bounded number. Returns false when all were read.
    pub async fn step(&mut self, c: &mut DbConnection) -> Result<bool, WalletError> {
        self.stage = match std::mem::replace(&mut self.stage, VerificationStage::End) {
            VerificationStage::Wallets { after } => self.compare_wallets(c, after).await?,
            VerificationStage::Lines { after } => self.compare_lines(c, after).await?,
            VerificationStage::Closings { after, totals } => self.compare_closings(c, after, totals).await?,
            VerificationStage::Postings { after, rollup, totals } => {
                self.compare_postings(c, after, rollup, totals).await?
            }
            VerificationStage::Entries { after, sealed_until, to_be_sealed } => {
                self.count_entries(c, after, sealed_until, to_be_sealed).await?
            }
            VerificationStage::Chain { progress, sealed_until, to_be_sealed } => {
                self.verify_chain(c, progress, sealed_until, to_be_sealed).await?
            }
            VerificationStage::End => return Ok(false),
        };
        Ok(true)
    }

    /// The number of stages that are done, and of all.
    pub fn stages(&self) -> (i64, i64) {
        let done = match self.stage {
            VerificationStage::Wallets { .. } => 0,
            VerificationStage::Lines { .. } => 1,
            VerificationStage::Closings { .. } => 2,
            VerificationStage::Postings { .. } => 3,
            VerificationStage::Entries { .. } => 4,
            VerificationStage::Chain { .. } => 5,
            VerificationStage::End => 6,
        };
        (done, 6)
    }

    /// The wallets that differed in an unlocked read, to be compared again under their locks.
    pub fn suspects(&self) -> &[UserId] {
        &self.suspects
    }

    /// Whether the report has all the faults that it can list.
    pub fn is_full(&self) -> bool {
        self.report.faults.len() > MAX_LISTED_FAULTS
    }

    /// Adds faults that were confirmed under the locks of their wallets.
    pub fn add(&mut self, confirmed: Vec<Fault>) {
        self.report.faults.extend(confirmed);
    }

    /// Finishes the report.
    pub fn finish(self) -> Verification {
        let mut report = self.report;
        // A broken chain comes first, so that the limit never drops it.
        report.faults.sort_by_key(|fault| fault.kind != CHAIN_BROKEN);
        report.ok = report.faults.is_empty();
        report.faults.truncate(MAX_LISTED_FAULTS);
        report
    }

    /// Compares a page of wallets with their postings, holds and reserves.
    async fn compare_wallets(&mut self, c: &mut DbConnection, after: UserId) -> Result<VerificationStage, WalletError> {
        let page = wallets::list(c, after, PAGE_MEMBERS).await?;
        let full = i64::try_from(page.len()) == Ok(PAGE_MEMBERS);
        let last = page.last().filter(|_| full).map(|w| w.user_id);
        let owners = OwnerFilter::Between(after, last.unwrap_or_else(last_owner));
        self.suspects.extend(wallet_check::compare(c, &page, owners).await?.into_keys());
        self.report.wallets_checked += u64::try_from(page.len())?;
        Ok(match last {
            Some(after) if self.suspects.len() <= MAX_LISTED_FAULTS => VerificationStage::Wallets { after },
            Some(_) | None => VerificationStage::Lines { after: company() },
        })
    }

    /// Compares the lines of a page of members with the lines before them. Lines are only added, under the lock of
    /// their wallet, so concurrent postings make no difference.
    async fn compare_lines(&mut self, c: &mut DbConnection, after: UserId) -> Result<VerificationStage, WalletError> {
        let end = wallets::find_page_end(c, after, PAGE_MEMBERS).await?;
        let until = end.unwrap_or_else(last_owner);
        self.report.faults.extend(posting_sums::list_first_deviations(c, (after, until)).await?.iter().map(line_fault));
        Ok(match end {
            Some(after) if !self.is_full() => VerificationStage::Lines { after },
            Some(_) | None => VerificationStage::Closings { after: None, totals: Totals::new() },
        })
    }

    /// Compares a closing with the postings until it, which are final.
    async fn compare_closings(
        &mut self,
        c: &mut DbConnection,
        after: Option<Timestamp>,
        mut totals: Totals,
    ) -> Result<VerificationStage, WalletError> {
        let Some(closed_at) = closings::find_next(c, after).await? else {
            let rollup = rollups::load(c).await?;
            return Ok(VerificationStage::Postings { after: 0, rollup, totals: Totals::new() });
        };
        add_to_totals(&mut totals, entries::sum_by_account(c, after, Some(closed_at)).await?)?;
        let stored = closings::load_totals(c, closed_at).await?;
        let faults = compare_totals("closing_differs", &totals, &stored);
        if faults.is_empty() {
            return Ok(VerificationStage::Closings { after: Some(closed_at), totals });
        }
        // Later closings start from this one, so they differ as well.
        self.report.faults.extend(faults);
        let rollup = rollups::load(c).await?;
        Ok(VerificationStage::Postings { after: 0, rollup, totals: Totals::new() })
    }

    /// Compares the sum of every entry with zero, and the rollup with the postings until its position.
    async fn compare_postings(
        &mut self,
        c: &mut DbConnection,
        after: i64,
        rollup: Rollup,
        mut totals: Totals,
    ) -> Result<VerificationStage, WalletError> {
        let end = entries::find_posting_page_end(c, after, PAGE_ROWS).await?;
        for (entry, sum) in entries::list_unbalanced(c, after, end).await? {
            let fault = Fault {
                kind: "unbalanced_entry",
                subject: entry.to_string(),
                expected: Money::ZERO.to_string(),
                found: sum.to_string(),
            };
            // An entry with lines on two pages is found on both.
            if !self.report.faults.contains(&fault) {
                self.report.faults.push(fault);
            }
        }
        if after < rollup.position {
            let until = end.map_or(rollup.position, |end| end.min(rollup.position));
            add_to_totals(&mut totals, rollups::sum_by_account(c, after, Some(until)).await?)?;
        }
        if let Some(after) = end {
            return Ok(VerificationStage::Postings { after, rollup, totals });
        }
        self.report.faults.extend(compare_totals("rollup_differs", &totals, &rollup.totals));
        let sealed_until = seals::load_sealed_position(c).await?;
        Ok(VerificationStage::Entries { after: 0, sealed_until, to_be_sealed: 0 })
    }

    /// Counts the entries, and among them the entries that must have a seal.
    async fn count_entries(
        &mut self,
        c: &mut DbConnection,
        after: i64,
        sealed_until: i64,
        to_be_sealed: i64,
    ) -> Result<VerificationStage, WalletError> {
        let positions = entries::list_positions(c, after, PAGE_ROWS).await?;
        let to_be_sealed = to_be_sealed + i64::try_from(positions.iter().filter(|p| **p <= sealed_until).count())?;
        self.report.entries_checked += i64::try_from(positions.len())?;
        Ok(match positions.last() {
            Some(after) => VerificationStage::Entries { after: *after, sealed_until, to_be_sealed },
            None => VerificationStage::Chain { progress: ChainProgress::default(), sealed_until, to_be_sealed },
        })
    }

    /// Verifies the next seals of the hash chain.
    async fn verify_chain(
        &mut self,
        c: &mut DbConnection,
        mut progress: ChainProgress,
        sealed_until: i64,
        to_be_sealed: i64,
    ) -> Result<VerificationStage, WalletError> {
        let broken = match seal::check_next(c, &mut progress).await? {
            seal::ChainCheck::More => return Ok(VerificationStage::Chain { progress, sealed_until, to_be_sealed }),
            seal::ChainCheck::Broken(broken) => Some(broken),
            // Seals removed from the end leave no gap, so their number is compared with the number of entries.
            seal::ChainCheck::End if progress.number() < to_be_sealed => {
                let unsealed = seals::find_unsealed(c, sealed_until).await?;
                unsealed.map(|entry| seal::ChainBreak::missing_seal(progress.number() + 1, entry))
            }
            seal::ChainCheck::End => None,
        };
        self.report.entries_sealed = progress.number();
        self.report.faults.extend(broken.map(|b| Fault {
            kind: CHAIN_BROKEN,
            subject: b.entry,
            expected: format!("seal {}", b.number),
            found: b.found.to_owned(),
        }));
        Ok(VerificationStage::End)
    }
}

const CHAIN_BROKEN: &str = "chain_broken";

fn compare_totals(kind: &'static str, expected: &Totals, found: &Totals) -> Vec<Fault> {
    let total = |totals: &Totals, account: &Account| totals.get(account).copied().unwrap_or_default();
    let accounts = Account::ALL.iter().filter(|account| total(expected, account) != total(found, account));
    let fault = |account: &Account| Fault {
        kind,
        subject: account.to_string(),
        expected: total(expected, account).to_string(),
        found: total(found, account).to_string(),
    };
    accounts.map(fault).collect()
}

fn line_fault(line: &LineDeviation) -> Fault {
    let fault = |field: &str, expected: String, found: Option<String>| Fault {
        kind: "line_differs",
        subject: format!("entry:{}:{}:{field}", line.entry_id, line.line),
        expected,
        found: found.unwrap_or_else(|| "nothing".to_owned()),
    };
    let money = |amount: Option<Money>| amount.map(|m| m.to_string());
    if line.has_entry == 0 {
        return fault("entry", "its entry".to_owned(), None);
    }
    if line.account_after_paise != Some(line.folded_after) {
        return fault("account_after", line.folded_after.to_string(), money(line.account_after_paise));
    }
    let number = line.transaction_type.map(|_| line.folded_number);
    if line.transaction_number != number {
        let text = |n: Option<i64>| n.map(|n| n.to_string());
        return fault("number", text(number).unwrap_or_else(|| "nothing".to_owned()), text(line.transaction_number));
    }
    fault("balance_before", line.folded_before.to_string(), money(line.balance_before_paise))
}

/// The greatest id of an owner.
fn last_owner() -> UserId {
    UserId::from(Uuid::max())
}
