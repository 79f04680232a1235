//! Handlers for tax rules. Staff read them, administrators add them.

use super::Subject;
use crate::PayoutState;
use crate::app::add_tax_rule::add_tax_rule;
use crate::store::taxes;
use actix_web::web;
use chassis::audit;
use domain::tax::{TaxRule, TaxedPart};
use domain::{Day, Money, Rate, SingleLineText, Timestamp};
use http_api::{
    Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Problem, StaffPage, bad_cursor, operation,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A tax rule to add.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TaxRuleInput {
    /// Stable name of 1 to 64 lower-case letters, digits and hyphens.
    id: String,
    section: SingleLineText,
    rate: Rate,
    /// Amount that one PAN may receive in a financial year before tax is due.
    threshold: Money,
    /// What of a payout that passes the threshold is taxed; default: the excess.
    on: Option<TaxedPart>,
    cap: Option<Money>,
    no_pan_rate: Rate,
    /// First day of the rule, after today. The rule before it ends on this day.
    effective_from: Day,
}

impl TaxRuleInput {
    fn validate(self) -> Result<TaxRule, Problem> {
        let (id, section) = (self.id.trim(), self.section.trim());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let mut errors = FieldErrors::new();
        let named = (1..=64).contains(&id.len()) && id.chars().all(plain);
        errors.require("id", named, "format", "1 to 64 lower-case letters, digits and hyphens");
        errors.require("section", (1..=32).contains(&section.chars().count()), "length", "1 to 32 characters");
        errors.require("threshold", !self.threshold.is_negative(), "negative", "must not be negative");
        errors.require("cap", !self.cap.is_some_and(Money::is_negative), "negative", "must not be negative");
        errors.finish("payout.tax_rule_invalid")?;
        Ok(TaxRule {
            id: id.to_owned(),
            section: section.to_owned(),
            rate: self.rate,
            threshold: self.threshold,
            on: self.on.unwrap_or(TaxedPart::Excess),
            cap: self.cap,
            no_pan_rate: self.no_pan_rate,
            effective_from: self.effective_from,
            effective_to: None,
        })
    }
}

/// Tax rules, including future ones.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<TaxRule>>, Problem> {
    // The cursor is the first day of a rule, which is unique.
    let after = match page.after_number()? {
        Some(micros) => Some(Timestamp::from_micros(micros).ok_or_else(bad_cursor)?.day()),
        None => None,
    };
    let mut c = state.ctx.db().read().await?;
    let rows = taxes::list_rules(&mut c, order, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |r| Cursor::Number(r.effective_from.starts_at().micros()), |r| r)))
}

/// Add a tax rule that takes effect on a later day.
///
/// The rule before it ends on that day.
/// 409 if a rule with this id exists; 422 for a first day that is not after today and after every other rule.
#[operation]
pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    request: Idempotent<TaxRuleInput>,
) -> Result<Created<TaxRule>, Problem> {
    let (input, request) = request.read_with_code("payout.tax_rule_invalid").await?;
    let (rule, now) = (input.validate()?, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            add_tax_rule(c, &rule, now).await?;
            let detail = format!("{} from {}", rule.rate, rule.effective_from);
            audit::record(c, &caller, now, "payout.tax_rule_add", Subject::TaxRule(rule.id.clone()), &detail).await?;
            Ok(rule.clone())
        })
        .await
}
