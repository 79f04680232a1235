//! Consumers of the reports service: one function per event, which reads facts from it.

use crate::app::store_facts::{
    AppliedUntil, Booking, Facts, Member, NumberedReceipt, PairFact, Payout, PayoutStep, Placement, Receipt, Wallet,
    WalletTransaction, applied_sources, store_facts,
};
use crate::domain::{Instalment, PairStatus, ReceiptKind, instalment};
use db::DbConnection;
use domain::search_words::normalize_word;
use domain::{Day, StoredPlan, Timestamp};
use messaging::decode::{id, money, optional_id, parse, required, time, version, word};
use messaging::handler::EventHandler;
use messaging::{ApplyBatch, EventConsumer, HandleError};
use proto_events::Envelope;
use proto_events::auth::v1 as auth;
use proto_events::binary::v1 as binary;
use proto_events::booking::v1 as booking;
use proto_events::payout::v1 as payout;
use proto_events::wallet::v1::WalletChanged;

/// Handles the events of the table, and records the time of the newest one of each service.
pub(crate) struct Consumer(EventConsumer<FactStore, Facts>);

#[async_trait::async_trait]
impl EventHandler for Consumer {
    fn types(&self) -> Vec<String> {
        self.0.types()
    }

    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        self.0.handle(c, events).await?;
        Ok(applied_sources::advance(c, &newest_by_source(events)).await?)
    }
}

/// The time of the newest event of each service. The name of an event's type begins with its service.
fn newest_by_source(events: &[Envelope]) -> AppliedUntil {
    let mut newest = AppliedUntil::new();
    for event in events {
        let source = event.event_type.split('.').next().and_then(|source| source.parse().ok());
        let at = Timestamp::from_micros(event.time_micros);
        if let (Some(source), Some(at)) = (source, at) {
            let latest = newest.entry(source).or_insert(at);
            *latest = at.max(*latest);
        }
    }
    newest
}

pub(crate) fn consumer() -> Consumer {
    Consumer(table())
}

/// The table of events.
fn table() -> EventConsumer<FactStore, Facts> {
    EventConsumer::new(FactStore)
        .on::<auth::UserRegistered>(|facts, e| read_member(facts, &e.user))
        .on::<auth::UserUpdated>(|facts, e| read_member(facts, &e.user))
        .on::<booking::BookingChanged>(read_booking)
        .on::<booking::PaymentCompleted>(read_payment)
        .on::<booking::ReceiptNumbered>(read_receipt_number)
        .on::<booking::PaymentRefunded>(read_refund)
        .on::<booking::PaymentReturned>(read_return)
        .on::<WalletChanged>(read_wallet)
        .on::<binary::PlacementMade>(read_placement)
        .on::<binary::PairsMatched>(|facts, e| read_pairs(facts, &e.pairs, None))
        .on::<binary::PairsVoided>(read_voided_pairs)
        .on::<binary::PlanPublished>(read_plan)
        .on::<binary::PlanWithdrawn>(|facts, e| {
            facts.withdrawn_plans.push(e.version.into());
            Ok(())
        })
        .on::<payout::PayoutRequested>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutApproved>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutRejected>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutCancelled>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutProcessing>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutCompleted>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutFailed>(|facts, e| read_payout_step(facts, &e.payout))
        .on::<payout::PayoutReversed>(|facts, e| read_payout_step(facts, &e.payout))
}

/// Stores the facts of a batch.
struct FactStore;

#[async_trait::async_trait]
impl ApplyBatch<Facts> for FactStore {
    async fn apply(&self, c: &mut DbConnection, facts: Facts) -> Result<(), HandleError> {
        store_facts(c, &facts).await
    }
}

/// The Indian day of a time.
fn day(field: &str, micros: i64) -> Result<Day, HandleError> {
    Ok(time(field, micros)?.day())
}

