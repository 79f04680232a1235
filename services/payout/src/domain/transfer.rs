//! State machine of a transfer that a bank's API makes. A payout has at most one.
//!
//! The API's reports may be lost, repeated and reordered: the state that a report leads to depends on which reports came,
//! not on their order. What a report must not do is recorded as a conflict, for staff.

use super::payout::PayoutStatus;
use domain::{Money, Timestamp};

domain::text_enum! {
    /// How the payouts of a batch reach the bank.
    pub enum Channel {
        /// Staff upload a file to the bank, and its answer here.
        Manual = "manual",
        /// The API of RazorpayX.
        RazorpayX = "razorpayx",
    }
}

domain::text_enum! {
    /// State of a transfer.
    pub enum TransferState {
        /// Recorded; the API was not asked to pay.
        Intended = "intended",
        /// The API was asked to pay, and its answer is not known.
        Sent = "sent",
        /// The API refused, and has no such transfer. Staff have it tried again, or settle the payout.
        Refused = "refused",
        /// Accepted; it waits for money in the company's account, or for an approval at the bank.
        Queued = "queued",
        /// On its way.
        Processing = "processing",
        /// The receiving bank has the money.
        Paid = "paid",
        /// The bank did not pay and will not.
        Failed = "failed",
        /// The bank returned the money.
        Returned = "returned",
        /// Staff settled the payout otherwise; the API is not asked again.
        Withdrawn = "withdrawn",
    }
}

domain::text_enum! {
    /// Status of a transfer as the bank reports it.
    pub enum BankStatus {
        Queued = "queued",
        Processing = "processing",
        Paid = "paid",
        Failed = "failed",
        Returned = "returned",
    }
}

/// The bank's report of a transfer, in an answer or a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankReport {
    /// The bank's id of the transfer.
    pub bank_id: String,
    pub status: BankStatus,
    /// The bank's own word for the status.
    pub word: String,
    pub amount: Money,
    /// The bank reference, when it is known.
    pub utr: Option<String>,
    /// Why the transfer waits or failed; empty if it does not say.
    pub reason: String,
    /// Whether it waits because the company's account has too little money.
    pub is_low_balance: bool,
}

/// The facts about a transfer that decide what a report or a command does.
#[derive(Debug, Clone, Copy)]
pub struct TransferFacts<'a> {
    pub state: TransferState,
    /// The bank's id, once it reported one.
    pub bank_id: Option<&'a str>,
    /// Amount to transfer.
    pub net: Money,
    /// When the API was asked to pay for the first time.
    pub sent_at: Option<Timestamp>,
}

/// Why a report has no effect but to be shown to staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferConflict {
    #[error("the bank reports an amount of {0}")]
    Amount(Money),
    #[error("the bank reports a second transfer with another id")]
    SecondTransfer,
    #[error("the bank reports it as {reported}, after it was {state} here")]
    Contradiction { reported: BankStatus, state: TransferState },
}

/// Effect of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportEffect {
    /// The report is older than the state, or repeats it.
    Unchanged,
    /// The transfer is in this state now, with the details of the report.
    Move(TransferState),
    /// The transfer is paid, with this bank reference.
    Paid { utr: String },
}

/// Hours for which a paid transfer waits for its bank reference. Then the bank's id of the transfer stands for it.
pub const UTR_WAIT_HOURS: i64 = 24;

