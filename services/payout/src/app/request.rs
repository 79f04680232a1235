//! Quotes and requests of payouts.

use super::advance::Moves;
use super::bank_accounts;
use super::tax;
use super::terms::terms_at;
use crate::domain::BankAccountId;
use crate::domain::account::{VerificationContext, VerificationDecision, decide_verification};
use crate::domain::breakdown::Breakdown;
use crate::domain::instalment::{oldest_unpaid, remaining_after};
use crate::domain::payout::PayoutStatus;
use crate::domain::request::{RequestRefusal, Requester, all_refusals, approvals_needed, validate_request};
use crate::error::PayoutError;
use crate::store::accounts::{self, BankAccount};
use crate::store::bookings;
use crate::store::members::{self, MemberRow};
use crate::store::payouts::{self, Payout};
use db::{DbConnection, Version};
use domain::plan::PayoutTerms;
use domain::tax::TaxRule;
use domain::{Money, PayoutId, UserId};

/// A member's request for a payout.
#[derive(Debug, Clone, Copy)]
pub struct PayoutRequest {
    pub user_id: UserId,
    pub amount: Money,
    /// Whether to pay the oldest unpaid instalment out of the payout.
    pub emi_autofill: bool,
    /// The account to pay; `None` means the account of the approved KYC.
    pub bank_account_id: Option<BankAccountId>,
    /// Facts that decide whether the owner may use an account that is not verified yet.
    pub verification: VerificationContext,
}

/// The parts of a payout that the member may request now.
#[derive(Debug, Clone)]
pub struct Quote {
    pub parts: Breakdown,
    pub rule: TaxRule,
    account: BankAccount,
    account_decision: VerificationDecision,
    plan_version: u32,
    approvals_needed: i32,
}

/// The parts of a payout, and why the member may not request it now.
#[derive(Debug, Clone)]
pub struct Estimate {
    pub parts: Breakdown,
    pub rule: TaxRule,
    /// In the order of [`all_refusals`].
    pub refusals: Vec<RequestRefusal>,
}

/// Evaluates `request` without locking or saving anything. Refuses what [`create`] would refuse.
pub async fn quote(c: &mut DbConnection, request: &PayoutRequest) -> Result<Quote, PayoutError> {
    let member = find_member(c, request.user_id).await?;
    evaluate(c, &member, request).await
}

/// Evaluates `request` like [`quote`], and returns the refusals together with the parts. Before the KYC is approved the
/// tax is that of a member with a PAN, which the KYC requires. Refuses an account of another member, and an amount that
/// is not positive or out of range.
pub async fn estimate(c: &mut DbConnection, request: &PayoutRequest) -> Result<Estimate, PayoutError> {
    let member = find_member(c, request.user_id).await?;
    let Evaluation { terms, requester, .. } = load_evaluation(c, &member, request).await?;
    if !request.amount.is_positive() {
        return Err(RequestRefusal::BelowMinimum(terms.minimum).into());
    }
    let has_pan = !member.pan_index.is_empty() || !member.kyc_approved;
    let (parts, rule) = break_down(c, &member, request, has_pan).await.map_err(refuse_overflow)?;
    Ok(Estimate { parts, rule, refusals: all_refusals(&requester, request.amount, &terms) })
}

/// An estimate has no upper limit, so an overflow is the fault of the amount.
fn refuse_overflow(error: PayoutError) -> PayoutError {
    if let PayoutError::Money(overflow) = error { RequestRefusal::Money(overflow).into() } else { error }
}

async fn find_member(c: &mut DbConnection, user_id: UserId) -> Result<MemberRow, PayoutError> {
    Ok(members::find(c, user_id).await?.unwrap_or_else(|| MemberRow::unknown(user_id)))
}

