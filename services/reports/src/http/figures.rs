//! Columns of the five reports, and the queries for their daily figures.

use crate::domain::fact::{MoneySource, is_commission, signed_amount};
use crate::domain::report::{Column, DailyFigure};
use crate::domain::{PairStatus, PayoutStatus, ReceiptKind, TransactionType};
use crate::store::{bookings, members, payouts, receipts, tree, wallets};
use db::DbConnection;
use domain::Day;
use http_api::Problem;

/// `revenue` = `received` − `refunded`: new money only. `from_wallets` and `from_emi` are payments less refunds.
/// `returned` is captured money that could not be booked, or whose refund was refused: it went to the payer's wallet.
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

/// Loads the daily figures of the sales report.
pub(super) async fn sales(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, count, price) in bookings::booked_per_day(c, from, to).await? {
        figures.push(DailyFigure::count(day, "bookings", count));
        figures.push(DailyFigure::rupees(day, "booked_value", price));
    }
    for (day, kind, method, count, amount) in receipts::per_day(c, from, to).await? {
        let net = signed_amount(kind, amount).map_err(super::overflow)?;
        match kind {
            ReceiptKind::Payment => figures.push(DailyFigure::count(day, "payments", count)),
            ReceiptKind::Refund => figures.push(DailyFigure::count(day, "refunds", count)),
            ReceiptKind::Return => figures.push(DailyFigure::rupees(day, "returned", amount)),
        }
        match (method.map(MoneySource::from_method), kind) {
            (Some(MoneySource::NewMoney), ReceiptKind::Payment) => {
                figures.push(DailyFigure::rupees(day, "received", amount))
            }
            (Some(MoneySource::NewMoney), ReceiptKind::Refund) => {
                figures.push(DailyFigure::rupees(day, "refunded", amount))
            }
            (Some(MoneySource::Wallet), _) => figures.push(DailyFigure::rupees(day, "from_wallets", net)),
            (Some(MoneySource::EmiReserve), _) => figures.push(DailyFigure::rupees(day, "from_emi", net)),
            (Some(MoneySource::NewMoney), ReceiptKind::Return) | (None, _) => {}
        }
        if method.map(MoneySource::from_method) == Some(MoneySource::NewMoney) {
            figures.push(DailyFigure::rupees(day, "revenue", net));
        }
    }
    Ok(figures)
}

/// Members by the day they joined or were placed.
pub(super) const USERS: &[Column] =
    &[Column::count("registrations"), Column::count("referred"), Column::count("placed")];

/// Loads the daily figures of the users report.
pub(super) async fn users(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, joined, referred) in members::joined_per_day(c, from, to).await? {
        figures.push(DailyFigure::count(day, "registrations", joined));
        figures.push(DailyFigure::count(day, "referred", referred));
    }
    let placed = tree::placed_per_day(c, from, to).await?;
    figures.extend(placed.into_iter().map(|(day, _, count)| DailyFigure::count(day, "placed", count)));
    Ok(figures)
}

/// One column per transaction type, signed as shown to members, and the commission.
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

const fn wallet_column(kind: TransactionType) -> &'static str {
    match kind {
        TransactionType::ReferralBonus => "referral_bonus",
        TransactionType::BinaryPair => "binary_pair",
        TransactionType::EmiDeduction => "emi_deduction",
        TransactionType::ReserveDeduction => "reserve_deduction",
        TransactionType::Payout => "payout",
        TransactionType::Deposit => "deposit",
        TransactionType::Refund => "refund",
        TransactionType::EmiRelease => "emi_release",
        TransactionType::ReserveRelease => "reserve_release",
        TransactionType::BookingPayment => "booking_payment",
        TransactionType::Reversal => "reversal",
        TransactionType::Clawback => "clawback",
        TransactionType::Adjustment => "adjustment",
    }
}

/// Loads the daily figures of the wallet report.
pub(super) async fn wallet(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, kind, amount) in wallets::per_day(c, from, to).await? {
        figures.push(DailyFigure::rupees(day, wallet_column(kind), amount));
        if is_commission(kind) {
            figures.push(DailyFigure::rupees(day, "commission", amount));
        }
    }
    Ok(figures)
}

/// By the day of the step. `paid_gross` = `tds` + `emi` + `net`; `returned` counts payouts that the bank returned, with
/// their gross amount.
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

/// Loads the daily figures of the payouts report.
pub(super) async fn payouts(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for step in payouts::per_day(c, from, to).await? {
        let (day, requested) = (step.day, step.requested);
        match step.status {
            PayoutStatus::Requested => {
                figures.push(DailyFigure::count(day, "requested", step.count));
                figures.push(DailyFigure::rupees(day, "requested_amount", requested));
            }
            PayoutStatus::Completed => {
                figures.push(DailyFigure::count(day, "paid", step.count));
                figures.push(DailyFigure::rupees(day, "paid_gross", requested));
                figures.push(DailyFigure::rupees(day, "tds", step.tds));
                figures.push(DailyFigure::rupees(day, "emi", step.emi));
                figures.push(DailyFigure::rupees(day, "net", step.net));
            }
            PayoutStatus::Rejected | PayoutStatus::Cancelled => {
                figures.push(DailyFigure::count(day, "refused", step.count))
            }
            PayoutStatus::Failed => figures.push(DailyFigure::count(day, "failed", step.count)),
            PayoutStatus::Reversed => {
                figures.push(DailyFigure::count(day, "returned", step.count));
                figures.push(DailyFigure::rupees(day, "returned_amount", requested));
            }
            PayoutStatus::Pending | PayoutStatus::Approved | PayoutStatus::Processing => {}
        }
    }
    Ok(figures)
}

/// Gross amounts; `emi_deduction` is the part of `gross` that went to EMI reserves.
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

/// Loads the daily figures of the binary report.
pub(super) async fn binary(c: &mut DbConnection, from: Day, to: Day) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, manual, count) in tree::placed_per_day(c, from, to).await? {
        figures.push(DailyFigure::count(day, "placements", count));
        if manual {
            figures.push(DailyFigure::count(day, "manual_placements", count));
        }
    }
    for (day, outcome, count, gross, emi) in tree::per_day(c, from, to).await? {
        match outcome {
            PairStatus::Matched => {
                figures.push(DailyFigure::count(day, "pairs_matched", count));
                figures.push(DailyFigure::rupees(day, "gross", gross));
                figures.push(DailyFigure::rupees(day, "emi_deduction", emi));
            }
            PairStatus::Flushed => figures.push(DailyFigure::count(day, "pairs_flushed", count)),
            PairStatus::Voided => {
                figures.push(DailyFigure::count(day, "pairs_voided", count));
                figures.push(DailyFigure::rupees(day, "voided_gross", gross));
            }
        }
    }
    Ok(figures)
}
