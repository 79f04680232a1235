//! From events to facts: one short function an event.

use crate::Reports;
use crate::app::learn::{Booking, Facts, Member, Pair, Payout, Placement, Receipt, Step, Transaction, Wallet, learn};
use crate::domain::{PairFact, ReceiptKind};
use chassis::events::consumer::Consumer;
use chassis::events::read::{id, money, optional_id, part, time, version, word};
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use domain::Day;
use proto_events::auth::v1 as auth;
use proto_events::binary::v1 as binary;
use proto_events::booking::v1 as booking;
use proto_events::payout::v1 as payout;
use proto_events::wallet::v1::WalletChanged;

#[async_trait::async_trait]
impl Consumer for Reports {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut facts = Facts::default();
        for event in events {
            read(event, &mut facts)?;
        }
        learn(c, &facts).await
    }
}

fn read(event: &Envelope, facts: &mut Facts) -> Result<(), HandleError> {
    match event.event_type.as_str() {
        "auth.v1.UserRegistered" => member(&event.decode::<auth::UserRegistered>()?.user, facts),
        "auth.v1.UserUpdated" => member(&event.decode::<auth::UserUpdated>()?.user, facts),
        "booking.v1.BookingChanged" => booked(&event.decode()?, facts),
        "booking.v1.PaymentCompleted" => paid(&event.decode()?, facts),
        "booking.v1.PaymentRefunded" => refunded(&event.decode()?, facts),
        "booking.v1.PaymentReturned" => returned(&event.decode()?, facts),
        "wallet.v1.WalletChanged" => wallet(&event.decode()?, facts),
        "binary.v1.PlacementMade" => placed(&event.decode()?, facts),
        "binary.v1.PairsMatched" => pairs(&event.decode::<binary::PairsMatched>()?.pairs, None, facts),
        "binary.v1.PairsVoided" => voided(&event.decode()?, facts),
        "payout.v1.PayoutRequested" => step(&event.decode::<payout::PayoutRequested>()?.payout, facts),
        "payout.v1.PayoutApproved" => step(&event.decode::<payout::PayoutApproved>()?.payout, facts),
        "payout.v1.PayoutRejected" => step(&event.decode::<payout::PayoutRejected>()?.payout, facts),
        "payout.v1.PayoutCancelled" => step(&event.decode::<payout::PayoutCancelled>()?.payout, facts),
        "payout.v1.PayoutProcessing" => step(&event.decode::<payout::PayoutProcessing>()?.payout, facts),
        "payout.v1.PayoutCompleted" => step(&event.decode::<payout::PayoutCompleted>()?.payout, facts),
        "payout.v1.PayoutFailed" => step(&event.decode::<payout::PayoutFailed>()?.payout, facts),
        "payout.v1.PayoutReversed" => step(&event.decode::<payout::PayoutReversed>()?.payout, facts),
        _ => Ok(()),
    }
}

fn day(field: &str, micros: i64) -> Result<Day, HandleError> {
    Ok(time(field, micros)?.day())
}

fn member(user: &Option<auth::User>, facts: &mut Facts) -> Result<(), HandleError> {
    let user = part("user", user)?;
    facts.members.push(Member {
        user_id: id("user_id", &user.user_id)?,
        version: version(user.version)?,
        role: word("role", &user.role)?,
        is_active_buyer: user.is_active_buyer,
        referrer_id: optional_id("referrer_id", user.referrer_id.as_deref())?,
        joined_on: day("created_at", user.created_at)?,
    });
    Ok(())
}

fn booked(e: &booking::BookingChanged, facts: &mut Facts) -> Result<(), HandleError> {
    facts.bookings.push(Booking {
        booking_id: id("booking_id", &e.booking_id)?,
        version: version(e.version)?,
        user_id: id("user_id", &e.user_id)?,
        status: word("status", &e.status)?,
        price_paise: money(e.price_paise),
        booked_on: day("created_at", e.created_at)?,
    });
    Ok(())
}

fn paid(e: &booking::PaymentCompleted, facts: &mut Facts) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("payment_id", &e.payment_id)?,
        kind: ReceiptKind::Payment,
        user_id: id("user_id", &e.user_id)?,
        method: Some(word("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("completed_at", e.completed_at)?,
    });
    Ok(())
}