/// Creates the payout in state `Requested`. Requests of one member are decided one at a time, under the lock of the
/// member's row. Refuses a request that [`validate_request`] refuses, and an account of another member.
pub async fn create(c: &mut DbConnection, request: &PayoutRequest, id: PayoutId) -> Result<Payout, PayoutError> {
    let now = request.verification.now;
    let member = members::lock(c, request.user_id).await?;
    let quote = evaluate(c, &member, request).await?;
    let Quote { parts, rule, account, account_decision, plan_version, approvals_needed } = quote;
    if account_decision != VerificationDecision::AlreadyVerified {
        bank_accounts::verify(c, account.id, request.user_id, &request.verification).await?;
    }
    let payout = Payout {
        id,
        user_id: request.user_id,
        version: Version::new(1),
        status: PayoutStatus::Requested,
        requested_paise: parts.requested,
        tds_paise: parts.tds,
        emi_paise: parts.emi,
        net_paise: parts.net,
        emi_autofill: request.emi_autofill,
        tax_rule_id: rule.id,
        plan_version: plan_version.into(),
        approvals_needed,
        bank_account_id: account.id,
        account_sealed: account.account_sealed,
        account_mask: account.account_mask,
        ifsc: account.ifsc,
        holder_name: account.holder_name,
        bank_name: account.bank_name,
        pan_sealed: member.pan_sealed,
        pan_index: member.pan_index,
        pan_mask: member.pan_mask,
        pan_holder: member.pan_holder,
        batch_id: None,
        utr: String::new(),
        reason: String::new(),
        requested_at: now,
        changed_at: now,
    };
    payouts::insert(c, &payout).await?;
    let mut moves = Moves::default();
    moves.add(&payout, None, false, Some(payout.user_id));
    moves.save(c).await?;
    Ok(payout)
}

/// What a request is decided from.
struct Evaluation {
    plan_version: u32,
    terms: PayoutTerms,
    requester: Requester,
    account: Option<BankAccount>,
}

async fn load_evaluation(
    c: &mut DbConnection,
    member: &MemberRow,
    request: &PayoutRequest,
) -> Result<Evaluation, PayoutError> {
    let (plan_version, terms) = terms_at(c, request.verification.now).await?;
    let account = find_receiving_account(c, member, request).await?;
    let decision = account.as_ref().map(|a| decide_verification(&a.facts(), member.user_id, &request.verification));
    let requester = Requester {
        kyc_approved: member.kyc_approved,
        account: decision,
        clawback_due: member.clawback_due_paise,
        available: member.available_paise,
        held: member.held_paise,
        reserved: payouts::sum_requested(c, member.user_id, &[PayoutStatus::Requested, PayoutStatus::Pending]).await?,
    };
    Ok(Evaluation { plan_version, terms, requester, account })
}

async fn evaluate(c: &mut DbConnection, member: &MemberRow, request: &PayoutRequest) -> Result<Quote, PayoutError> {
    let Evaluation { plan_version, terms, requester, account } = load_evaluation(c, member, request).await?;
    validate_request(&requester, request.amount, &terms)?;
    let (Some(account), Some(account_decision)) = (account, requester.account.transpose()?) else {
        return Err(PayoutError::UnknownAccount);
    };
    let (parts, rule) = break_down(c, member, request, !member.pan_index.is_empty()).await?;
    let approvals_needed = approvals_needed(request.amount, &terms);
    Ok(Quote { parts, rule, account, account_decision, plan_version, approvals_needed })
}

/// Breaks the requested amount down into its parts, with the tax rule. `has_pan` is whether the tax is that of a member
/// with a PAN.
async fn break_down(
    c: &mut DbConnection,
    member: &MemberRow,
    request: &PayoutRequest,
    has_pan: bool,
) -> Result<(Breakdown, TaxRule), PayoutError> {
    let instalment = if request.emi_autofill {
        let reserved = payouts::sum_emi_reserved_before(c, member.user_id, None).await?;
        remaining_after(oldest_unpaid(bookings::list_due_instalments(c, member.user_id).await?), reserved)
    } else {
        None
    };
    tax::estimate(c, (&member.pan_index, has_pan), request.amount, instalment, request.verification.now).await
}

/// Finds the requested account, or the account of the member's KYC if none is requested. Errors with `UnknownAccount`
/// if the requested account is not the member's.
async fn find_receiving_account(
    c: &mut DbConnection,
    member: &MemberRow,
    request: &PayoutRequest,
) -> Result<Option<BankAccount>, PayoutError> {
    match (request.bank_account_id, member.kyc_account_id) {
        (Some(requested), _) => {
            let found = accounts::find(c, requested).await?.filter(|a| a.user_id == member.user_id);
            found.map(Some).ok_or(PayoutError::UnknownAccount)
        }
        (None, Some(of_kyc)) => Ok(accounts::find(c, of_kyc).await?),
        (None, None) => Ok(None),
    }
}
