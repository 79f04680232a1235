//! Storage of facts from events, and the update of the rollups.

use super::roll_up::{self, overflow};
use super::search_documents;
use crate::domain::rollup::Rollups;
use crate::store::{bookings, members, numbered_receipts, payouts, plans, receipts, rollups, tree, wallets};
use db::{Count, DbConnection};
use domain::StoredPlan;
use messaging::HandleError;

pub use crate::store::applied_sources::{self, AppliedUntil};
pub use crate::store::bookings::Booking;
pub use crate::store::members::Member;
pub use crate::store::numbered_receipts::NumberedReceipt;
pub use crate::store::payouts::{Payout, PayoutStep};
pub use crate::store::receipts::Receipt;
pub use crate::store::tree::{PairFact, Placement};
pub use crate::store::wallets::{Wallet, WalletTransaction};

/// The facts of a batch of events.
#[derive(Debug, Default)]
pub struct Facts {
    pub members: Vec<Member>,
    pub bookings: Vec<Booking>,
    pub receipts: Vec<Receipt>,
    pub numbered_receipts: Vec<NumberedReceipt>,
    pub wallets: Vec<Wallet>,
    pub transactions: Vec<WalletTransaction>,
    pub placements: Vec<Placement>,
    pub pairs: Vec<PairFact>,
    pub payouts: Vec<Payout>,
    pub payout_steps: Vec<PayoutStep>,
    pub plans: Vec<StoredPlan>,
    /// Numbers of withdrawn plan versions.
    pub withdrawn_plans: Vec<Count>,
}

/// Stores new facts and adds them to the rollups in the same transaction. A duplicate or an older version adds nothing.
///
/// Errors with a poisoned event when a sum overflows.
pub async fn store_facts(c: &mut DbConnection, facts: &Facts) -> Result<(), HandleError> {
    plans::insert_new(c, &facts.plans).await?;
    plans::insert_new_withdrawals(c, &facts.withdrawn_plans).await?;
    rollups::lock(c).await?;
    let mut sums = Rollups::default();
    let mut found = search_documents::Changes::default();
    let changed = members::upsert(c, &facts.members).await?;
    found.add_persons(&changed);
    roll_up::members(&mut sums, &changed).map_err(overflow)?;
    let changed = bookings::upsert(c, &facts.bookings).await?;
    found.add_bookings(&changed);
    roll_up::bookings(&mut sums, &changed).map_err(overflow)?;
    roll_up::instalments(&mut sums, &changed)?;
    roll_up::receipts(&mut sums, &receipts::insert_new(c, &facts.receipts).await?).map_err(overflow)?;
    roll_up::wallets(&mut sums, &wallets::upsert(c, &facts.wallets).await?).map_err(overflow)?;
    found.add_payments(&numbered_receipts::insert_new(c, &facts.numbered_receipts).await?);
    let transactions = wallets::insert_new_transactions(c, &facts.transactions).await?;
    roll_up::transactions(&mut sums, &transactions).map_err(overflow)?;
    let placements = tree::insert_new_placements(c, &facts.placements).await?;
    roll_up::placements(&mut sums, &placements).map_err(overflow)?;
    roll_up::pairs(&mut sums, &tree::insert_new_pairs(c, &facts.pairs).await?).map_err(overflow)?;
    let changed = payouts::upsert(c, &facts.payouts).await?;
    found.add_payouts(&changed);
    roll_up::payouts(&mut sums, &changed).map_err(overflow)?;
    roll_up::open_payouts(&mut sums, &changed).map_err(overflow)?;
    roll_up::steps(&mut sums, &payouts::insert_new_steps(c, &facts.payout_steps).await?).map_err(overflow)?;
    search_documents::number(c, found.documents()).await?;
    Ok(rollups::add(c, &sums).await?)
}
