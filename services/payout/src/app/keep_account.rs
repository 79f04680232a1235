//! Members add and remove bank accounts; staff verify them.

use crate::domain::BankAccountId;
use crate::domain::account::{Refusal, Source, verify};
use crate::error::PayoutError;
use crate::store::accounts::{self, BankAccount};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// Adds an account, which nobody has verified yet.
pub async fn add(c: &mut DbConnection, account: &BankAccount) -> Result<(), PayoutError> {
    if accounts::insert(c, account).await? { Ok(()) } else { Err(Refusal::Known.into()) }
}

/// Removes an account. Payouts keep their copy of it.
pub async fn remove(c: &mut DbConnection, id: BankAccountId) -> Result<(), PayoutError> {
    let Some(mut account) = accounts::lock(c, id).await? else { return Ok(()) };
    match account.source {
        Source::Kyc => Err(Refusal::OfKyc.into()),
        Source::Member => {
            account.live = None;
            Ok(accounts::save(c, &account).await?)
        }
    }
}

/// `by` has seen that the account is the member's. Returns whether that is new.
pub async fn confirm(
    c: &mut DbConnection,
    id: BankAccountId,
    by: UserId,
    now: Timestamp,
) -> Result<(BankAccount, bool), PayoutError> {
    let mut account = accounts::lock(c, id).await?.ok_or(PayoutError::UnknownAccount)?;
    let new = verify(account.user_id, account.verified_at, by)?;
    if new {
        account.verified_at = Some(now);
        account.verified_by = Some(by);
        accounts::save(c, &account).await?;
    }
    Ok((account, new))
}
