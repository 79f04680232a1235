//! What administrators do by hand: each with a reason, each in the audit log.

use super::transactions::TransactionView;
use super::wallets::require_member;
use crate::Wallet;
use crate::app::post;
use crate::domain::command::Manual;
use crate::domain::{Command, Outcome};
use crate::error::WalletError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit;
use chassis::auth::Caller;
use chassis::http::{Body, FieldErrors, Idempotent, Problem, path_id};
use domain::{FreeText, Money, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ManualInput {
    amount: Money,
    /// 1 to 500 characters.
    reason: FreeText,
}

/// More than that by hand is a slip of the pen; and sums of what the platform keeps cannot overflow.
const MOST: Money = Money::from_rupees(100_000_000);
const LEAST: Money = Money::from_rupees(-100_000_000);

#[derive(Clone, Copy)]
struct Kind {
    action: &'static str,
    command: fn(Manual) -> Command,
    signed: bool,
}

pub(super) async fn deposit(
    app: web::Data<Wallet>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let kind = Kind { action: "wallet.deposit", command: Command::Deposit, signed: false };
    by_hand(&app, &caller, &path, &idem, body, kind).await
}

pub(super) async fn reserve_release(
    app: web::Data<Wallet>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let kind = Kind { action: "wallet.release_reserve", command: Command::ReserveRelease, signed: false };
    by_hand(&app, &caller, &path, &idem, body, kind).await
}

pub(super) async fn adjustment(
    app: web::Data<Wallet>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let kind = Kind { action: "wallet.adjust", command: Command::Adjust, signed: true };
    by_hand(&app, &caller, &path, &idem, body, kind).await
}

/// 403 for who would move money in or out of their own wallet.
fn forbid_own(caller: &Caller, user_id: UserId) -> Result<(), Problem> {
    if caller.user_id == user_id {
        let detail = "another administrator has to do this in your wallet";
        return Err(Problem::new(StatusCode::FORBIDDEN, "wallet.own", detail));
    }
    Ok(())
}

async fn by_hand(
    app: &Wallet,
    caller: &Caller,
    path: &str,
    idem: &Idempotent,
    body: Body,
    kind: Kind,
) -> Result<HttpResponse, Problem> {
    let user_id: UserId = path_id(path)?;
    forbid_own(caller, user_id)?;
    require_member(app, user_id).await?;
    let input = body.json_or::<ManualInput>("wallet.invalid_request").await?;
    let (amount, reason) = (input.value.amount, input.value.reason.trim().to_owned());
    let mut errors = FieldErrors::new();
    errors.require("amount", (LEAST..=MOST).contains(&amount), "too_much", "must be at most 100000000.00");
    if kind.signed {
        errors.require("amount", !amount.is_zero(), "zero", "must not be 0.00");
    } else {
        errors.require("amount", amount.is_positive(), "not_positive", "must be more than 0.00");
    }
    let length = reason.chars().count();
    errors.require("reason", (1..=500).contains(&length), "length", "must be 1 to 500 characters");
    errors.require_readable("reason", &reason);
    errors.finish("wallet.invalid_request")?;
    let now = app.ctx.now();
    let manual =
        Manual { id: chassis::id::fresh(), user_id, amount, reason: reason.clone(), actor_id: caller.user_id, at: now };
    let (manual, key) = (&manual, (kind.command)(manual.clone()).key());
    let detail = &format!("{amount}: {reason}");
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
        let (outcome, lines) = post::by_hand(c, &**app.ctx.clock(), caller.user_id, kind.command, manual).await?;
        if let Outcome::Forfeited(reason) = outcome {
            return Err(WalletError::Refused(reason).into());
        }
        let action = audit::Action {
            action: kind.action,
            subject_type: "wallet",
            subject_id: user_id.to_string(),
            subject_user: Some(user_id),
            detail,
        };
        audit::record(c, "wallet", caller, now, action).await?;
        let shown = lines.into_iter().find(|line| line.transaction_type.is_some());
        let shown = shown.ok_or_else(|| Problem::internal("an entry by hand has no line to show"))?;
        let view = TransactionView::of(shown, key).map_err(Problem::internal)?;
        view.ok_or_else(|| Problem::internal("an entry by hand has no line to show"))
    })
    .await
}
