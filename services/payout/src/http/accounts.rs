//! Handlers for members' bank accounts.

use super::view::AccountView;
use super::{Subject, record_audit};
use crate::PayoutState;
use crate::app::bank_accounts;
use crate::app::batches::ACCOUNT_PURPOSE;
use crate::domain::BankAccountId;
use crate::domain::account::{AccountSource, VerificationContext, is_account_number, is_ifsc, session_started_at};
use crate::store::accounts::{self as store, BankAccount};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, FieldErrors, IdempotencyKey, Page, Problem, Query, RawBody, ok, path_id};
use chassis::id;
use chassis::pii::mask_account;
use domain::{SingleLineText, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

const MAX_NAME_CHARS: usize = 100;

/// A bank account to add.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AccountInput {
    account_number: String,
    ifsc: String,
    holder_name: SingleLineText,
    bank_name: SingleLineText,
}

impl AccountInput {
    /// Validates all fields and builds the account. Errors with every invalid field.
    fn validate(&self, state: &PayoutState, owner: UserId) -> Result<BankAccount, Problem> {
        let number = self.account_number.trim();
        let ifsc = self.ifsc.trim().to_ascii_uppercase();
        let (holder, bank) = (self.holder_name.trim(), self.bank_name.trim());
        let is_name =
            |text: &str| (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control);
        let name_detail = format!("1 to {MAX_NAME_CHARS} characters");
        let mut errors = FieldErrors::new();
        errors.require("account_number", is_account_number(number), "format", "9 to 18 digits");
        errors.require("ifsc", is_ifsc(&ifsc), "format", "like HDFC0001234");
        errors.require("holder_name", is_name(holder), "length", &*name_detail);
        errors.require("bank_name", is_name(bank), "length", &*name_detail);
        errors.finish("payout.bank_account_invalid")?;
        Ok(BankAccount {
            id: id::fresh(),
            user_id: owner,
            source: AccountSource::Member,
            account_sealed: state.sealer.seal(ACCOUNT_PURPOSE, number),
            account_index: state.sealer.index(ACCOUNT_PURPOSE, number).to_vec(),
            account_mask: mask_account(number),
            ifsc,
            holder_name: holder.to_owned(),
            bank_name: bank.to_owned(),
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

pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    page: Page,
    Query(filter): Query<AccountFilter>,
) -> Result<HttpResponse, Problem> {
    let requested = filter.user_id.filter(|_| caller.role.is_staff());
    let mut c = state.ctx.db().read().await?;
    let owner = requested.unwrap_or(caller.user_id);
    let rows = store::list(&mut c, owner, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |a| Cursor::Id(a.id.uuid()), AccountView::from)))
}

pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json_with_code::<AccountInput>("payout.bank_account_invalid").await?;
    let account = &input.value.validate(&state, caller.user_id)?;
    let actor = &caller;
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        bank_accounts::create(c, account).await?;
        let subject = Subject::BankAccount(account.id, account.user_id);
        record_audit(c, actor, account.created_at, "payout.bank_account_add", subject, &account.account_mask).await?;
        Ok::<AccountView, Problem>(account.clone().into())
    })
    .await
}

pub(super) async fn delete(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: BankAccountId = path_id(&path)?;
    let mut c = state.ctx.db().read().await?;
    let account = store::find_including_removed(&mut c, id).await?.filter(|account| account.user_id == caller.user_id);
    drop(c);
    let account = account.ok_or_else(Problem::not_found)?;
    let (actor, at, account) = (&caller, state.ctx.now(), &account);
    state
        .ctx
        .tx(async |c| {
            // A repeated request succeeds too, and writes no second audit record.
            if bank_accounts::delete(c, account.id).await? {
                let subject = Subject::BankAccount(account.id, account.user_id);
                record_audit(c, actor, at, "payout.bank_account_remove", subject, &account.account_mask).await?;
            }
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
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

pub(super) async fn verify(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let account = load_account(&state, &path).await?;
    caller.require_may_see(account.user_id)?;
    let verification =
        &VerificationContext { as_staff: caller.role.is_staff(), ..verification_context(&state, &caller) };
    let (actor, id) = (&caller, account.id);
    let account = state
        .ctx
        .tx(async |c| {
            let (account, is_new) = bank_accounts::verify(c, id, actor.user_id, verification).await?;
            if is_new {
                let subject = Subject::BankAccount(account.id, account.user_id);
                record_audit(c, actor, verification.now, "payout.bank_account_verify", subject, &account.account_mask)
                    .await?;
            }
            Ok::<_, Problem>(account)
        })
        .await?;
    Ok(ok(&AccountView::from(account)))
}

/// Loads the account of the path. Errors with 404 if it does not exist.
async fn load_account(state: &PayoutState, path: &str) -> Result<BankAccount, Problem> {
    let id: BankAccountId = path_id(path)?;
    let mut c = state.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