/// Decides what a report does. Errors with a conflict if it contradicts what is known.
pub fn decide_report(
    transfer: &TransferFacts<'_>,
    report: &BankReport,
    now: Timestamp,
) -> Result<ReportEffect, TransferConflict> {
    use TransferState::{Failed, Intended, Paid, Processing, Queued, Refused, Returned, Sent, Withdrawn};
    if transfer.bank_id.is_some_and(|known| known != report.bank_id) {
        return Err(TransferConflict::SecondTransfer);
    }
    if report.amount != transfer.net {
        return Err(TransferConflict::Amount(report.amount));
    }
    let contradiction = Err(TransferConflict::Contradiction { reported: report.status, state: transfer.state });
    match (report.status, transfer.state) {
        // The payout was settled otherwise, so money that moved all the same has moved twice.
        (BankStatus::Failed | BankStatus::Returned, Withdrawn) => Ok(ReportEffect::Unchanged),
        (BankStatus::Queued | BankStatus::Processing | BankStatus::Paid, Withdrawn) => contradiction,

        (BankStatus::Queued, Intended | Sent | Refused | Queued) => Ok(ReportEffect::Move(Queued)),
        (BankStatus::Processing, Intended | Sent | Refused | Queued | Processing) => Ok(ReportEffect::Move(Processing)),
        (BankStatus::Queued, Processing) | (BankStatus::Queued | BankStatus::Processing, Paid | Failed | Returned) => {
            Ok(ReportEffect::Unchanged)
        }

        (BankStatus::Paid, Intended | Sent | Refused | Queued | Processing) => Ok(paid(transfer, report, now)),
        // Returned after it was paid; the report of the payment comes late.
        (BankStatus::Paid, Paid | Returned) => Ok(ReportEffect::Unchanged),
        (BankStatus::Paid, Failed) => contradiction,

        (BankStatus::Failed, Intended | Sent | Refused | Queued | Processing) => Ok(ReportEffect::Move(Failed)),
        (BankStatus::Failed, Failed | Returned) => Ok(ReportEffect::Unchanged),
        (BankStatus::Failed, Paid) => contradiction,

        (BankStatus::Returned, Intended | Sent | Refused | Queued | Processing | Paid) => {
            Ok(ReportEffect::Move(Returned))
        }
        (BankStatus::Returned, Failed | Returned) => Ok(ReportEffect::Unchanged),
    }
}

/// A payment without its reference is on its way for some time more.
fn paid(transfer: &TransferFacts<'_>, report: &BankReport, now: Timestamp) -> ReportEffect {
    match &report.utr {
        Some(utr) => ReportEffect::Paid { utr: utr.clone() },
        None if transfer.sent_at.is_some_and(|sent| sent.plus_hours(UTR_WAIT_HOURS) <= now) => {
            ReportEffect::Paid { utr: report.bank_id.clone() }
        }
        None => ReportEffect::Move(TransferState::Processing),
    }
}

/// What the state of a transfer means for its payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutOutcome {
    Pay,
    Fail,
    Return,
}

/// The outcome of a payout with `status` whose transfer came into `state`. `None` if the payout stays as it is. A
/// transfer that comes back before it was reported as paid has failed.
pub const fn decide_outcome(state: TransferState, status: PayoutStatus) -> Option<PayoutOutcome> {
    match (state, status) {
        (TransferState::Paid, PayoutStatus::Processing) => Some(PayoutOutcome::Pay),
        (TransferState::Failed | TransferState::Returned, PayoutStatus::Processing) => Some(PayoutOutcome::Fail),
        (TransferState::Returned, PayoutStatus::Completed) => Some(PayoutOutcome::Return),
        (
            TransferState::Intended
            | TransferState::Sent
            | TransferState::Refused
            | TransferState::Queued
            | TransferState::Processing
            | TransferState::Paid
            | TransferState::Failed
            | TransferState::Returned
            | TransferState::Withdrawn,
            _,
        ) => None,
    }
}

/// Whether staff may settle the payout by hand: the API was never asked to pay, or has no such transfer.
pub const fn may_be_withdrawn(state: TransferState) -> bool {
    matches!(state, TransferState::Intended | TransferState::Refused | TransferState::Withdrawn)
}

/// What to ask the API next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextCall {
    /// Ask it to pay.
    Create,
    /// Ask whether it has a transfer with our reference: an earlier request may have taken effect.
    Find,
    /// Ask for the status of the transfer.
    Get,
}

/// Decides what to ask the API next. `None` if nothing is left to ask, or staff have to decide.
pub const fn next_call(state: TransferState) -> Option<NextCall> {
    match state {
        TransferState::Intended => Some(NextCall::Create),
        TransferState::Sent => Some(NextCall::Find),
        TransferState::Queued | TransferState::Processing | TransferState::Paid => Some(NextCall::Get),
        TransferState::Refused | TransferState::Failed | TransferState::Returned | TransferState::Withdrawn => None,
    }
}

