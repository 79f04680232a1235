//! Consumers of the reports service: one function per event, which reads facts from it.

use crate::app::store_facts::{
    Booking, Facts, Member, PairFact, Payout, PayoutStep, Placement, Receipt, Wallet, WalletTransaction, store_facts,
};
use crate::domain::{PairOutcome, ReceiptKind};
use chassis::events::decode::{id, money, optional_id, parse, required, time, version};
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use domain::Day;
use proto_events::auth::v1 as auth;
use proto_events::binary::v1 as binary;
use proto_events::booking::v1 as booking;
use proto_events::payout::v1 as payout;
use proto_events::wallet::v1::WalletChanged;

/// Reads facts from every event of a batch and stores them.
pub(crate) struct EventConsumer;

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut facts = Facts::default();
        for event in events {
            read_facts(event, &mut facts)?;
        }
        store_facts(c, &facts).await
    }
}

/// Adds the facts of one event. Poisons an event with a missing field or an unknown value; ignores other types.
fn read_facts(event: &Envelope, facts: &mut Facts) -> Result<(), HandleError> {
    match event.event_type.as_str() {
        "auth.v1.UserRegistered" => read_member(&event.decode::<auth::UserRegistered>()?.user, facts),
        "auth.v1.UserUpdated" => read_member(&event.decode::<auth::UserUpdated>()?.user, facts),
        "booking.v1.BookingChanged" => read_booking(&event.decode()?, facts),
        "booking.v1.PaymentCompleted" => read_payment(&event.decode()?, facts),
        "booking.v1.PaymentRefunded" => read_refund(&event.decode()?, facts),
        "booking.v1.PaymentReturned" => read_return(&event.decode()?, facts),
        "wallet.v1.WalletChanged" => read_wallet(&event.decode()?, facts),
        "binary.v1.PlacementMade" => read_placement(&event.decode()?, facts),
        "binary.v1.PairsMatched" => read_pairs(&event.decode::<binary::PairsMatched>()?.pairs, None, facts),
        "binary.v1.PairsVoided" => read_voided_pairs(&event.decode()?, facts),
        "payout.v1.PayoutRequested" => read_payout_step(&event.decode::<payout::PayoutRequested>()?.payout, facts),
        "payout.v1.PayoutApproved" => read_payout_step(&event.decode::<payout::PayoutApproved>()?.payout, facts),
        "payout.v1.PayoutRejected" => read_payout_step(&event.decode::<payout::PayoutRejected>()?.payout, facts),
        "payout.v1.PayoutCancelled" => read_payout_step(&event.decode::<payout::PayoutCancelled>()?.payout, facts),
        "payout.v1.PayoutProcessing" => read_payout_step(&event.decode::<payout::PayoutProcessing>()?.payout, facts),
        "payout.v1.PayoutCompleted" => read_payout_step(&event.decode::<payout::PayoutCompleted>()?.payout, facts),
        "payout.v1.PayoutFailed" => read_payout_step(&event.decode::<payout::PayoutFailed>()?.payout, facts),
        "payout.v1.PayoutReversed" => read_payout_step(&event.decode::<payout::PayoutReversed>()?.payout, facts),
        _ => Ok(()),
    }
}

/// The Indian day of a time.
fn day(field: &str, micros: i64) -> Result<Day, HandleError> {
    Ok(time(field, micros)?.day())
}

fn read_member(user: &Option<auth::User>, facts: &mut Facts) -> Result<(), HandleError> {
    let user = required("user", user)?;
    facts.members.push(Member {
        user_id: id("user_id", &user.user_id)?,
        version: version(user.version)?,
        role: parse("role", &user.role)?,
        is_active_buyer: user.is_active_buyer,
        referrer_id: optional_id("referrer_id", user.referrer_id.as_deref())?,
        joined_on: day("created_at", user.created_at)?,
    });
    Ok(())
}

fn read_booking(e: &booking::BookingChanged, facts: &mut Facts) -> Result<(), HandleError> {
    facts.bookings.push(Booking {
        booking_id: id("booking_id", &e.booking_id)?,
        version: version(e.version)?,
        user_id: id("user_id", &e.user_id)?,
        status: parse("status", &e.status)?,
        price_paise: money(e.price_paise),
        booked_on: day("created_at", e.created_at)?,
    });
    Ok(())
}

fn read_payment(e: &booking::PaymentCompleted, facts: &mut Facts) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("payment_id", &e.payment_id)?,
        kind: ReceiptKind::Payment,
        user_id: id("user_id", &e.user_id)?,
        method: Some(parse("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("completed_at", e.completed_at)?,
    });
    Ok(())
}

fn read_refund(e: &booking::PaymentRefunded, facts: &mut Facts) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("refund_id", &e.refund_id)?,
        kind: ReceiptKind::Refund,
        user_id: id("user_id", &e.user_id)?,
        method: Some(parse("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("refunded_at", e.refunded_at)?,
    });
    Ok(())
}

/// The event does not contain the payment method.
fn read_return(e: &booking::PaymentReturned, facts: &mut Facts) -> Result<(), HandleError> {
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

fn read_wallet(e: &WalletChanged, facts: &mut Facts) -> Result<(), HandleError> {
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
        facts.transactions.push(WalletTransaction {
            transaction_id: id("transaction_id", &line.transaction_id)?,
            user_id,
            kind: parse("type", &line.r#type)?,
            amount_paise: money(line.amount_paise),
            happened_on: day("created_at", line.created_at)?,
        });
    }
    Ok(())
}

fn read_placement(e: &binary::PlacementMade, facts: &mut Facts) -> Result<(), HandleError> {
    facts.placements.push(Placement {
        user_id: id("user_id", &e.user_id)?,
        side: parse("side", &e.side)?,
        manual: e.manual,
        placed_on: day("placed_at", e.placed_at)?,
    });
    read_pairs(&e.pairs, None, facts)
}

fn read_voided_pairs(e: &binary::PairsVoided, facts: &mut Facts) -> Result<(), HandleError> {
    read_pairs(&e.pairs, Some(day("voided_at", e.voided_at)?), facts)
}

/// Reads pairs that were matched or flushed, or with `voided_on` the voided ones. A flushed pair earned nothing, so its
/// voiding is skipped.
fn read_pairs(pairs: &[binary::Pair], voided_on: Option<Day>, facts: &mut Facts) -> Result<(), HandleError> {
    for pair in pairs {
        let outcome: PairOutcome = parse("status", &pair.status)?;
        let (fact, happened_on) = match (voided_on, outcome) {
            (None, _) => (outcome, day("matched_at", pair.matched_at)?),
            (Some(_), PairOutcome::Flushed) => continue,
            (Some(day), PairOutcome::Matched | PairOutcome::Voided) => (PairOutcome::Voided, day),
        };
        facts.pairs.push(PairFact {
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

fn read_payout_step(payout: &Option<payout::Payout>, facts: &mut Facts) -> Result<(), HandleError> {
    let payout = required("payout", payout)?;
    let row = Payout {
        payout_id: id("payout_id", &payout.payout_id)?,
        version: version(payout.version)?,
        user_id: id("user_id", &payout.user_id)?,
        status: parse("status", &payout.status)?,
        requested_paise: money(payout.requested_paise),
        tds_paise: money(payout.tds_paise),
        emi_paise: money(payout.emi_paise),
        net_paise: money(payout.net_paise),
    };
    facts.payout_steps.push(PayoutStep {
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