fn read_member(facts: &mut Facts, user: &Option<auth::User>) -> Result<(), HandleError> {
    let user = required("user", user)?;
    facts.members.push(Member {
        user_id: id("user_id", &user.user_id)?,
        version: version(user.version)?,
        role: word("role", &user.role)?,
        is_active_buyer: user.is_active_buyer,
        referrer_id: optional_id("referrer_id", user.referrer_id.as_deref())?,
        joined_on: day("created_at", user.created_at)?,
        city: normalize_word(&user.city),
        name: user.name.clone(),
        email: user.email.clone(),
        mobile: user.mobile.clone(),
        referral_code: user.referral_code.clone(),
    });
    Ok(())
}

fn read_booking(facts: &mut Facts, e: booking::BookingChanged) -> Result<(), HandleError> {
    let status = word("status", &e.status)?;
    let instalments = read_instalments(&e.instalments)?;
    let unpaid = instalment::unpaid(status, &instalments).map_err(|e| HandleError::poison(e.to_string()))?;
    let next = instalment::next_unpaid(status, instalments);
    facts.bookings.push(Booking {
        booking_id: id("booking_id", &e.booking_id)?,
        version: version(e.version)?,
        user_id: id("user_id", &e.user_id)?,
        status,
        price_paise: money(e.price_paise),
        booked_on: day("created_at", e.created_at)?,
        number: e.number,
        next_n: next.map(|next| next.n),
        next_due_on: next.map(|next| next.due_on),
        next_amount_paise: next.map(|next| next.amount),
        next_paid_paise: next.map(|next| next.paid),
        vehicle_id: optional_id("vehicle_id", filled(&e.vehicle_id))?,
        unpaid_instalments: instalment::format_unpaid(&unpaid),
        vehicle: e.vehicle,
    });
    Ok(())
}

/// Reads the instalments with a due day; none of a booking that is not confirmed yet has one.
fn read_instalments(instalments: &[booking::Instalment]) -> Result<Vec<Instalment>, HandleError> {
    let with_day = instalments.iter().filter(|instalment| !instalment.due_on.is_empty());
    let read = |instalment: &booking::Instalment| {
        let (amount, paid) = (money(instalment.amount_paise), money(instalment.paid_paise));
        Ok(Instalment { n: instalment.n.into(), due_on: parse("due_on", &instalment.due_on)?, amount, paid })
    };
    with_day.map(read).collect()
}

fn read_payment(facts: &mut Facts, e: booking::PaymentCompleted) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("payment_id", &e.payment_id)?,
        kind: ReceiptKind::Payment,
        user_id: id("user_id", &e.user_id)?,
        method: Some(word("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("completed_at", e.completed_at)?,
        booking_id: optional_id("booking_id", filled(&e.booking_id))?,
        plan_version: plan_version(e.plan_version),
    });
    Ok(())
}

fn read_receipt_number(facts: &mut Facts, e: booking::ReceiptNumbered) -> Result<(), HandleError> {
    facts.numbered_receipts.push(NumberedReceipt {
        payment_id: id("payment_id", &e.payment_id)?,
        user_id: id("user_id", &e.user_id)?,
        receipt_number: e.receipt_number,
        gateway_payment_id: e.gateway_payment_id,
        reference: e.reference,
        amount_paise: money(e.amount_paise),
    });
    Ok(())
}

fn read_refund(facts: &mut Facts, e: booking::PaymentRefunded) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("refund_id", &e.refund_id)?,
        kind: ReceiptKind::Refund,
        user_id: id("user_id", &e.user_id)?,
        method: Some(word("method", &e.method)?),
        amount_paise: money(e.amount_paise),
        happened_on: day("refunded_at", e.refunded_at)?,
        booking_id: optional_id("booking_id", filled(&e.booking_id))?,
        plan_version: plan_version(e.plan_version),
    });
    Ok(())
}

/// The event does not contain the payment method.
fn read_return(facts: &mut Facts, e: booking::PaymentReturned) -> Result<(), HandleError> {
    facts.receipts.push(Receipt {
        fact_id: id("return_id", &e.return_id)?,
        kind: ReceiptKind::Return,
        user_id: id("user_id", &e.user_id)?,
        method: None,
        amount_paise: money(e.amount_paise),
        happened_on: day("returned_at", e.returned_at)?,
        booking_id: optional_id("booking_id", filled(&e.booking_id))?,
        plan_version: None,
    });
    Ok(())
}

