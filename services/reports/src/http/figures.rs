//! Columns of the reports by period, and the queries for their daily figures.

use crate::domain::fact::{MoneySource, is_commission, signed_amount};
use crate::domain::filter::{FilterName, ReportFilters};
use crate::domain::report::{Column, DailyFigure};
use crate::domain::{BookingStatus, PairStatus, PayoutStatus, ReceiptKind, TransactionType};
use crate::store::{bookings, cohorts, members, payouts, receipts, tree, wallets};
use db::DbConnection;
use domain::Day;
use http_api::Problem;

/// `revenue` = `received` − `refunded`: new money only. `from_wallets` and `from_emi` are payments less refunds.
/// `returned` is captured money that could not be booked, or whose refund was refused: it went to the payer's wallet.
pub(super) const SALES: &[Column] = &[
    Column::count("bookings").filtered_by(OF_BOOKING),
    Column::rupees("booked_value").filtered_by(OF_BOOKING),
    Column::count("payments").filtered_by(OF_PAYMENT),
    Column::rupees("received").filtered_by(OF_PAYMENT),
    Column::count("refunds").filtered_by(OF_PAYMENT),
    Column::rupees("refunded").filtered_by(OF_PAYMENT),
    Column::rupees("revenue").filtered_by(OF_PAYMENT),
    Column::rupees("from_wallets").filtered_by(OF_PAYMENT),
    Column::rupees("from_emi").filtered_by(OF_PAYMENT),
    Column::rupees("returned").filtered_by(OF_BOOKING),
];
const OF_BOOKING: &[FilterName] = &[FilterName::Vehicle, FilterName::Status, FilterName::City];
const OF_PAYMENT: &[FilterName] = FilterName::ALL;
const OF_MEMBER: &[FilterName] = &[FilterName::City];
const OF_PAIR: &[FilterName] = &[FilterName::City, FilterName::PlanVersion];
const OF_PAYOUT: &[FilterName] = &[FilterName::City, FilterName::Status];

/// Loads the daily figures of the sales report.
pub(super) async fn sales(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, count, price) in bookings::booked_per_day(c, days, filters).await? {
        figures.push(DailyFigure::count(day, "bookings", count));
        figures.push(DailyFigure::rupees(day, "booked_value", price));
    }
    for (day, kind, method, count, amount) in receipts::per_day(c, days, filters).await? {
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
pub(super) const USERS: &[Column] = &[
    Column::count("registrations").filtered_by(OF_MEMBER),
    Column::count("referred").filtered_by(OF_MEMBER),
    Column::count("placed").filtered_by(OF_MEMBER),
];

/// Loads the daily figures of the users report.
pub(super) async fn users(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, joined, referred) in members::joined_per_day(c, days, filters).await? {
        figures.push(DailyFigure::count(day, "registrations", joined));
        figures.push(DailyFigure::count(day, "referred", referred));
    }
    let placed = tree::placed_per_day(c, days, filters).await?;
    figures.extend(placed.into_iter().map(|(day, _, count)| DailyFigure::count(day, "placed", count)));
    Ok(figures)
}

