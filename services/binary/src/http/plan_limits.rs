//! Limits of the fields of a plan, for forms.

use super::plans::MAX_NOTICE_HOURS;
use crate::state::BinaryState;
use actix_web::web;
use domain::{Money, Rate};
use http_api::{Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// Minimum and maximum of a field, both allowed.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
struct LimitsView<T> {
    minimum: T,
    maximum: T,
}

/// Limits of the fields of a plan, under the names of the fields, and of the notice of a version.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PlanLimitsView {
    /// How far ahead a version must take effect.
    notice_hours: LimitsView<i64>,
    name_characters: LimitsView<u32>,
    active_buyer_from: LimitsView<Money>,
    booking: BookingLimitsView,
    referral: ReferralLimitsView,
    pairs: PairLimitsView,
    payout: PayoutLimitsView,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BookingLimitsView {
    minimum_amount: LimitsView<Money>,
    /// At most `emi_months_max` of the plan besides.
    emi_months_min: LimitsView<u32>,
    emi_months_max: LimitsView<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReferralLimitsView {
    rate: LimitsView<Rate>,
    threshold: LimitsView<Money>,
    amount: LimitsView<Money>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PairLimitsView {
    gross: LimitsView<Money>,
    unpaid_first: LimitsView<u32>,
    limit: LimitsView<u32>,
    emi_from_number: LimitsView<u32>,
    /// Together with `reserve_rate` of the plan at most 100 besides.
    emi_rate: LimitsView<Rate>,
    reserve_rate: LimitsView<Rate>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PayoutLimitsView {
    minimum: LimitsView<Money>,
    second_approver_from: LimitsView<Money>,
}

impl PlanLimitsView {
    /// What `Plan::validate` accepts, for versions with at least `notice_hours` of notice.
    const fn new(notice_hours: i64) -> Self {
        const MAX_AMOUNT: Money = Money::from_rupees(10_000_000);
        const POSITIVE: LimitsView<Money> = LimitsView { minimum: Money::from_paise(1), maximum: MAX_AMOUNT };
        const NOT_NEGATIVE: LimitsView<Money> = LimitsView { minimum: Money::ZERO, maximum: MAX_AMOUNT };
        const MONTHS: LimitsView<u32> = LimitsView { minimum: 1, maximum: 120 };
        const NUMBER: LimitsView<u32> = LimitsView { minimum: 0, maximum: u32::MAX };
        const RATE: LimitsView<Rate> = LimitsView { minimum: Rate::ZERO, maximum: Rate::percent(100) };
        Self {
            notice_hours: LimitsView { minimum: notice_hours, maximum: MAX_NOTICE_HOURS },
            name_characters: LimitsView { minimum: 1, maximum: 64 },
            active_buyer_from: POSITIVE,
            booking: BookingLimitsView { minimum_amount: POSITIVE, emi_months_min: MONTHS, emi_months_max: MONTHS },
            referral: ReferralLimitsView { rate: RATE, threshold: POSITIVE, amount: NOT_NEGATIVE },
            pairs: PairLimitsView {
                gross: NOT_NEGATIVE,
                unpaid_first: NUMBER,
                limit: NUMBER,
                emi_from_number: NUMBER,
                emi_rate: RATE,
                reserve_rate: RATE,
            },
            payout: PayoutLimitsView { minimum: POSITIVE, second_approver_from: POSITIVE },
        }
    }
}

/// Limits of the fields of a plan version.
#[operation]
pub(super) async fn get(state: web::Data<BinaryState>) -> Result<Json<PlanLimitsView>, Problem> {
    Ok(Json::new(PlanLimitsView::new(state.config.plan_notice_hours)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Plan;
    use domain::plan::ReferralTerms;
    use serde_json::{Map, Value, json};

    /// Fields of the plan that have no minimum and maximum.
    const CHOICES: [&str; 5] = ["name", "kind", "limit_per", "over_limit", "require_distributor"];

    /// A plan with both kinds of referral terms in turn.
    fn plans() -> [Plan; 2] {
        let mut once = Plan::seed();
        let (threshold, amount) = (Money::from_rupees(5_000), Money::from_rupees(1_000));
        once.referral = ReferralTerms::OnceAtThreshold { threshold, amount };
        [Plan::seed(), once]
    }

    fn is_accepted(plan: &Value) -> bool {
        serde_json::from_value::<Plan>(plan.clone()).is_ok_and(|plan| plan.validate().is_ok())
    }

    /// Paths of the fields with limits.
    fn fields(object: &Map<String, Value>, prefix: &str, all: &mut Vec<String>) {
        for (name, value) in object.iter().filter(|(name, _)| !CHOICES.contains(&name.as_str())) {
            match value.as_object() {
                Some(inner) => fields(inner, &format!("{prefix}/{name}"), all),
                None => all.push(format!("{prefix}/{name}")),
            }
        }
    }

    /// The next value outside a limit; `None` where the type has none.
    fn outside(limit: &Value, step: i64) -> Option<Value> {
        match limit.as_str() {
            None => limit.as_i64().map(|number| json!(number + step)),
            Some(text) if text.contains('.') => {
                let amount: Money = text.parse().ok()?;
                Some(json!(Money::from_paise(amount.paise() + step).to_string()))
            }
            Some("0") => Some(json!("-1")),
            Some(_) => Some(json!("100.0001")),
        }
    }

    #[test]
    fn both_limits_of_each_field_are_accepted_and_the_next_values_are_not() {
        let limits = serde_json::to_value(PlanLimitsView::new(24)).expect("serializes");
        for plan in plans() {
            let mut plan = serde_json::to_value(plan).expect("serializes");
            // Wide enough for the limits of the fields that depend on another one.
            for (field, value) in [("emi_months_min", json!(1)), ("emi_months_max", json!(120))] {
                plan["booking"][field] = value;
            }
            for field in ["emi_rate", "reserve_rate"] {
                plan["pairs"][field] = json!("0");
            }
            let mut paths = Vec::new();
            fields(plan.as_object().expect("an object"), "", &mut paths);
            assert!(paths.len() >= 13, "{paths:?}");
            for path in paths {
                let of_field = limits.pointer(&path).unwrap_or_else(|| panic!("no limits of {path}"));
                for (limit, step) in [(&of_field["minimum"], -1), (&of_field["maximum"], 1)] {
                    let mut changed = plan.clone();
                    *changed.pointer_mut(&path).expect("the field") = limit.clone();
                    assert!(is_accepted(&changed), "{path} {limit}");
                    let outside = outside(limit, step).expect("a value");
                    *changed.pointer_mut(&path).expect("the field") = outside.clone();
                    assert!(!is_accepted(&changed), "{path} {outside}");
                }
            }
        }
    }

    #[test]
    fn a_name_has_as_many_characters_as_the_limits_say() {
        let limits = PlanLimitsView::new(24).name_characters;
        let is_accepted = |characters: u32| {
            let mut plan = Plan::seed();
            plan.name = (0..characters).map(|_| 'é').collect();
            plan.validate().is_ok()
        };
        assert!(is_accepted(limits.minimum) && is_accepted(limits.maximum));
        assert!(!is_accepted(limits.minimum - 1) && !is_accepted(limits.maximum + 1));
    }
}
