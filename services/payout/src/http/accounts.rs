//! Handlers for members' bank accounts.

use super::Subject;
use super::view::AccountView;
use crate::PayoutState;
use crate::app::bank_accounts;
use crate::app::batches::ACCOUNT_PURPOSE;
use crate::domain::BankAccountId;
use crate::domain::account::{AccountSource, VerificationContext, session_started_at};
use crate::store::accounts::{self as store, BankAccount};
use actix_web::web;
use chassis::audit;
use domain::bounded_text::MAX_NAME_CHARS;
use domain::{AccountNumber, Ifsc, PersonName, Unvalidated, UserId};
use http_api::{
    Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, NoContent, Path, Problem, Query, StaffPage,
    operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;

/// A bank account to add.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AccountInput {
    account_number: Unvalidated<AccountNumber>,
    ifsc: Unvalidated<Ifsc>,
    holder_name: Unvalidated<PersonName>,
    bank_name: Unvalidated<PersonName>,
}

impl AccountInput {
    /// Validates all fields and builds the account. Errors with every invalid field.
    fn validate(&self, state: &PayoutState, owner: UserId) -> Result<BankAccount, Problem> {
        let (number, ifsc) = (self.account_number.validate(), self.ifsc.validate());
        let (holder, bank) = (self.holder_name.validate(), self.bank_name.validate());
        let name_detail = format!("1 to {MAX_NAME_CHARS} characters");
        let mut errors = FieldErrors::new();
        errors.require("account_number", number.is_ok(), "format", "9 to 18 digits");
        errors.require("ifsc", ifsc.is_ok(), "format", "like HDFC0001234");
        errors.require("holder_name", holder.is_ok(), "length", &*name_detail);
        errors.require("bank_name", bank.is_ok(), "length", &*name_detail);
        errors.finish("payout.bank_account_invalid")?;
        let number = number.map_err(Problem::internal)?;
        Ok(BankAccount {
            id: id::fresh(),
            user_id: owner,
            source: AccountSource::Member,
            account_sealed: state.sealer.seal(ACCOUNT_PURPOSE, number.reveal()),
            account_index: state.sealer.index(ACCOUNT_PURPOSE, number.reveal()).to_vec(),
            account_mask: number.to_string(),
            ifsc: ifsc.map_err(Problem::internal)?.into(),
            holder_name: holder.map_err(Problem::internal)?.into_string(),
            bank_name: bank.map_err(Problem::internal)?.into_string(),
            verified_at: None,
            verified_by: None,
            live: Some(true),
            created_at: state.ctx.now(),
        })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AccountFilter {
    /// For staff only; other callers always get their own accounts.
    user_id: Option<UserId>,
}

/// Your bank accounts.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<AccountFilter>,
) -> Result<Json<Listing<AccountView>>, Problem> {
    let requested = filter.user_id.filter(|_| caller.role.is_staff());
    let mut c = state.ctx.db().read().await?;
    let owner = requested.unwrap_or(caller.user_id);
    let rows = store::list(&mut c, owner, order, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |a| Cursor::Id(a.id.uuid()), AccountView::from)))
}

/// Add a bank account.
///
/// It must be verified before it is paid. 403 `auth.step_up_required` without a recent one-time code. 409 if the account
/// number is on the caller's list already.
#[operation]
pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    request: Idempotent<AccountInput>,
) -> Result<Created<AccountView>, Problem> {
    caller.require_recent_proof(state.ctx.now())?;
    let (input, request) = request.read_with_code("payout.bank_account_invalid").await?;
    let account = input.validate(&state, caller.user_id)?;
    request
        .run(&state.ctx, async |c| {
            bank_accounts::create(c, &account).await?;
            let subject = Subject::BankAccount(account.id, account.user_id);
            let (added_at, mask) = (account.created_at, &account.account_mask);
            audit::record(c, &caller, added_at, "payout.bank_account_add", subject, mask).await?;
            Ok(account.clone().into())
        })
        .await
}

/// Remove one of your bank accounts.
///
/// A repeated request succeeds too. 403 `auth.step_up_required` without a recent one-time code. 404 for an account of
/// another member; 409 for the account of the approved KYC.
#[operation]
pub(super) async fn delete(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BankAccountId>,
) -> Result<NoContent, Problem> {
    caller.require_recent_proof(state.ctx.now())?;
    let mut c = state.ctx.db().read().await?;
    let account = store::find_including_removed(&mut c, id).await?.filter(|account| account.user_id == caller.user_id);
    drop(c);
    let (account, now) = (account.ok_or_else(Problem::not_found)?, state.ctx.now());
    state
        .ctx
        .tx(async |c| {
            // A repeated request writes no second audit record.
            if bank_accounts::delete(c, caller.user_id, id).await? {
                let subject = Subject::BankAccount(id, account.user_id);
                audit::record(c, &caller, now, "payout.bank_account_remove", subject, &account.account_mask).await?;
            }
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(NoContent)
}

/// Facts that decide whether the caller, as the owner, may verify an account.
pub(super) fn verification_context(state: &PayoutState, caller: &Caller) -> VerificationContext {
    let session_started_at = session_started_at(caller.session_id);
    VerificationContext {
        session_started_at,
        now: state.ctx.now(),
        wait_hours: state.account_wait_hours,
        as_staff: false,
    }
}

/// Verify a bank account: staff at once, the owner after the wait and a fresh one-time code.
///
/// 403 for staff who verify an own account; 404 for an account of another member; 422 before the end of the wait and
/// for a session that started before it.
#[operation]
pub(super) async fn verify(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BankAccountId>,
) -> Result<Json<AccountView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let account = store::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    drop(c);
    caller.require_may_see(account.user_id)?;
    let verification =
        VerificationContext { as_staff: caller.role.is_staff(), ..verification_context(&state, &caller) };
    let account = state
        .ctx
        .tx(async |c| {
            let (account, is_new) = bank_accounts::verify(c, id, caller.user_id, &verification).await?;
            if is_new {
                let subject = Subject::BankAccount(id, account.user_id);
                let (now, mask) = (verification.now, &account.account_mask);
                audit::record(c, &caller, now, "payout.bank_account_verify", subject, mask).await?;
            }
            Ok::<_, Problem>(account)
        })
        .await?;
    Ok(Json::new(AccountView::from(account)))
}
