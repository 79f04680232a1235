//! Bank accounts of members.

use super::view::AccountView;
use super::{Subject, note};
use crate::Payouts;
use crate::app::keep_account;
use crate::app::send::ACCOUNT_PURPOSE;
use crate::domain::BankAccountId;
use crate::domain::account::{Claim, Source, is_account_number, is_ifsc, session_began};
use crate::store::accounts::{self as store, BankAccount};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, Query, ok, path_id};
use chassis::id;
use chassis::pii::mask_account;
use domain::{PersonText, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

const LONGEST_NAME: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AccountInput {
    account_number: String,
    ifsc: String,
    holder_name: PersonText,
    bank_name: PersonText,
}

impl AccountInput {
    /// The account as it is kept, or everything that is wrong with it.
    fn checked(&self, app: &Payouts, owner: UserId) -> Result<BankAccount, Problem> {
        let number = self.account_number.trim();
        let ifsc = self.ifsc.trim().to_ascii_uppercase();
        let (holder, bank) = (self.holder_name.trim(), self.bank_name.trim());
        let named = |text: &str| (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(char::is_control);
        let name_detail = format!("1 to {LONGEST_NAME} characters");
        let mut errors = FieldErrors::new();
        errors.require("account_number", is_account_number(number), "format", "9 to 18 digits");
        errors.require("ifsc", is_ifsc(&ifsc), "format", "like HDFC0001234");
        errors.require("holder_name", named(holder), "length", &*name_detail);
        errors.require("bank_name", named(bank), "length", &*name_detail);
        errors.finish("payout.bank_account_invalid")?;
        Ok(BankAccount {
            id: id::fresh(),
            user_id: owner,
            source: Source::Member,
            account_sealed: app.sealer.seal(ACCOUNT_PURPOSE, number),
            account_index: app.sealer.index(ACCOUNT_PURPOSE, number).to_vec(),
            account_mask: mask_account(number),
            ifsc,
            holder_name: holder.to_owned(),
            bank_name: bank.to_owned(),
            verified_at: None,
            verified_by: None,
            live: Some(true),
            created_at: app.ctx.now(),
        })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Filters {
    /// For staff; everybody else sees their own.
    user_id: Option<UserId>,
}

pub(super) async fn list(
    app: web::Data<Payouts>,
    caller: Caller,
    page: Page,
    Query(filters): Query<Filters>,
) -> Result<HttpResponse, Problem> {
    let named = filters.user_id.filter(|_| caller.role.is_staff());
    let mut c = app.ctx.db().read().await?;
    let owner = named.unwrap_or(caller.user_id);
    let rows = store::list(&mut c, owner, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |a| Cursor::Id(a.id.uuid()), AccountView::from)))
}

pub(super) async fn add(
    app: web::Data<Payouts>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<AccountInput>("payout.bank_account_invalid").await?;
    let account = &input.value.checked(&app, caller.user_id)?;
    let who = &caller;
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        keep_account::add(c, account).await?;
        let subject = Subject::BankAccount(account.id, account.user_id);
        note(c, who, account.created_at, "payout.bank_account_add", subject, &account.account_mask).await?;
        Ok::<AccountView, Problem>(account.clone().into())
    })
    .await
}

pub(super) async fn remove(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: BankAccountId = path_id(&path)?;
    let mut c = app.ctx.db().read().await?;
    let account = store::find_ever(&mut c, id).await?.filter(|account| account.user_id == caller.user_id);
    drop(c);
    let account = account.ok_or_else(Problem::not_found)?;
    let (who, at, account) = (&caller, app.ctx.now(), &account);
    app.ctx
        .tx(async |c| {
            // A repeated request is answered alike.
            if keep_account::remove(c, account.id).await? {
                let subject = Subject::BankAccount(account.id, account.user_id);
                note(c, who, at, "payout.bank_account_remove", subject, &account.account_mask).await?;
            }
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the caller has to show for an account of theirs that nobody else has verified.
pub(super) fn claim(app: &Payouts, caller: &Caller) -> Claim {
    let session_began = session_began(caller.session_id);
    Claim { session_began, now: app.ctx.now(), wait_hours: app.account_wait_hours, as_staff: false }
}

pub(super) async fn verify(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let account = visible(&app, &path).await?;
    caller.require_sight_of(account.user_id)?;
    let claim = &Claim { as_staff: caller.role.is_staff(), ..claim(&app, &caller) };
    let (who, id) = (&caller, account.id);
    let account = app
        .ctx
        .tx(async |c| {
            let (account, new) = keep_account::confirm(c, id, who.user_id, claim).await?;
            if new {
                let subject = Subject::BankAccount(account.id, account.user_id);
                note(c, who, claim.now, "payout.bank_account_verify", subject, &account.account_mask).await?;
            }
            Ok::<_, Problem>(account)
        })
        .await?;
    Ok(ok(&AccountView::from(account)))
}

async fn visible(app: &Payouts, path: &str) -> Result<BankAccount, Problem> {
    let id: BankAccountId = path_id(path)?;
    let mut c = app.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
