//! Takes in what other services told. Whatever comes twice, or late, changes nothing.

use super::sum_up;
use crate::domain::rollup::Rollups;
use crate::store::{bookings, members, payouts, receipts, rollups, tree, wallets};
use chassis::events::HandleError;
use db::DbConnection;
use domain::MoneyError;

pub use crate::store::bookings::Booking;
pub use crate::store::members::Member;
pub use crate::store::payouts::{Payout, Step};
pub use crate::store::receipts::Receipt;
pub use crate::store::tree::{Pair, Placement};
pub use crate::store::wallets::{Transaction, Wallet};

/// What a batch of events comes to.
#[derive(Debug, Default)]
pub struct Facts {
    pub members: Vec<Member>,
    pub bookings: Vec<Booking>,
    pub receipts: Vec<Receipt>,
    pub wallets: Vec<Wallet>,
    pub transactions: Vec<Transaction>,
    pub placements: Vec<Placement>,
    pub pairs: Vec<Pair>,
    pub payouts: Vec<Payout>,
    pub steps: Vec<Step>,
}

/// Stores what is new and adds it to the rollups, in one transaction: a duplicate or an older version adds nothing.
pub async fn learn(c: &mut DbConnection, facts: &Facts) -> Result<(), HandleError> {
    rollups::lock(c).await?;
    let mut sums = Rollups::default();
    sum_up::members(&mut sums, &members::put(c, &facts.members).await?).map_err(too_large)?;
    sum_up::bookings(&mut sums, &bookings::put(c, &facts.bookings).await?).map_err(too_large)?;
    sum_up::receipts(&mut sums, &receipts::add(c, &facts.receipts).await?).map_err(too_large)?;
    sum_up::wallets(&mut sums, &wallets::put(c, &facts.wallets).await?).map_err(too_large)?;
    let transactions = wallets::add_transactions(c, &facts.transactions).await?;
    sum_up::transactions(&mut sums, &transactions).map_err(too_large)?;
    let placements = tree::add_placements(c, &facts.placements).await?;
    sum_up::placements(&mut sums, &placements).map_err(too_large)?;
    sum_up::pairs(&mut sums, &tree::add_pairs(c, &facts.pairs).await?).map_err(too_large)?;
    sum_up::payouts(&mut sums, &payouts::put(c, &facts.payouts).await?).map_err(too_large)?;
    sum_up::steps(&mut sums, &payouts::add_steps(c, &facts.steps).await?).map_err(too_large)?;
    Ok(rollups::add(c, &sums).await?)
}

/// A sum beyond ₹92 quadrillion.
fn too_large(error: MoneyError) -> HandleError {
    HandleError::poison(error.to_string())
}
