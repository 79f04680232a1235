//! Tests of report ranges, periods and formats.

use crate::events::*;
use domain::{Day, Timestamp, UserId};
use proto_events::payout::v1::{PayoutCompleted, PayoutRejected, PayoutRequested, PayoutReversed};
use runtime::id;
use serde_json::json;
use std::time::Duration;
use testkit::TestService;

fn on(day: &str) -> Timestamp {
    day.parse::<Day>().unwrap().starts_at()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_report_is_the_current_month_by_day() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    for day in ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"] {
        service.deliver_now(&payment(user, 10_000, "online", on(day))).await;
    }
    let report = service.as_staff().get("/reports/sales").await.expect(200);
    assert_eq!(
        (&report["from"], &report["to"], &report["group_by"]),
        (&json!("2026-11-01"), &json!("2026-11-30"), &json!("day"))
    );
    let items = report["items"].as_array().unwrap();
    assert_eq!(
        (items.len(), &items[0]["period"], &items[29]["period"]),
        (30, &json!("2026-11-01"), &json!("2026-11-30"))
    );
    assert_eq!((&items[0]["received"], &items[1]["received"]), (&json!("100.00"), &json!("0.00")));
    assert_eq!((&report["totals"]["payments"], &report["totals"]["revenue"]), (&json!(2), &json!("200.00")));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_cuts_its_first_and_last_period() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    for day in ["2026-11-02", "2026-11-03", "2026-11-09", "2026-11-10"] {
        service.deliver_now(&payment(user, 10_000, "online", on(day))).await;
    }
    let staff = service.as_staff();
    let report = staff.get("/reports/sales?from=2026-11-03&to=2026-11-09&group_by=week").await.expect(200);
    let weeks: Vec<_> = report["items"].as_array().unwrap().iter().map(|i| (&i["period"], &i["payments"])).collect();
    assert_eq!(weeks, [(&json!("2026-11-02"), &json!(1)), (&json!("2026-11-09"), &json!(1))]);
    let months = staff.get("/reports/sales?from=2026-10-01&to=2026-11-30&group_by=month").await.expect(200);
    let periods: Vec<_> = months["items"].as_array().unwrap().iter().map(|i| (&i["period"], &i["payments"])).collect();
    assert_eq!(periods, [(&json!("2026-10"), &json!(0)), (&json!("2026-11"), &json!(4))]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_range_is_refused() {
    let service = TestService::start(reports::service()).await;
    let staff = service.as_staff();
    for (query, code) in [
        ("from=2026-11-02&to=2026-11-01", "reports.range_backwards"),
        ("from=2020-01-01&to=2022-09-27", "reports.range_too_long"),
        ("from=2020-01-01&to=2022-09-27&format=xlsx", "reports.range_too_long"),
        ("from=2020-01-01&to=2293-10-16&format=csv", "reports.range_too_long"),
        ("from=2026-11-31", "request.bad_query"),
        ("from=yesterday", "request.bad_query"),
        ("group_by=year", "request.bad_query"),
        ("format=pdf", "request.bad_query"),
    ] {
        assert_eq!(staff.get(&format!("/reports/sales?{query}")).await.problem(422), code, "{query}");
    }
    for query in ["from=2020-01-01&to=2022-09-26", "from=2026-11-01&to=2026-11-01", "from=&to="] {
        staff.get(&format!("/reports/sales?{query}")).await.expect(200);
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_compared_with_the_range_before() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    for day in ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"] {
        service.deliver_now(&payment(user, 10_000, "online", on(day))).await;
    }
    let staff = service.as_staff();
    let plain = staff.get("/reports/sales").await.expect(200);
    assert_eq!(plain["previous"], json!(null));
    let mut compared = staff.get("/reports/sales?compare=previous").await.expect(200);
    let mut october = staff.get("/reports/sales?from=2026-10-01&to=2026-10-31").await.expect(200);
    for field in ["group_by", "previous", "as_of", "sources"] {
        october.as_object_mut().unwrap().remove(field);
    }
    assert_eq!((&october["totals"]["payments"], october["items"].as_array().unwrap().len()), (&json!(2), 31));
    assert_eq!(compared["previous"], october);
    compared["previous"] = json!(null);
    assert_eq!(compared, plain);
    let query = "from=2026-11-01&to=2026-11-02&group_by=week&compare=previous";
    let days = staff.get(&format!("/reports/sales?{query}")).await.expect(200)["previous"].clone();
    assert_eq!((&days["from"], &days["to"]), (&json!("2026-10-30"), &json!("2026-10-31")));
    assert_eq!((&days["totals"]["payments"], &days["items"][0]["period"]), (&json!(1), &json!("2026-10-26")));
    for path in ["users", "wallet", "payouts", "binary"] {
        let report = staff.get(&format!("/reports/{path}?compare=previous")).await.expect(200);
        assert_eq!(report["previous"]["from"], "2026-10-01", "{path}");
    }
    for format in ["csv", "xlsx"] {
        let refused = staff.get(&format!("/reports/sales?compare=previous&format={format}")).await;
        assert_eq!(refused.problem(422), "reports.compare_needs_json", "{format}");
    }
    assert_eq!(staff.get("/reports/sales?compare=next").await.problem(422), "request.bad_query");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_and_pairs_are_shown_on_the_day_of_each_step() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    let (first, second, third) = (on("2026-11-01"), on("2026-11-02"), on("2026-11-03"));
    let (requested, refused) = (payout(user, first), payout(user, first));
    service.deliver_now(&PayoutRequested { payout: Some(requested.clone()) }).await;
    service.deliver_now(&PayoutRequested { payout: Some(refused.clone()) }).await;
    let rejected = PayoutRejected { payout: next(&refused, 2, "rejected", first), hold_refused: true };
    service.deliver_now(&rejected).await;
    service.deliver_now(&PayoutCompleted { payout: next(&requested, 4, "completed", second), tax: None }).await;
    service.deliver_now(&PayoutReversed { payout: next(&requested, 5, "reversed", third), tax: None }).await;
    let staff = service.as_staff();
    let days = staff.get("/reports/payouts").await.expect(200)["items"].clone();
    assert_eq!(
        (&days[0]["requested"], &days[0]["refused"], &days[0]["requested_amount"]),
        (&json!(2), &json!(1), &json!("20000.00"))
    );
    assert_eq!((&days[1]["paid"], &days[1]["tds"], &days[1]["net"]), (&json!(1), &json!("500.00"), &json!("9500.00")));
    assert_eq!((&days[2]["returned"], &days[2]["returned_amount"]), (&json!(1), &json!("10000.00")));
    let pairs = vec![pair(user, 6, "matched", first), pair(user, 7, "flushed", first)];
    service.deliver_now(&placement(user, pairs.clone(), first)).await;
    service.deliver_now(&voided(pairs, second)).await;
    let days = staff.get("/reports/binary").await.expect(200)["items"].clone();
    assert_eq!(
        (&days[0]["placements"], &days[0]["pairs_matched"], &days[0]["pairs_flushed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!((&days[0]["gross"], &days[0]["emi_deduction"]), (&json!("500.00"), &json!("100.00")));
    assert_eq!((&days[1]["pairs_voided"], &days[1]["voided_gross"]), (&json!(1), &json!("500.00")));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_comes_as_csv_and_as_a_workbook() {
    let service = TestService::start(reports::service()).await;
    service.deliver_now(&registered(id::fresh(), Some(id::fresh()), on("2026-11-02"))).await;
    let staff = service.as_staff();
    let csv = staff.get("/reports/users?from=2026-11-01&to=2026-11-02&format=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"users-2026-11-01-2026-11-02.csv\"");
    let expected = "period,registrations,referred,placed\n2026-11-01,0,0,0\n2026-11-02,1,1,0\ntotal,1,1,0\n";
    assert_eq!(csv.text, expected);
    let book = staff.get("/reports/wallet?format=xlsx").await;
    assert_eq!(book.status, 200);
    assert!(book.text.starts_with("PK"), "a workbook is a zip");
    assert_eq!(book.header("content-disposition"), "attachment; filename=\"wallet-2026-11-01-2026-11-30.xlsx\"");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_of_many_years_is_sent_in_parts_with_the_totals_of_all() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    for day in ["2020-01-01", "2021-01-01", "2021-01-02", "2022-09-27", "2030-06-15"] {
        service.deliver_now(&payment(user, 10_000, "online", on(day))).await;
    }
    let staff = service.as_staff();
    let csv = staff.get("/reports/sales?from=2020-01-01&to=2030-06-15&format=csv").await;
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"sales-2020-01-01-2030-06-15.csv\"");
    // Two leap days are not in the eleventh year.
    assert_eq!(lines.len(), 1 + 10 * 365 + 3 + 166 + 1);
    let received = |line: &str| line.split(',').nth(4).map(str::to_owned);
    let paid: Vec<&str> =
        lines.iter().filter(|l| received(l).as_deref() == Some("100.00")).filter_map(|l| l.split(',').next()).collect();
    assert_eq!(paid, ["2020-01-01", "2021-01-01", "2021-01-02", "2022-09-27", "2030-06-15"]);
    assert_eq!(lines.last().and_then(|line| received(line)).as_deref(), Some("500.00"));
    let months = staff.get("/reports/sales?from=2020-01-01&to=2030-06-15&group_by=month").await.expect(200);
    assert_eq!((&months["totals"]["received"], months["items"].as_array().unwrap().len()), (&json!("500.00"), 126));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_how_far_the_events_of_each_service_are_applied() {
    let service = TestService::start(reports::service()).await;
    let (user, staff): (UserId, _) = (id::fresh(), service.as_staff());
    let before = staff.get("/reports/sales").await.expect(200);
    assert_eq!((&before["as_of"], &before["sources"]), (&json!(null), &json!({})));
    let (first, second) = (on("2026-11-01"), on("2026-11-02"));
    let paid = payment(user, 10_000, "online", first);
    service.deliver_envelope(TestService::envelope(second, &paid)).await;
    service.deliver_envelope(TestService::envelope(first, &registered(user, None, first))).await;
    // An earlier event that arrives later.
    service.deliver_envelope(TestService::envelope(first, &refund(&paid, first))).await;
    let (first, second) = (json!(first.to_string()), json!(second.to_string()));
    for (path, as_of, sources) in [
        ("sales", &second, json!({ "auth": first, "booking": second })),
        ("users", &first, json!({ "auth": first })),
        ("cohorts", &second, json!({ "auth": first, "booking": second })),
        ("emi-ageing", &second, json!({ "booking": second })),
        ("payout-ageing", &json!(null), json!({})),
        ("dashboard", &second, json!({ "auth": first, "booking": second })),
    ] {
        let report = staff.get(&format!("/reports/{path}")).await.expect(200);
        assert_eq!((&report["as_of"], &report["sources"]), (as_of, &sources), "{path}");
    }
    assert_eq!(service.as_user(user).get("/reports/me").await.expect(200)["as_of"], second);
    for format in ["csv", "xlsx"] {
        let file = staff.get(&format!("/reports/sales?format={format}")).await;
        assert_eq!(json!(file.header("x-as-of")), second, "{format}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_uses_a_connection_for_long_reads_and_is_refused_while_none_is_free() {
    let service = TestService::start(reports::service()).await;
    let (db, staff) = (service.ctx().db(), service.as_staff());
    let long_reads = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    for format in ["csv", "xlsx"] {
        let refused = staff.get(&format!("/reports/sales?format={format}")).await;
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(refused.problem(429), "request.busy");
    }
    staff.get("/reports/sales").await.expect(200);
    drop(long_reads);
    // All connections of the ordinary pool are taken.
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(db.replica().await.unwrap());
    }
    assert_eq!(staff.get("/reports/sales?format=csv").await.status, 200);
    drop(held);
    service.finish().await;
}
