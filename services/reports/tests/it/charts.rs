//! Tests of the charts.

use crate::events::*;
use domain::Day;
use runtime::id;
use testkit::TestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_an_svg_that_says_in_words_what_it_shows() {
    let service = TestService::start(reports::service()).await;
    let at = "2026-11-02".parse::<Day>().unwrap().starts_at();
    service.deliver_now(&payment(id::fresh(), 123_450, "online", at)).await;
    let staff = service.as_staff();
    let chart = staff.get("/reports/sales.svg?figure=received&from=2026-11-01&to=2026-11-03").await;
    assert_eq!((chart.status, chart.header("content-type").as_str()), (200, "image/svg+xml"));
    let policy = chart.header("content-security-policy");
    assert_eq!(policy, "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    let svg = &chart.text;
    for part in [
        "<svg ",
        "role=\"img\" aria-labelledby=\"title desc\"",
        "<title id=\"title\">sales: received, 2026-11-01 to 2026-11-03</title>",
        "<desc id=\"desc\">3 bars by period. Total ₹1234.50. Highest: ₹1234.50 (2026-11-02). As of ",
        "prefers-color-scheme:dark",
        "1000.00",
        "2026-11-02",
    ] {
        assert!(svg.contains(part), "{part} is missing in {svg}");
    }
    assert!(!svg.contains("<script") && !svg.contains("href"), "{svg}");
    assert_eq!(svg.matches("<rect ").count(), 3, "{svg}");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_report_has_a_chart_with_and_without_figures() {
    let service = TestService::start(reports::service()).await;
    let staff = service.as_staff();
    let names =
        ["sales", "users", "wallet", "payouts", "binary", "cohorts", "generations", "emi-ageing", "payout-ageing"];
    for has_figures in [false, true] {
        for name in names {
            let chart = staff.get(&format!("/reports/{name}.svg")).await;
            assert!(
                chart.text.starts_with("<svg ") && chart.text.trim_end().ends_with("</svg>"),
                "{name}: {}",
                chart.text
            );
        }
        if !has_figures {
            let user = id::fresh();
            let events = crate::order::scenario(user, service.now());
            service.deliver_all(events).await;
        }
    }
    let negative = staff.get("/reports/wallet.svg?figure=clawback").await;
    assert_eq!(negative.status, 200);
    let narrowed = staff.get("/reports/sales.svg?method=cash").await;
    assert!(narrowed.text.contains("<title id=\"title\">sales: payments"), "{}", narrowed.text);
    for (path, status, code) in [
        ("sales.svg?figure=profit", 422, "reports.figure_unknown"),
        ("sales.svg?method=cash&figure=bookings", 422, "reports.figure_unknown"),
        ("users.svg?method=cash", 422, "reports.filter_unsupported"),
        ("sales.svg?from=2026-11-02&to=2026-11-01", 422, "reports.range_backwards"),
        ("dashboard.svg", 404, "request.not_found"),
        ("profit.svg", 404, "request.not_found"),
    ] {
        assert_eq!(staff.get(&format!("/reports/{path}")).await.problem(status), code, "{path}");
    }
    service.finish().await;
}
