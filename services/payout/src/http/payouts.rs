//! Members ask for payouts and look at them.

use super::accounts::claim;
use super::patience::Patience;
use super::view::{self, PayoutView, QuoteView};
use super::{Subject, note};
use crate::Payouts;
use crate::app::request::{self, Ask};
use crate::domain::BankAccountId;
use crate::domain::payout::Status;
use crate::error::RESTS_ON_NEWS;
use crate::store::payouts as store;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, Idempotent, Page, Problem, Query, ok, path_id};
use chassis::id;
use domain::{Money, PayoutId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PayoutInput {
    amount: Money,
    /// Pay the oldest unpaid instalment out of it.
    emi_autofill: Option<bool>,
    /// The account of the KYC by default.
    bank_account_id: Option<BankAccountId>,
}

impl PayoutInput {
    fn ask(&self, app: &Payouts, caller: &Caller) -> Ask {
        Ask {
            user_id: caller.user_id,
            amount: self.amount,
            emi_autofill: self.emi_autofill.unwrap_or_default(),
            bank_account_id: self.bank_account_id,
            claim: claim(app, caller),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Filters {
    status: Option<Status>,
    /// For staff; everybody else sees their own.
    user_id: Option<UserId>,
}

pub(super) async fn quote(app: web::Data<Payouts>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let ask = body.json::<PayoutInput>().await?.value.ask(&app, &caller);
    Ok(ok(&patient_quote(&app, &ask, &mut Patience::new()).await?))
}

async fn patient_quote(app: &Payouts, ask: &Ask, patience: &mut Patience) -> Result<QuoteView, Problem> {
    loop {
        let mut c = app.ctx.db().read().await?;
        let refusal = match request::quote(&mut c, &app.plans, ask).await {
            Ok(quote) => return Ok(quote.into()),
            Err(error) => Problem::from(error),
        };
        drop(c);
        if !RESTS_ON_NEWS.contains(&refusal.code) || !patience.wait().await {
            return Err(refusal);
        }
    }
}

pub(super) async fn request(
    app: web::Data<Payouts>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<PayoutInput>().await?;
    let ask = &input.value.ask(&app, &caller);
    let mut patience = Patience::new();
    loop {
        let (who, at, plans) = (&caller, ask.claim.now, &app.plans);
        let asked = idem.run(&app.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
            let payout = request::request(c, plans, ask, id::fresh()).await?;
            note(c, who, at, "payout.request", Subject::Payout(payout.id, payout.user_id), "").await?;
            Ok::<PayoutView, Problem>(view::of_payout(payout, 0))
        });
        match asked.await {
            // The lock of the member's row decides; waiting for news is done without it.
            Err(refusal) if RESTS_ON_NEWS.contains(&refusal.code) => {
                if !patience.wait().await || patient_quote(&app, ask, &mut patience).await.is_err() {
                    return Err(refusal);
                }
            }
            answer => return answer,
        }
    }
}

pub(super) async fn list(
    app: web::Data<Payouts>,
    caller: Caller,
    page: Page,
    Query(filters): Query<Filters>,
) -> Result<HttpResponse, Problem> {
    let user_id = if caller.role.is_staff() { filters.user_id } else { Some(caller.user_id) };
    let filter = store::Filter { user_id, status: filters.status, after: page.after_id()? };
    let mut c = app.ctx.db().read().await?;
    let rows = store::list(&mut c, filter, page.fetch_limit()).await?;
    let views = view::of_payouts(&mut c, rows).await?;
    Ok(ok(&page.listing(views, |p| Cursor::Id(p.id.uuid()), |p| p)))
}

pub(super) async fn one(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let payout = visible(&app, &caller, &path).await?;
    let mut c = app.ctx.db().read().await?;
    Ok(ok(&view::of_payouts(&mut c, vec![payout]).await?.pop()))
}

/// The payout of that id, if the caller may see it.
pub(super) async fn visible(app: &Payouts, caller: &Caller, path: &str) -> Result<store::Payout, Problem> {
    let id: PayoutId = path_id(path)?;
    let mut c = app.ctx.db().read().await?;
    let payout = store::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_sight_of(payout.user_id)?;
    Ok(payout)
}
