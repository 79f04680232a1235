//! Staff approve a payout: with the last approval tax and EMI are fixed.

use super::advance::{self, Done};
use super::tax;
use crate::domain::instalment::{left_of, oldest_unpaid};
use crate::domain::payout::{Command, Status, Step};
use crate::domain::request::nothing_due;
use crate::error::PayoutError;
use crate::store::bookings;
use crate::store::members;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::{PayoutId, Timestamp, UserId};

/// `by` approves. A payout of which nothing is left for the bank is complete at once.
pub async fn approve(c: &mut DbConnection, id: PayoutId, by: UserId, now: Timestamp) -> Result<Done, PayoutError> {
    let mut payout = advance::lock(c, id).await?;
    let approved_by: Vec<UserId> = payouts::approvers(c, &[id]).await?.into_iter().map(|(_, by)| by).collect();
    let path = match advance::weigh(&payout, &approved_by, Command::Approve { by })? {
        Step::Unchanged => return Ok(Done { payout, changed: false }),
        Step::NoteApproval => None,
        Step::Move(path) => Some(path),
    };
    // Something may have come to be taken back since it was asked for. The lock waits for news that is being taken in.
    nothing_due(members::lock(c, payout.user_id).await?.clawback_due_paise)?;
    payouts::insert_approval(c, id, by, now).await?;
    if let Some(path) = path {
        pass(c, &mut payout, path, now).await?;
    }
    Ok(Done { payout, changed: true })
}

async fn pass(c: &mut DbConnection, payout: &mut Payout, path: &[Status], now: Timestamp) -> Result<(), PayoutError> {
    // The lock of the member's row keeps two of their payouts from being approved side by side.
    let instalment = if payout.emi_autofill {
        let promised = payouts::emi_promised_before(c, payout.user_id, Some(payout.id)).await?;
        left_of(oldest_unpaid(bookings::lock_instalments(c, payout.user_id).await?), promised)
    } else {
        None
    };
    let (parts, line) = tax::fix(c, payout, instalment, now).await?;
    payout.tds_paise = parts.tds;
    payout.emi_paise = parts.emi;
    payout.net_paise = parts.net;
    payout.tax_rule_id = line.rule_id;
    advance::walk(c, payout, path, false, now).await?;
    if payout.net_paise.is_zero()
        && let Step::Move(rest) = advance::weigh(payout, &[], Command::Pay { utr: "" })?
    {
        advance::walk(c, payout, rest, false, now).await?;
    }
    Ok(payouts::save(c, payout).await?)
}
