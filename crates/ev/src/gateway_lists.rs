//! `ev payments reconcile`: what the payment gateways list beside what booking has recorded, with the repairs.

use crate::output::print;
use booking::BookingState;
use booking::domain::GatewayName;
use booking::jobs::compare_lists::{Comparison, ComparisonTotals, Difference, compare};
use chassis::boot::database_config;
use chassis::service::BootError;
use db::Db;
use domain::{Day, Money, Timestamp};
use runtime::Env;
use runtime::cache::MemoryCache;
use runtime::clock::{Clock, SystemClock};
use runtime::ctx::{Ctx, CtxParts};
use runtime::mail::UnconfiguredMailer;
use std::sync::Arc;
use tokio::sync::Notify;

/// Days before now from which the lists are compared, unless a time is given.
const DEFAULT_DAYS: i64 = 7;

/// What an operator asks for.
#[derive(Debug)]
pub struct Request {
    pub gateway: Option<GatewayName>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub dry_run: bool,
}

/// Parses an instant, or the day that begins then.
pub fn parse_instant(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Day>().map(Day::starts_at);
    text.parse::<Timestamp>()
        .or_else(|_| day())
        .map_err(|_| "give an instant like 2026-11-22T10:00:00Z, or a day".to_owned())
}

/// Compares the lists on booking's database and prints a line for each difference as it is found. Errors when one is
/// left, or when a gateway does not answer.
pub async fn run(env: &Env, request: &Request) -> Result<(), BootError> {
    let db = Db::connect(&database_config(env, "booking")?).await?;
    let ctx = Ctx::new(CtxParts {
        service: "booking",
        env: env.clone(),
        db,
        cache: Arc::new(MemoryCache::new()),
        clock: Arc::new(SystemClock),
        mailer: Arc::new(UnconfiguredMailer),
        outbox_notify: Arc::new(Notify::new()),
    });
    let state = BookingState::try_new(ctx)?;
    let now = SystemClock.now();
    let comparison = Comparison {
        gateway: request.gateway,
        from: request.from.unwrap_or_else(|| now.plus_hours(-24 * DEFAULT_DAYS)),
        to: request.to.unwrap_or(now),
        dry_run: request.dry_run,
    };
    let mut is_first = true;
    let report = |difference: &Difference| {
        if is_first {
            print(&row(["gateway", "what", "id", "difference", "listed", "recorded", "result"]));
            is_first = false;
        }
        print(&difference_row(difference));
    };
    let totals = compare(&state, &comparison, report).await.map_err(|e| BootError::Failed(e.to_string()))?;
    print(&summary(&comparison, &totals));
    let left = totals.differences - totals.repaired;
    if left == 0 { Ok(()) } else { Err(BootError::Failed(format!("{left} differences are left"))) }
}

fn row([gateway, what, id, difference, listed, recorded, result]: [&str; 7]) -> String {
    format!("{gateway:<9} {what:<8} {id:<30} {difference:<15} {listed:>14} {recorded:>14}  {result}")
}

fn difference_row(difference: &Difference) -> String {
    let Difference { gateway, is_refund, id, kind, listed, recorded, left } = difference;
    let text = |amount: &Option<Money>| amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string());
    let what = if *is_refund { "refund" } else { "payment" };
    let result = left.map_or("repaired", |left| left.as_str());
    row([gateway.as_str(), what, id, kind.as_str(), &text(listed), &text(recorded), result])
}

fn summary(Comparison { from, to, .. }: &Comparison, totals: &ComparisonTotals) -> String {
    let ComparisonTotals { payments, refunds, differences, repaired } = totals;
    format!("{from} to {to}: {payments} payments and {refunds} refunds, {differences} differ, {repaired} repaired")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_time_or_the_beginning_of_a_day_in_india() {
        for (text, instant) in [
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:00:00+05:30", "2026-11-22T04:30:00Z"),
            ("2026-11-22", "2026-11-21T18:30:00Z"),
        ] {
            assert_eq!(parse_instant(text), Ok(instant.parse().expect("a time")), "{text}");
        }
        for text in ["", "yesterday", "2026-11", "2026-11-31"] {
            assert!(parse_instant(text).is_err(), "{text}");
        }
    }
}
