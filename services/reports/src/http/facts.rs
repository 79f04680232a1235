//! What each report shows, and the facts its figures are added up from.

use crate::domain::fact::{Flow, signed};
use crate::domain::report::{Column, Fact};
use crate::domain::{PairFact, PayoutStatus, ReceiptKind, TransactionKind};
use crate::store::{bookings, members, payouts, receipts, tree, wallets};
use chassis::http::Problem;
use db::DbConnection;
use domain::Day;

/// `revenue` = `received` − `refunded`: new money only. `from_wallets` and `from_emi` are payments less refunds.
/// `returned` was captured and could be no payment, or its refund was refused: it went to the payer's wallet.
pub(super) const SALES: &[Column] = &[
    Column::count("bookings"),
    Column::rupees("booked_value"),
    Column::count("payments"),
    Column::rupees("received"),
    Column::count("refunds"),
    Column::rupees("refunded"),
    Column::rupees("revenue"),
    Column::rupees("from_wallets"),
    Column::rupees("from_emi"),
    Column::rupees("returned"),
];

pub(super) async fn sales(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<Fact>, Problem> {
    let mut facts = Vec::new();
    for (day, count, price) in bookings::made(c, from, to).await? {
        facts.push(Fact::count(day, "bookings", count));
        facts.push(Fact::rupees(day, "booked_value", price));
    }
    for (day, kind, method, count, amount) in receipts::daily(c, from, to).await? {
        let net = signed(kind, amount).map_err(super::overflow)?;
        match kind {
            ReceiptKind::Payment => facts.push(Fact::count(day, "payments", count)),
            ReceiptKind::Refund => facts.push(Fact::count(day, "refunds", count)),
            ReceiptKind::Return => facts.push(Fact::rupees(day, "returned", amount)),
        }
        match (method.map(Flow::of), kind) {
            (Some(Flow::New), ReceiptKind::Payment) => facts.push(Fact::rupees(day, "received", amount)),
            (Some(Flow::New), ReceiptKind::Refund) => facts.push(Fact::rupees(day, "refunded", amount)),
            (Some(Flow::Wallet), _) => facts.push(Fact::rupees(day, "from_wallets", net)),
            (Some(Flow::Emi), _) => facts.push(Fact::rupees(day, "from_emi", net)),
            (Some(Flow::New), ReceiptKind::Return) | (None, _) => {}
        }
        if method.map(Flow::of) == Some(Flow::New) {
            facts.push(Fact::rupees(day, "revenue", net));
        }
    }
    Ok(facts)
}

pub(super) const USERS: &[Column] =
    &[Column::count("registrations"), Column::count("referred"), Column::count("placed")];

pub(super) async fn users(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<Fact>, Problem> {
    let mut facts = Vec::new();
    for (day, all, referred) in members::joined(c, from, to).await? {
        facts.push(Fact::count(day, "registrations", all));
        facts.push(Fact::count(day, "referred", referred));
    }
    let placed = tree::placed(c, from, to).await?;
    facts.extend(placed.into_iter().map(|(day, _, count)| Fact::count(day, "placed", count)));
    Ok(facts)
}

/// One column a type of transaction, signed as members see it, and their commission.
pub(super) const WALLET: &[Column] = &[
    Column::rupees("referral_bonus"),
    Column::rupees("binary_pair"),
    Column::rupees("reversal"),
    Column::rupees("clawback"),
    Column::rupees("commission"),
    Column::rupees("emi_deduction"),
    Column::rupees("emi_release"),
    Column::rupees("reserve_deduction"),
    Column::rupees("reserve_release"),
    Column::rupees("deposit"),
    Column::rupees("refund"),
    Column::rupees("booking_payment"),
    Column::rupees("payout"),
    Column::rupees("adjustment"),
];

const fn wallet_column(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::ReferralBonus => "referral_bonus",
        TransactionKind::BinaryPair => "binary_pair",
        TransactionKind::EmiDeduction => "emi_deduction",
        TransactionKind::ReserveDeduction => "reserve_deduction",
        TransactionKind::Payout => "payout",
        TransactionKind::Deposit => "deposit",
        TransactionKind::Refund => "refund",
        TransactionKind::EmiRelease => "emi_release",
        TransactionKind::ReserveRelease => "reserve_release",
        TransactionKind::BookingPayment => "booking_payment",
        TransactionKind::Reversal => "reversal",
        TransactionKind::Clawback => "clawback",
        TransactionKind::Adjustment => "adjustment",
    }
}

pub(super) async fn wallet(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<Fact>, Problem> {
    let mut facts = Vec::new();
    for (day, kind, amount) in wallets::daily(c, from, to).await? {
        facts.push(Fact::rupees(day, wallet_column(kind), amount));
        if kind.is_commission() {
            facts.push(Fact::rupees(day, "commission", amount));
        }
    }
    Ok(facts)
}

/// By the day of the step. `paid_gross` = `tds` + `emi` + `net`; `returned` is what the bank gave back, gross.
pub(super) const PAYOUTS: &[Column] = &[
    Column::count("requested"),
    Column::rupees("requested_amount"),
    Column::count("paid"),
    Column::rupees("paid_gross"),
    Column::rupees("tds"),
    Column::rupees("emi"),
    Column::rupees("net"),
    Column::count("refused"),
    Column::count("failed"),
    Column::count("returned"),
    Column::rupees("returned_amount"),
];

pub(super) async fn payouts(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<Fact>, Problem> {
    let mut facts = Vec::new();
    for step in payouts::daily(c, from, to).await? {
        let (day, requested) = (step.day, step.requested);
        match step.status {
            PayoutStatus::Requested => {
                facts.push(Fact::count(day, "requested", step.count));
                facts.push(Fact::rupees(day, "requested_amount", requested));
            }
            PayoutStatus::Completed => {
                facts.push(Fact::count(day, "paid", step.count));
                facts.push(Fact::rupees(day, "paid_gross", requested));
                facts.push(Fact::rupees(day, "tds", step.tds));
                facts.push(Fact::rupees(day, "emi", step.emi));
                facts.push(Fact::rupees(day, "net", step.net));
            }
            PayoutStatus::Rejected | PayoutStatus::Cancelled => facts.push(Fact::count(day, "refused", step.count)),
            PayoutStatus::Failed => facts.push(Fact::count(day, "failed", step.count)),
            PayoutStatus::Reversed => {
                facts.push(Fact::count(day, "returned", step.count));
                facts.push(Fact::rupees(day, "returned_amount", requested));
            }
            PayoutStatus::Pending | PayoutStatus::Approved | PayoutStatus::Processing => {}
        }
    }
    Ok(facts)
}

/// Gross amounts; of `gross`, `emi_deduction` went to EMI reserves.
pub(super) const BINARY: &[Column] = &[
    Column::count("placements"),
    Column::count("manual_placements"),
    Column::count("pairs_matched"),
    Column::rupees("gross"),
    Column::rupees("emi_deduction"),
    Column::count("pairs_flushed"),
    Column::count("pairs_voided"),
    Column::rupees("voided_gross"),
];

pub(super) async fn binary(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<Fact>, Problem> {
    let mut facts = Vec::new();
    for (day, manual, count) in tree::placed(c, from, to).await? {
        facts.push(Fact::count(day, "placements", count));
        if manual {
            facts.push(Fact::count(day, "manual_placements", count));
        }
    }
    for (day, fact, count, gross, emi) in tree::daily(c, from, to).await? {
        match fact {
            PairFact::Matched => {
                facts.push(Fact::count(day, "pairs_matched", count));
                facts.push(Fact::rupees(day, "gross", gross));
                facts.push(Fact::rupees(day, "emi_deduction", emi));
            }
            PairFact::Flushed => facts.push(Fact::count(day, "pairs_flushed", count)),
            PairFact::Voided => {
                facts.push(Fact::count(day, "pairs_voided", count));
                facts.push(Fact::rupees(day, "voided_gross", gross));
            }
        }
    }
    Ok(facts)
}
