//! Members add and remove bank accounts; staff verify them, or their owners by waiting.

use crate::domain::BankAccountId;
use crate::domain::account::{Claim, Refusal, Source, Verdict, verify};
use crate::error::PayoutError;
use crate::store::accounts::{self, BankAccount};
use db::DbConnection;
use domain::UserId;

/// Adds an account, which nobody has verified yet.
pub async fn add(c: &mut DbConnection, account: &BankAccount) -> Result<(), PayoutError> {
    if accounts::insert(c, account).await? { Ok(()) } else { Err(Refusal::Known.into()) }
}

/// Removes an account; false where it was removed before. Payouts keep their copy of it.
pub async fn remove(c: &mut DbConnection, id: BankAccountId) -> Result<bool, PayoutError> {
    let Some(mut account) = accounts::lock(c, id).await? else { return Ok(false) };
    match account.source {
        Source::Kyc => Err(Refusal::OfKyc.into()),
        Source::Member => {
            account.live = None;
            accounts::save(c, &account).await?;
            Ok(true)
        }
    }
}

/// `by` wants the account verified: staff, who have seen that it is the member's, or its owner. Returns whether
/// that is new.
pub async fn confirm(
    c: &mut DbConnection,
    id: BankAccountId,
    by: UserId,
    claim: &Claim,
) -> Result<(BankAccount, bool), PayoutError> {
    let mut account = accounts::lock(c, id).await?.ok_or(PayoutError::UnknownAccount)?;
    match verify(&account.standing(), by, claim)? {
        Verdict::Verified => Ok((account, false)),
        Verdict::Verify { by } => {
            account.verified_at = Some(claim.now);
            account.verified_by = Some(by);
            accounts::save(c, &account).await?;
            Ok((account, true))
        }
    }
}
