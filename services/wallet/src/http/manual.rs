//! Manual entries by administrators, each with a reason and an audit record.

use super::reference::ReferenceView;
use super::transactions::TransactionView;
use super::wallets::require_member;
use crate::WalletState;
use crate::app::posting;
use crate::domain::entries::manual::ManualEntry;
use crate::domain::{Command, CommandOutcome};
use crate::error::WalletError;
use actix_web::http::StatusCode;
use actix_web::web;
use chassis::audit::{self, AuditSubject};
use domain::{Money, Reason, Unvalidated, UserId};
use http_api::{Caller, Created, FieldErrors, Idempotent, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// The body of a manual entry.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ManualInput {
    /// Above 0.00; for an adjustment also below.
    amount: Money,
    /// 1 to 500 characters.
    reason: Unvalidated<Reason>,
}

/// Largest amount of a manual entry. A larger one is taken for a typing error; the limit also keeps sums from
/// overflowing.
const MAX_AMOUNT: Money = Money::from_rupees(100_000_000);
/// Smallest amount of a manual entry, for adjustments.
const MIN_AMOUNT: Money = Money::from_rupees(-100_000_000);

/// Subject of an audit record: the wallet of a member.
struct WalletSubject(UserId);

impl AuditSubject for WalletSubject {
    const SERVICE: &'static str = "wallet";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        ("wallet", self.0.to_string(), Some(self.0))
    }
}

/// One of the three kinds of manual entries.
#[derive(Clone, Copy)]
struct ManualAction {
    /// The name in the audit log.
    audit_action: &'static str,
    command: fn(ManualEntry) -> Command,
    /// Whether negative amounts are allowed.
    signed: bool,
}

/// Deposit money received for a member.
///
/// 403 `wallet.own` for the own wallet, 404 for an unknown member, 422 `wallet.invalid_request` for a broken rule.
#[operation]
pub(super) async fn create_deposit(
    state: web::Data<WalletState>,
    caller: Caller,
    Path(user_id): Path<UserId>,
    request: Idempotent<ManualInput>,
) -> Result<Created<TransactionView>, Problem> {
    let action = ManualAction { audit_action: "wallet.deposit", command: Command::Deposit, signed: false };
    create_manual_entry(&state, &caller, user_id, request, action).await
}

/// Release an amount of a member's reserve to the available balance.
///
/// 403 `wallet.own` for the own wallet, 404 for an unknown member, 422 `wallet.invalid_request` for a broken rule, 422
/// `wallet.insufficient_reserve` when the reserve is smaller.
#[operation]
pub(super) async fn release_reserve(
    state: web::Data<WalletState>,
    caller: Caller,
    Path(user_id): Path<UserId>,
    request: Idempotent<ManualInput>,
) -> Result<Created<TransactionView>, Problem> {
    let action =
        ManualAction { audit_action: "wallet.release_reserve", command: Command::ReserveRelease, signed: false };
    create_manual_entry(&state, &caller, user_id, request, action).await
}

/// Correct a member's available balance, up or down.
///
/// 403 `wallet.own` for the own wallet, 404 for an unknown member, 422 `wallet.invalid_request` for a broken rule, 422
/// `wallet.insufficient_funds` when the balance would fall below zero.
#[operation]
pub(super) async fn create_adjustment(
    state: web::Data<WalletState>,
    caller: Caller,
    Path(user_id): Path<UserId>,
    request: Idempotent<ManualInput>,
) -> Result<Created<TransactionView>, Problem> {
    let action = ManualAction { audit_action: "wallet.adjust", command: Command::Adjustment, signed: true };
    create_manual_entry(&state, &caller, user_id, request, action).await
}

/// 403 `wallet.own` when the caller is the owner of the wallet.
fn forbid_own(caller: &Caller, user_id: UserId) -> Result<(), Problem> {
    if caller.user_id == user_id {
        let detail = "another administrator has to do this in your wallet";
        return Err(Problem::new(StatusCode::FORBIDDEN, "wallet.own", detail));
    }
    Ok(())
}

/// Validates the body, posts the entry and writes the audit record.
async fn create_manual_entry(
    state: &WalletState,
    caller: &Caller,
    user_id: UserId,
    request: Idempotent<ManualInput>,
    action: ManualAction,
) -> Result<Created<TransactionView>, Problem> {
    forbid_own(caller, user_id)?;
    require_member(state, user_id).await?;
    let (ManualInput { amount, reason }, request) = request.read_with_code("wallet.invalid_request").await?;
    let reason = reason.validate();
    let mut errors = FieldErrors::new();
    errors.require("amount", (MIN_AMOUNT..=MAX_AMOUNT).contains(&amount), "too_much", "must be at most 100000000.00");
    if action.signed {
        errors.require("amount", !amount.is_zero(), "zero", "must not be 0.00");
    } else {
        errors.require("amount", amount.is_positive(), "not_positive", "must be more than 0.00");
    }
    errors.require("reason", reason.is_ok(), "length", "must be 1 to 500 characters");
    errors.finish("wallet.invalid_request")?;
    let reason = reason.map_err(|refusal| Problem::unprocessable("wallet.invalid_request", refusal.to_string()))?;
    let now = state.ctx.now();
    let detail = format!("{amount}: {reason}");
    let (id, reason) = (runtime::id::fresh(), reason.into_string());
    let manual = ManualEntry { id, user_id, amount, reason, actor_id: caller.user_id, at: now };
    let command = (action.command)(manual.clone());
    request
        .run(&state.ctx, async |c| {
            let (outcome, lines) =
                posting::post_manual(c, &**state.ctx.clock(), caller.user_id, action.command, &manual).await?;
            if let CommandOutcome::Rejected(reason) = outcome {
                return Err(WalletError::Rejected(reason).into());
            }
            audit::record(c, caller, now, action.audit_action, WalletSubject(user_id), &detail).await?;
            let visible = lines.into_iter().find(|line| line.transaction_type.is_some());
            let visible = visible.ok_or_else(|| Problem::internal("a manual entry has no statement line"))?;
            let view = TransactionView::from_row(visible, ReferenceView::of(&command)).map_err(Problem::internal)?;
            view.ok_or_else(|| Problem::internal("a manual entry has no statement line"))
        })
        .await
}