const FIRST_RETRY_SECS: i64 = 15;
const MAX_RETRY_SECS: i64 = 3_600;
const FIRST_CHECK_SECS: i64 = 900;
const MAX_CHECK_SECS: i64 = 86_400;
/// Days after its payment for which a transfer is asked about, because the bank may return it.
const RETURN_WATCH_DAYS: i64 = 30;

/// Time of the next call after `attempts` calls: after 15 seconds, doubling up to an hour.
pub fn next_retry(attempts: i64, now: Timestamp) -> Timestamp {
    now.plus_secs(doubled(FIRST_RETRY_SECS, attempts, MAX_RETRY_SECS))
}

/// Time of the next status check of an accepted transfer after `checks` checks: after 15 minutes, doubling up to a day.
/// `None` once a paid one was watched for 30 days.
pub fn next_check(state: TransferState, checks: i64, changed_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let is_watched = match state {
        TransferState::Queued | TransferState::Processing => true,
        TransferState::Paid => now < changed_at.plus_hours(24 * RETURN_WATCH_DAYS),
        TransferState::Intended
        | TransferState::Sent
        | TransferState::Refused
        | TransferState::Failed
        | TransferState::Returned
        | TransferState::Withdrawn => false,
    };
    is_watched.then(|| now.plus_secs(doubled(FIRST_CHECK_SECS, checks, MAX_CHECK_SECS)))
}

