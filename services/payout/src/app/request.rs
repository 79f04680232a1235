//! A member asks what a payout would be, or for one.

use super::keep_account::confirm;
use super::terms::PlanCache;
use super::{tax, tell};
use crate::domain::BankAccountId;
use crate::domain::account::{Claim, Verdict, verify};
use crate::domain::breakdown::Breakdown;
use crate::domain::instalment::{left_of, oldest_unpaid};
use crate::domain::payout::Status;
use crate::domain::request::{Asker, approvals_needed, check};
use crate::error::PayoutError;
use crate::store::accounts::{self, BankAccount};
use crate::store::bookings;
use crate::store::members::{self, Member};
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::tax::TaxRule;
use domain::{Money, PayoutId, UserId};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    pub user_id: UserId,
    pub amount: Money,
    /// Pay the oldest unpaid instalment out of it.
    pub emi_autofill: bool,
    /// The account of the KYC where none is named.
    pub bank_account_id: Option<BankAccountId>,
    /// What the member has to show for an account that nobody has verified.
    pub claim: Claim,
}

/// An ask that nothing stands in the way of.
#[derive(Debug, Clone)]
pub struct Quote {
    pub parts: Breakdown,
    pub rule: TaxRule,
    account: BankAccount,
    account_verdict: Verdict,
    plan_version: u32,
    approvals_needed: i32,
}

/// What the payout would be now.
pub async fn quote(c: &mut DbConnection, plans: &PlanCache, ask: &Ask) -> Result<Quote, PayoutError> {
    let member = members::find(c, ask.user_id).await?.unwrap_or_else(|| Member::unknown(ask.user_id));
    consider(c, plans, &member, ask).await
}

/// Asks for the payout. Asks of one member are decided one after the other, under the lock of their row.
pub async fn request(c: &mut DbConnection, plans: &PlanCache, ask: &Ask, id: PayoutId) -> Result<Payout, PayoutError> {
    let now = ask.claim.now;
    let member = members::lock(c, ask.user_id).await?;
    let quote = consider(c, plans, &member, ask).await?;
    let Quote { parts, rule, account, account_verdict, plan_version, approvals_needed } = quote;
    if account_verdict != Verdict::Verified {
        confirm(c, account.id, ask.user_id, &ask.claim).await?;
    }
    let payout = Payout {
        id,
        user_id: ask.user_id,
        version: 1,
        status: Status::Requested,
        requested_paise: parts.requested,
        tds_paise: parts.tds,
        emi_paise: parts.emi,
        net_paise: parts.net,
        emi_autofill: ask.emi_autofill,
        tax_rule_id: rule.id,
        plan_version: i64::from(plan_version),
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
    tell::tell(c, &payout, None, false).await?;
    Ok(payout)
}

async fn consider(c: &mut DbConnection, plans: &PlanCache, member: &Member, ask: &Ask) -> Result<Quote, PayoutError> {
    let now = ask.claim.now;
    let (plan_version, terms) = plans.terms_at(c, now).await?;
    let account = account_to_pay(c, member, ask).await?;
    let verdict = account.as_ref().map(|a| verify(&a.standing(), member.user_id, &ask.claim));
    let asker = Asker {
        kyc_approved: member.kyc_approved,
        account: verdict,
        clawback_due: member.clawback_due_paise,
        available: member.available_paise,
        held: member.held_paise,
        promised: payouts::total(c, member.user_id, &[Status::Requested, Status::Pending]).await?,
    };
    check(&asker, ask.amount, &terms)?;
    let (Some(account), Some(account_verdict)) = (account, verdict.transpose()?) else {
        return Err(PayoutError::UnknownAccount);
    };
    let instalment = if ask.emi_autofill {
        let promised = payouts::emi_promised_before(c, member.user_id, None).await?;
        left_of(oldest_unpaid(bookings::instalments(c, member.user_id).await?), promised)
    } else {
        None
    };
    let (parts, rule) = tax::estimate(c, &member.pan_index, ask.amount, instalment, now).await?;
    let approvals_needed = approvals_needed(ask.amount, &terms);
    Ok(Quote { parts, rule, account, account_verdict, plan_version, approvals_needed })
}

/// The account that was named, which has to be the member's, or the one of their KYC if there is one.
async fn account_to_pay(c: &mut DbConnection, member: &Member, ask: &Ask) -> Result<Option<BankAccount>, PayoutError> {
    match (ask.bank_account_id, member.kyc_account_id) {
        (Some(named), _) => {
            let found = accounts::find(c, named).await?.filter(|a| a.user_id == member.user_id);
            found.map(Some).ok_or(PayoutError::UnknownAccount)
        }
        (None, Some(of_kyc)) => Ok(accounts::find(c, of_kyc).await?),
        (None, None) => Ok(None),
    }
}