/// One column per transaction type, signed as shown to members, and the commission.
pub(super) const WALLET: &[Column] = &[
    Column::rupees("referral_bonus").filtered_by(OF_MEMBER),
    Column::rupees("binary_pair").filtered_by(OF_MEMBER),
    Column::rupees("reversal").filtered_by(OF_MEMBER),
    Column::rupees("clawback").filtered_by(OF_MEMBER),
    Column::rupees("commission").filtered_by(OF_MEMBER),
    Column::rupees("emi_deduction").filtered_by(OF_MEMBER),
    Column::rupees("emi_release").filtered_by(OF_MEMBER),
    Column::rupees("reserve_deduction").filtered_by(OF_MEMBER),
    Column::rupees("reserve_release").filtered_by(OF_MEMBER),
    Column::rupees("deposit").filtered_by(OF_MEMBER),
    Column::rupees("refund").filtered_by(OF_MEMBER),
    Column::rupees("booking_payment").filtered_by(OF_MEMBER),
    Column::rupees("payout").filtered_by(OF_MEMBER),
    Column::rupees("adjustment").filtered_by(OF_MEMBER),
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
pub(super) async fn wallet(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, kind, amount) in wallets::per_day(c, days, filters).await? {
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
    Column::count("requested").filtered_by(OF_PAYOUT),
    Column::rupees("requested_amount").filtered_by(OF_PAYOUT),
    Column::count("paid").filtered_by(OF_PAYOUT),
    Column::rupees("paid_gross").filtered_by(OF_PAYOUT),
    Column::rupees("tds").filtered_by(OF_PAYOUT),
    Column::rupees("emi").filtered_by(OF_PAYOUT),
    Column::rupees("net").filtered_by(OF_PAYOUT),
    Column::count("refused").filtered_by(OF_PAYOUT),
    Column::count("failed").filtered_by(OF_PAYOUT),
    Column::count("returned").filtered_by(OF_PAYOUT),
    Column::rupees("returned_amount").filtered_by(OF_PAYOUT),
];

/// Loads the daily figures of the payouts report.
pub(super) async fn payouts(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for step in payouts::per_day(c, days, filters).await? {
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
    Column::count("placements").filtered_by(OF_MEMBER),
    Column::count("manual_placements").filtered_by(OF_MEMBER),
    Column::count("pairs_matched").filtered_by(OF_PAIR),
    Column::rupees("gross").filtered_by(OF_PAIR),
    Column::rupees("emi_deduction").filtered_by(OF_PAIR),
    Column::count("pairs_flushed").filtered_by(OF_PAIR),
    Column::count("pairs_voided").filtered_by(OF_PAIR),
    Column::rupees("voided_gross").filtered_by(OF_PAIR),
];

/// Loads the daily figures of the binary report.
pub(super) async fn binary(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, manual, count) in tree::placed_per_day(c, days, filters).await? {
        figures.push(DailyFigure::count(day, "placements", count));
        if manual {
            figures.push(DailyFigure::count(day, "manual_placements", count));
        }
    }
    for (day, outcome, count, gross, emi) in tree::per_day(c, days, filters).await? {
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

/// Members by the day they joined, with what became of them until now. `booked` and `bought` are members with a booking,
/// and with one that is completed; `paid` is their own money less refunds, `earned` what their wallets were credited.
pub(super) const COHORTS: &[Column] = &[
    Column::count("joined").filtered_by(OF_MEMBER),
    Column::count("referred").filtered_by(OF_MEMBER),
    Column::count("placed").filtered_by(OF_MEMBER),
    Column::count("active_buyers").filtered_by(OF_MEMBER),
    Column::count("booked").filtered_by(OF_MEMBER),
    Column::count("bought").filtered_by(OF_MEMBER),
    Column::rupees("paid").filtered_by(OF_MEMBER),
    Column::rupees("earned").filtered_by(OF_MEMBER),
];

const BOUGHT: &[BookingStatus] = &[BookingStatus::Completed, BookingStatus::Delivered];

/// Loads the figures of the cohorts by the day of joining.
pub(super) async fn cohorts(
    c: &mut DbConnection,
    days: (Day, Day),
    filters: &ReportFilters,
) -> Result<Vec<DailyFigure>, Problem> {
    let mut figures = Vec::new();
    for (day, is_active_buyer, joined, referred) in cohorts::joined(c, days, filters).await? {
        figures.push(DailyFigure::count(day, "joined", joined));
        figures.push(DailyFigure::count(day, "referred", referred));
        if is_active_buyer {
            figures.push(DailyFigure::count(day, "active_buyers", joined));
        }
    }
    let placed = cohorts::placed(c, days, filters).await?;
    figures.extend(placed.into_iter().map(|(day, count)| DailyFigure::count(day, "placed", count)));
    for (column, statuses) in [("booked", BookingStatus::ALL), ("bought", BOUGHT)] {
        let buyers = cohorts::with_booking(c, days, filters, statuses).await?;
        figures.extend(buyers.into_iter().map(|(day, count)| DailyFigure::count(day, column, count)));
    }
    for (day, kind, amount) in cohorts::paid(c, days, filters).await? {
        figures.push(DailyFigure::rupees(day, "paid", signed_amount(kind, amount).map_err(super::overflow)?));
    }
    let earned = cohorts::earned(c, days, filters).await?;
    figures.extend(earned.into_iter().map(|(day, amount)| DailyFigure::rupees(day, "earned", amount)));
    Ok(figures)
}
