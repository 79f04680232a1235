//! Takes in what other services told. Whatever comes twice, or late, changes nothing.

use crate::store::{bookings, members, payouts, receipts, tree, wallets};
use db::DbConnection;
use diesel::QueryResult;

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

pub async fn learn(c: &mut DbConnection, facts: &Facts) -> QueryResult<()> {
    members::put(c, &facts.members).await?;
    bookings::put(c, &facts.bookings).await?;
    receipts::add(c, &facts.receipts).await?;
    wallets::put(c, &facts.wallets).await?;
    wallets::add_transactions(c, &facts.transactions).await?;
    tree::add_placements(c, &facts.placements).await?;
    tree::add_pairs(c, &facts.pairs).await?;
    payouts::put(c, &facts.payouts).await?;
    payouts::add_steps(c, &facts.steps).await
}