fn doubled(first: i64, times: i64, most: i64) -> i64 {
    (1..times.clamp(1, 16)).fold(first, |secs, _| secs.saturating_mul(2).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.plus_hours(n)
    }
    fn facts(state: TransferState) -> TransferFacts<'static> {
        TransferFacts { state, bank_id: Some("pout_1"), net: Money::from_rupees(100), sent_at: Some(hour(1)) }
    }
    fn report(status: BankStatus) -> BankReport {
        BankReport {
            bank_id: "pout_1".into(),
            status,
            word: String::new(),
            amount: Money::from_rupees(100),
            utr: Some("UTR1".into()),
            reason: String::new(),
            is_low_balance: false,
        }
    }

    #[test]
    fn every_report_in_every_state_has_the_listed_effect() {
        // intended sent refused queued processing paid failed returned withdrawn
        let table = [
            (BankStatus::Queued, "queued queued queued queued . . . . x"),
            (BankStatus::Processing, "processing processing processing processing processing . . . x"),
            (BankStatus::Paid, "UTR1 UTR1 UTR1 UTR1 UTR1 . x . x"),
            (BankStatus::Failed, "failed failed failed failed failed x . . ."),
            (BankStatus::Returned, "returned returned returned returned returned returned . . ."),
        ];
        for (status, expected) in table {
            let cell = |state: &TransferState| match decide_report(&facts(*state), &report(status), hour(2)) {
                Ok(ReportEffect::Unchanged) => ".".to_owned(),
                Ok(ReportEffect::Move(to)) => to.to_string(),
                Ok(ReportEffect::Paid { utr }) => utr,
                Err(_) => "x".to_owned(),
            };
            let row: Vec<String> = TransferState::ALL.iter().map(cell).collect();
            assert_eq!(row.join(" "), expected, "{status}");
        }
    }

    /// States of transfer and payout after the reports, each delivered in turn.
    fn after(reports: &[BankStatus]) -> (TransferState, PayoutStatus) {
        let (mut state, mut payout) = (TransferState::Sent, PayoutStatus::Processing);
        for status in reports {
            state = match decide_report(&facts(state), &report(*status), hour(2)) {
                Ok(ReportEffect::Move(to)) => to,
                Ok(ReportEffect::Paid { .. }) => TransferState::Paid,
                Ok(ReportEffect::Unchanged) | Err(_) => state,
            };
            payout = match decide_outcome(state, payout) {
                Some(PayoutOutcome::Pay) => PayoutStatus::Completed,
                Some(PayoutOutcome::Fail) => PayoutStatus::Failed,
                Some(PayoutOutcome::Return) => PayoutStatus::Reversed,
                None => payout,
            };
        }
        (state, payout)
    }

    /// All orders of `items`.
    fn orders(items: &[BankStatus]) -> Vec<Vec<BankStatus>> {
        if items.is_empty() {
            return vec![Vec::new()];
        }
        let rest = |n: usize| -> Vec<BankStatus> {
            items.iter().enumerate().filter(|(at, _)| *at != n).map(|(_, item)| *item).collect()
        };
        let starting_with = |(n, first): (usize, &BankStatus)| {
            let first = *first;
            orders(&rest(n)).into_iter().map(move |tail| [vec![first], tail].concat()).collect::<Vec<_>>()
        };
        items.iter().enumerate().flat_map(starting_with).collect()
    }

    #[test]
    fn reports_in_any_order_and_repeated_lead_to_the_same_end() {
        use BankStatus::{Failed, Paid, Processing, Queued, Returned};
        for (reports, end) in [
            (&[Queued, Processing, Paid][..], TransferState::Paid),
            (&[Queued, Processing, Failed], TransferState::Failed),
            (&[Queued, Processing, Paid, Returned], TransferState::Returned),
            (&[Queued, Processing, Paid, Paid, Returned, Returned], TransferState::Returned),
        ] {
            for order in orders(reports) {
                let (state, payout) = after(&order);
                assert_eq!(state, end, "{order:?}");
                // The money is with the member's bank, or back in the wallet.
                let is_back = matches!(payout, PayoutStatus::Failed | PayoutStatus::Reversed);
                assert_eq!(is_back, end != TransferState::Paid, "{order:?}");
            }
        }
    }

    #[test]
    fn a_report_of_another_amount_or_a_second_transfer_is_a_conflict() {
        let other = BankReport { amount: Money::from_rupees(99), ..report(BankStatus::Paid) };
        let amount = Err(TransferConflict::Amount(Money::from_rupees(99)));
        assert_eq!(decide_report(&facts(TransferState::Sent), &other, hour(2)), amount);
        let second = BankReport { bank_id: "pout_2".into(), ..report(BankStatus::Queued) };
        let found = decide_report(&facts(TransferState::Processing), &second, hour(2));
        assert_eq!(found, Err(TransferConflict::SecondTransfer));
        let first = TransferFacts { bank_id: None, ..facts(TransferState::Sent) };
        assert_eq!(decide_report(&first, &second, hour(2)), Ok(ReportEffect::Move(TransferState::Queued)));
    }

    #[test]
    fn a_payment_without_its_reference_waits_a_day_for_it() {
        let unnamed = BankReport { utr: None, ..report(BankStatus::Paid) };
        for (now, expected) in [
            (hour(25).plus_secs(-1), ReportEffect::Move(TransferState::Processing)),
            (hour(25), ReportEffect::Paid { utr: "pout_1".into() }),
        ] {
            assert_eq!(decide_report(&facts(TransferState::Processing), &unnamed, now), Ok(expected));
        }
    }

    #[test]
    fn a_transfer_that_may_exist_is_never_created_by_a_first_call_or_settled_by_hand() {
        for state in TransferState::ALL {
            let is_unsent = matches!(state, TransferState::Intended);
            assert_eq!(next_call(*state) == Some(NextCall::Create), is_unsent, "{state}");
            let has_no_transfer =
                matches!(state, TransferState::Intended | TransferState::Refused | TransferState::Withdrawn);
            assert_eq!(may_be_withdrawn(*state), has_no_transfer, "{state}");
        }
    }

    #[test]
    fn waits_double_and_end() {
        let now = hour(0);
        for (attempts, secs) in [(0, 15), (1, 15), (2, 30), (9, 3_600), (i64::MAX, 3_600)] {
            assert_eq!(next_retry(attempts, now), now.plus_secs(secs), "{attempts}");
        }
        let day = |n: i64| hour(24 * n);
        for (state, now, expected) in [
            (TransferState::Processing, day(400), Some(day(400).plus_secs(900))),
            (TransferState::Paid, day(30).plus_secs(-1), Some(day(30).plus_secs(899))),
            (TransferState::Paid, day(30), None),
            (TransferState::Refused, day(0), None),
        ] {
            assert_eq!(next_check(state, 1, day(0), now), expected, "{state}");
        }
    }
}
