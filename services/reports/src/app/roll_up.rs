//! Changes of the rollups by stored facts.

use crate::domain::fact::{AUTOMATIC, MANUAL, is_open, receipt_part};
use crate::domain::instalment::parse_unpaid;
use crate::domain::rollup::{RollupKind, Rollups, Sums};
use crate::store::Replaced;
use crate::store::bookings::Booking;
use crate::store::members::Member;
use crate::store::payouts::{Payout, PayoutStep};
use crate::store::receipts::Receipt;
use crate::store::tree::{PairFact, Placement};
use crate::store::wallets::{Wallet, WalletTransaction};
use domain::{Money, MoneyError, Role};
use messaging::HandleError;

/// Poisons a batch of which a sum exceeds 64 bits of paise.
pub(super) fn overflow(error: MoneyError) -> HandleError {
    HandleError::poison(error.to_string())
}

/// The sums of one fact with these amounts.
fn of_one(amounts: impl IntoIterator<Item = Money>) -> Sums {
    Sums::of_one(amounts.into_iter().map(Money::paise))
}

pub(super) fn members(rollups: &mut Rollups, rows: &[Replaced<Member>]) -> Result<(), MoneyError> {
    let sums = |m: &Member| {
        let joined = Sums::of_one([i64::from(m.referrer_id.is_some())]);
        (joined, Sums::of_one([i64::from(m.is_active_buyer)]))
    };
    let counts = |m: &&Member| m.role == Role::User;
    for Replaced { old, new } in rows {
        if let Some(old) = old.as_ref().filter(counts) {
            let (joined, member) = sums(old);
            rollups.remove_on(old.joined_on, RollupKind::Joined, "", joined)?;
            rollups.remove(RollupKind::Member, "", member)?;
        }
        if let Some(new) = Some(new).filter(counts) {
            let (joined, member) = sums(new);
            rollups.add_on(new.joined_on, RollupKind::Joined, "", joined)?;
            rollups.add(RollupKind::Member, "", member)?;
        }
    }
    Ok(())
}

pub(super) fn bookings(rollups: &mut Rollups, rows: &[Replaced<Booking>]) -> Result<(), MoneyError> {
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove_on(old.booked_on, RollupKind::BookingMade, "", of_one([old.price_paise]))?;
            rollups.remove(RollupKind::Booking, old.status.as_str(), of_one([]))?;
        }
        rollups.add_on(new.booked_on, RollupKind::BookingMade, "", of_one([new.price_paise]))?;
        rollups.add(RollupKind::Booking, new.status.as_str(), of_one([]))?;
    }
    Ok(())
}

/// Errors when the unpaid instalments of a booking cannot be read.
pub(super) fn instalments(rollups: &mut Rollups, rows: &[Replaced<Booking>]) -> Result<(), HandleError> {
    let unpaid = |booking: &Booking| {
        parse_unpaid(booking.unpaid_instalments.as_deref()).map_err(|e| HandleError::poison(e.to_string()))
    };
    for Replaced { old, new } in rows {
        for (day, amount) in old.as_ref().map(unpaid).transpose()?.unwrap_or_default() {
            rollups.remove_on(day, RollupKind::Instalment, "", of_one([amount])).map_err(overflow)?;
        }
        for (day, amount) in unpaid(new)? {
            rollups.add_on(day, RollupKind::Instalment, "", of_one([amount])).map_err(overflow)?;
        }
    }
    Ok(())
}

pub(super) fn payouts(rollups: &mut Rollups, rows: &[Replaced<Payout>]) -> Result<(), MoneyError> {
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove(RollupKind::Payout, old.status.as_str(), of_one([old.requested_paise, old.tds_paise]))?;
        }
        rollups.add(RollupKind::Payout, new.status.as_str(), of_one([new.requested_paise, new.tds_paise]))?;
    }
    Ok(())
}

pub(super) fn open_payouts(rollups: &mut Rollups, rows: &[Replaced<Payout>]) -> Result<(), MoneyError> {
    let requested_on = |payout: &Payout| payout.requested_on.filter(|_| is_open(payout.status));
    for Replaced { old, new } in rows {
        if let Some((old, day)) = old.as_ref().and_then(|old| Some((old, requested_on(old)?))) {
            let sums = of_one([old.requested_paise]);
            rollups.remove_on(day, RollupKind::OpenPayout, old.status.as_str(), sums)?;
        }
        if let Some(day) = requested_on(new) {
            rollups.add_on(day, RollupKind::OpenPayout, new.status.as_str(), of_one([new.requested_paise]))?;
        }
    }
    Ok(())
}

pub(super) fn wallets(rollups: &mut Rollups, rows: &[Replaced<Wallet>]) -> Result<(), MoneyError> {
    let sums = |w: &Wallet| {
        of_one([w.available_paise, w.held_paise, w.emi_reserve_paise, w.reserve_paise, w.clawback_due_paise])
    };
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove(RollupKind::Wallet, "", sums(old))?;
        }
        rollups.add(RollupKind::Wallet, "", sums(new))?;
    }
    Ok(())
}

pub(super) fn receipts(rollups: &mut Rollups, rows: &[Receipt]) -> Result<(), MoneyError> {
    for row in rows {
        let part = receipt_part(row.kind, row.method);
        rollups.add_on(row.happened_on, RollupKind::Receipt, &part, of_one([row.amount_paise]))?;
    }
    Ok(())
}

pub(super) fn transactions(rollups: &mut Rollups, rows: &[WalletTransaction]) -> Result<(), MoneyError> {
    for row in rows {
        rollups.add_on(row.happened_on, RollupKind::Transaction, row.kind.as_str(), of_one([row.amount_paise]))?;
    }
    Ok(())
}

pub(super) fn placements(rollups: &mut Rollups, rows: &[Placement]) -> Result<(), MoneyError> {
    for row in rows {
        let part = if row.manual { MANUAL } else { AUTOMATIC };
        rollups.add_on(row.placed_on, RollupKind::Placement, part, of_one([]))?;
    }
    Ok(())
}

pub(super) fn pairs(rollups: &mut Rollups, rows: &[PairFact]) -> Result<(), MoneyError> {
    for row in rows {
        let sums = of_one([row.gross_paise, row.emi_deduction_paise]);
        rollups.add_on(row.happened_on, RollupKind::Pair, row.fact.as_str(), sums)?;
    }
    Ok(())
}

pub(super) fn steps(rollups: &mut Rollups, rows: &[PayoutStep]) -> Result<(), MoneyError> {
    for row in rows {
        let sums = of_one([row.requested_paise, row.tds_paise, row.emi_paise, row.net_paise]);
        rollups.add_on(row.happened_on, RollupKind::PayoutStep, row.status.as_str(), sums)?;
    }
    Ok(())
}
