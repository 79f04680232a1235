//! What each stored fact adds to the rollups.

use crate::domain::fact::{AUTOMATIC, MANUAL, receipt_part};
use crate::domain::rollup::{Noun, Rollups, Sums};
use crate::store::Replaced;
use crate::store::bookings::Booking;
use crate::store::members::Member;
use crate::store::payouts::{Payout, Step};
use crate::store::receipts::Receipt;
use crate::store::tree::{Pair, Placement};
use crate::store::wallets::{Transaction, Wallet};
use domain::{Money, MoneyError, Role};

type Outcome = Result<(), MoneyError>;

fn one(amounts: impl IntoIterator<Item = Money>) -> Sums {
    Sums::one(amounts.into_iter().map(Money::paise))
}

pub(super) fn members(rollups: &mut Rollups, rows: &[Replaced<Member>]) -> Outcome {
    let sums = |m: &Member| {
        let joined = Sums::one([i64::from(m.referrer_id.is_some())]);
        (joined, Sums::one([i64::from(m.is_active_buyer)]))
    };
    let counts = |m: &&Member| m.role == Role::User;
    for Replaced { old, new } in rows {
        if let Some(old) = old.as_ref().filter(counts) {
            let (joined, member) = sums(old);
            rollups.remove_on(old.joined_on, Noun::Joined, "", joined)?;
            rollups.remove(Noun::Member, "", member)?;
        }
        if let Some(new) = Some(new).filter(counts) {
            let (joined, member) = sums(new);
            rollups.add_on(new.joined_on, Noun::Joined, "", joined)?;
            rollups.add(Noun::Member, "", member)?;
        }
    }
    Ok(())
}

pub(super) fn bookings(rollups: &mut Rollups, rows: &[Replaced<Booking>]) -> Outcome {
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove_on(old.booked_on, Noun::BookingMade, "", one([old.price_paise]))?;
            rollups.remove(Noun::Booking, old.status.as_str(), one([]))?;
        }
        rollups.add_on(new.booked_on, Noun::BookingMade, "", one([new.price_paise]))?;
        rollups.add(Noun::Booking, new.status.as_str(), one([]))?;
    }
    Ok(())
}

pub(super) fn payouts(rollups: &mut Rollups, rows: &[Replaced<Payout>]) -> Outcome {
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove(Noun::Payout, old.status.as_str(), one([old.requested_paise, old.tds_paise]))?;
        }
        rollups.add(Noun::Payout, new.status.as_str(), one([new.requested_paise, new.tds_paise]))?;
    }
    Ok(())
}

pub(super) fn wallets(rollups: &mut Rollups, rows: &[Replaced<Wallet>]) -> Outcome {
    let sums =
        |w: &Wallet| one([w.available_paise, w.held_paise, w.emi_reserve_paise, w.reserve_paise, w.clawback_due_paise]);
    for Replaced { old, new } in rows {
        if let Some(old) = old {
            rollups.remove(Noun::Wallet, "", sums(old))?;
        }
        rollups.add(Noun::Wallet, "", sums(new))?;
    }
    Ok(())
}

pub(super) fn receipts(rollups: &mut Rollups, rows: &[Receipt]) -> Outcome {
    for row in rows {
        let part = receipt_part(row.kind, row.method);
        rollups.add_on(row.happened_on, Noun::Receipt, &part, one([row.amount_paise]))?;
    }
    Ok(())
}

pub(super) fn transactions(rollups: &mut Rollups, rows: &[Transaction]) -> Outcome {
    for row in rows {
        rollups.add_on(row.happened_on, Noun::Transaction, row.kind.as_str(), one([row.amount_paise]))?;
    }
    Ok(())
}

pub(super) fn placements(rollups: &mut Rollups, rows: &[Placement]) -> Outcome {
    for row in rows {
        let part = if row.manual { MANUAL } else { AUTOMATIC };
        rollups.add_on(row.placed_on, Noun::Placement, part, one([]))?;
    }
    Ok(())
}

pub(super) fn pairs(rollups: &mut Rollups, rows: &[Pair]) -> Outcome {
    for row in rows {
        let sums = one([row.gross_paise, row.emi_deduction_paise]);
        rollups.add_on(row.happened_on, Noun::Pair, row.fact.as_str(), sums)?;
    }
    Ok(())
}

pub(super) fn steps(rollups: &mut Rollups, rows: &[Step]) -> Outcome {
    for row in rows {
        let sums = one([row.requested_paise, row.tds_paise, row.emi_paise, row.net_paise]);
        rollups.add_on(row.happened_on, Noun::PayoutStep, row.status.as_str(), sums)?;
    }
    Ok(())
}
