//! Creation, removal and verification of members' bank accounts.

use crate::domain::BankAccountId;
use crate::domain::account::{
    AccountSource, BankAccountRefusal, VerificationContext, VerificationDecision, decide_verification,
};
use crate::error::PayoutError;
use crate::store::accounts::{self, BankAccount};
use crate::store::members;
use db::DbConnection;
use domain::UserId;

/// Adds an unverified account. Refuses an account number that is already on the member's list.
///
/// Locks the member's row first, like everything that adds, removes or pays an account of a member: an approved KYC
/// with the same number takes over the account, and finds it only after the insertion has committed.
pub async fn create(c: &mut DbConnection, account: &BankAccount) -> Result<(), PayoutError> {
    members::lock(c, account.user_id).await?;
    if accounts::insert(c, account).await? { Ok(()) } else { Err(BankAccountRefusal::Known.into()) }
}

/// Removes an account of `owner`; payouts keep their copy of it. Returns false if it was removed before. Refuses the
/// account of the approved KYC.
pub async fn delete(c: &mut DbConnection, owner: UserId, id: BankAccountId) -> Result<bool, PayoutError> {
    members::lock(c, owner).await?;
    let Some(mut account) = accounts::lock(c, id).await? else { return Ok(false) };
    match account.source {
        AccountSource::Kyc => Err(BankAccountRefusal::OfKyc.into()),
        AccountSource::Member => {
            account.live = None;
            accounts::save(c, &account).await?;
            Ok(true)
        }
    }
}

/// Verifies the account on behalf of `by`: staff at once, the owner after the wait and a fresh one-time code. Returns
/// the account and whether this call verified it. Errors with `UnknownAccount` if it does not exist.
pub async fn verify(
    c: &mut DbConnection,
    id: BankAccountId,
    by: UserId,
    verification: &VerificationContext,
) -> Result<(BankAccount, bool), PayoutError> {
    let mut account = accounts::lock(c, id).await?.ok_or(PayoutError::UnknownAccount)?;
    match decide_verification(&account.facts(), by, verification)? {
        VerificationDecision::AlreadyVerified => Ok((account, false)),
        VerificationDecision::Verify { by } => {
            account.verified_at = Some(verification.now);
            account.verified_by = Some(by);
            accounts::save(c, &account).await?;
            Ok((account, true))
        }
    }
}