fn read_wallet(facts: &mut Facts, e: WalletChanged) -> Result<(), HandleError> {
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
            kind: word("type", &line.r#type)?,
            amount_paise: money(line.amount_paise),
            happened_on: day("created_at", line.created_at)?,
        });
    }
    Ok(())
}

fn read_placement(facts: &mut Facts, e: binary::PlacementMade) -> Result<(), HandleError> {
    facts.placements.push(Placement {
        user_id: id("user_id", &e.user_id)?,
        side: word("side", &e.side)?,
        manual: e.manual,
        placed_on: day("placed_at", e.placed_at)?,
        depth: Some(e.depth.into()),
    });
    read_pairs(facts, &e.pairs, None)
}

fn read_voided_pairs(facts: &mut Facts, e: binary::PairsVoided) -> Result<(), HandleError> {
    read_pairs(facts, &e.pairs, Some(day("voided_at", e.voided_at)?))
}

/// Reads pairs that were matched or flushed, or with `voided_on` the voided ones. A flushed pair earned nothing, so its
/// voiding is skipped.
fn read_pairs(facts: &mut Facts, pairs: &[binary::Pair], voided_on: Option<Day>) -> Result<(), HandleError> {
    for pair in pairs {
        let outcome: PairStatus = word("status", &pair.status)?;
        let (fact, happened_on) = match (voided_on, outcome) {
            (None, _) => (outcome, day("matched_at", pair.matched_at)?),
            (Some(_), PairStatus::Flushed) => continue,
            (Some(day), PairStatus::Matched | PairStatus::Voided) => (PairStatus::Voided, day),
        };
        facts.pairs.push(PairFact {
            pair_id: id("pair_id", &pair.pair_id)?,
            fact,
            earner_id: id("earner_id", &pair.earner_id)?,
            gross_paise: money(pair.gross_paise),
            emi_deduction_paise: money(pair.emi_deduction_paise),
            happened_on,
            left_user_id: optional_id("left_user_id", filled(&pair.left_user_id))?,
            right_user_id: optional_id("right_user_id", filled(&pair.right_user_id))?,
            plan_version: plan_version(pair.plan_version),
        });
    }
    Ok(())
}

/// The bytes of an id; `None` for those of a returned payment without a booking, which are empty.
fn filled(id: &[u8]) -> Option<&[u8]> {
    (!id.is_empty()).then_some(id)
}

/// The number of a plan version; an older event has none.
fn plan_version(number: u32) -> Option<i64> {
    (number > 0).then(|| number.into())
}

fn read_plan(facts: &mut Facts, e: binary::PlanPublished) -> Result<(), HandleError> {
    let plan = StoredPlan::try_new(e.version, time("effective_from", e.effective_from)?, e.plan_json);
    facts.plans.push(plan.map_err(|error| HandleError::poison(error.to_string()))?);
    Ok(())
}

fn read_payout_step(facts: &mut Facts, payout: &Option<payout::Payout>) -> Result<(), HandleError> {
    let payout = required("payout", payout)?;
    let row = Payout {
        payout_id: id("payout_id", &payout.payout_id)?,
        version: version(payout.version)?,
        user_id: id("user_id", &payout.user_id)?,
        status: word("status", &payout.status)?,
        requested_paise: money(payout.requested_paise),
        tds_paise: money(payout.tds_paise),
        emi_paise: money(payout.emi_paise),
        net_paise: money(payout.net_paise),
        requested_on: Some(day("requested_at", payout.requested_at)?),
        utr: payout.utr.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::subscriptions;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_the_subscription() {
        let mut types: BTreeSet<String> = consumer().types().into_iter().collect();
        types.insert("auth.v1.SessionRevoked".to_owned());
        let subscribed = subscriptions::for_service("reports").iter().map(|event_type| (*event_type).to_owned());
        assert_eq!(types, subscribed.collect());
    }
}