fn refunded(e: &booking::PaymentRefunded, facts: &mut Facts) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("refund_id", &e.refund_id)?,
        kind: ReceiptKind::Refund,
        user_id: id("user_id", &e.user_id)?,
        method: Some(word("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("refunded_at", e.refunded_at)?,
    });
    Ok(())
}

/// The event does not say by which method the money came.
fn returned(e: &booking::PaymentReturned, facts: &mut Facts) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("return_id", &e.return_id)?,
        kind: ReceiptKind::Return,
        user_id: id("user_id", &e.user_id)?,
        method: None,
        amount_paise: money(e.amount_paise),
        happened_on: day("returned_at", e.returned_at)?,
    });
    Ok(())
}

fn wallet(e: &WalletChanged, facts: &mut Facts) -> Result<(), HandleError> {
    let user_id = id("user_id", &e.user_id)?;
    facts.wallets.push(Wallet {
        user_id,
        version: version(e.version)?,
        available_paise: money(e.available_paise),
        held_paise: money(e.held_paise),
        emi_reserve_paise: money(e.emi_reserve_paise),
        reserve_paise: money(e.reserve_paise),
        clawback_due_paise: money(e.clawback_due_paise),
        total_earned_paise: money(e.total_earned_paise),
        total_withdrawn_paise: money(e.total_withdrawn_paise),
    });
    for line in &e.transactions {
        facts.transactions.push(Transaction {
            transaction_id: id("transaction_id", &line.transaction_id)?,
            user_id,
            kind: word("type", &line.r#type)?,
            amount_paise: money(line.amount_paise),
            happened_on: day("created_at", line.created_at)?,
        });
    }
    Ok(())
}

fn placed(e: &binary::PlacementMade, facts: &mut Facts) -> Result<(), HandleError> {
    facts.placements.push(Placement {
        user_id: id("user_id", &e.user_id)?,
        side: word("side", &e.side)?,
        manual: e.manual,
        placed_on: day("placed_at", e.placed_at)?,
    });
    pairs(&e.pairs, None, facts)
}

fn voided(e: &binary::PairsVoided, facts: &mut Facts) -> Result<(), HandleError> {
    pairs(&e.pairs, Some(day("voided_at", e.voided_at)?), facts)
}

/// A flushed pair earned nothing, so nothing is undone when a member it used stops counting.
fn pairs(pairs: &[binary::Pair], voided_on: Option<Day>, facts: &mut Facts) -> Result<(), HandleError> {
    for pair in pairs {
        let made: PairFact = word("status", &pair.status)?;
        let (fact, happened_on) = match (voided_on, made) {
            (None, _) => (made, day("matched_at", pair.matched_at)?),
            (Some(_), PairFact::Flushed) => continue,
            (Some(day), PairFact::Matched | PairFact::Voided) => (PairFact::Voided, day),
        };
        facts.pairs.push(Pair {
            pair_id: id("pair_id", &pair.pair_id)?,
            fact,
            earner_id: id("earner_id", &pair.earner_id)?,
            gross_paise: money(pair.gross_paise),
            emi_deduction_paise: money(pair.emi_deduction_paise),
            happened_on,
        });
    }
    Ok(())
}

fn step(payout: &Option<payout::Payout>, facts: &mut Facts) -> Result<(), HandleError> {
    let payout = part("payout", payout)?;
    let row = Payout {
        payout_id: id("payout_id", &payout.payout_id)?,
        version: version(payout.version)?,
        user_id: id("user_id", &payout.user_id)?,
        status: word("status", &payout.status)?,
        requested_paise: money(payout.requested_paise),
        tds_paise: money(payout.tds_paise),
        emi_paise: money(payout.emi_paise),
        net_paise: money(payout.net_paise),
    };
    facts.steps.push(Step {
        payout_id: row.payout_id,
        status: row.status,
        requested_paise: row.requested_paise,
        tds_paise: row.tds_paise,
        emi_paise: row.emi_paise,
        net_paise: row.net_paise,
        happened_on: day("changed_at", payout.changed_at)?,
    });
    facts.payouts.push(row);
    Ok(())
}
