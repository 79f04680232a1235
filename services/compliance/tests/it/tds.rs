//! Tests of TDS records, certificates and the quarterly statement.

use crate::fixture::*;
use domain::UserId;
use proto_events::compliance::v1::CertificateIssued;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::json;
use std::time::Duration;
use testkit::TestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_deduction_and_its_reversal_count_once_in_either_order() {
    let f = fixture().await;
    let user = id::fresh();
    let (paid, reversed) = (
        f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now())),
        f.completed(user, f.tax("ABCDE1234F", 99_990, f.now())),
    );
    f.deliver_now(&returned(&reversed)).await;
    for _ in 0..2 {
        f.deliver_now(&paid).await;
        f.deliver_now(&reversed).await;
        f.deliver_now(&returned(&reversed)).await;
    }
    let list = f.as_user(user).get("/compliance/tds").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    assert_eq!((&list["total_gross"], &list["total_tds"]), (&json!("10000.00"), &json!("500.00")));
    assert_eq!(list["items"][0]["pan"], "ABxxxxx34F");
    assert_eq!(f.as_user(user).get("/compliance/tds?fy=2025-26").await.expect(200)["total_tds"], "0.00");
    assert_eq!(f.as_user(user).get("/compliance/tds?fy=2025-27").await.problem(422), "request.bad_query");
    let other = f.as_user(id::fresh()).get(&format!("/compliance/tds?user_id={user}")).await.expect(200);
    assert_eq!((&other["items"], &other["total_tds"]), (&json!([]), &json!("0.00")));
    assert_eq!(f.as_staff().get(&format!("/compliance/tds?user_id={user}")).await.expect(200), list);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_in_a_later_year_does_not_change_the_earlier_statement() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    let completed = f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now()));
    f.deliver_now(&completed).await;
    let original = f.as_staff().get("/compliance/tds/2026-27/Q3/statement").await.text;
    f.clock.set("2027-04-05T06:00:00Z".parse().unwrap());
    let mut reversed = returned(&completed);
    reversed.payout.as_mut().unwrap().changed_at = f.now().micros();
    for _ in 0..2 {
        f.deliver_now(&reversed).await;
    }
    let staff = f.as_staff();
    assert_eq!(staff.get("/compliance/tds/2026-27/Q3/statement").await.text, original);
    let statement_of_return = staff.get("/compliance/tds/2027-28/Q1/statement").await.text;
    assert!(
        statement_of_return
            .ends_with("ABCDE1234F,Asha Rao,194H,1,-10000.00,-500.00\nTOTAL,1 PAN,,1,-10000.00,-500.00\n")
    );
    let me = f.as_user(user);
    let before = me.get("/compliance/tds?fy=2026-27").await.expect(200);
    assert_eq!((&before["total_tds"], &before["items"][0]["reverses"]), (&json!("500.00"), &json!(null)));
    let now = me.get("/compliance/tds").await.expect(200);
    let line = &now["items"][0];
    assert_eq!(
        (&now["total_tds"], &line["fy"], &line["quarter"]),
        (&json!("-500.00"), &json!("2027-28"), &json!("Q1"))
    );
    assert_eq!(line["payout_id"], before["items"][0]["payout_id"]);
    let deduction = json!({"fy": "2026-27", "quarter": "Q3", "deducted_at": before["items"][0]["deducted_at"]});
    assert_eq!((&line["reversal"], &line["reverses"]), (&json!(true), &deduction));
}

/// What `pdftotext` reads; `None` when it is not installed.
pub(crate) fn read_back(pdf: &testkit::Reply) -> Option<String> {
    let path = std::env::temp_dir().join(format!("ev-certificate-{}.pdf", std::process::id()));
    std::fs::write(&path, &pdf.bytes).unwrap();
    let output = std::process::Command::new("pdftotext").arg("-raw").arg(&path).arg("-").output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cover_of_a_quarter_states_its_totals_to_staff() {
    let f = fixture().await;
    for pan in ["ABCDE1234F", "ABCDE1234F", "PQRST5678U"] {
        f.deliver_now(&f.completed(id::fresh(), f.tax(pan, 10_000, f.now()))).await;
    }
    let path = "/compliance/tds/2026-27/Q3/cover";
    let file = f.as_staff().get(path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/pdf".into()), "{}", file.text);
    let (_, code) = file.text.split_once("/verify/C-").unwrap();
    let stated = f.anonymous().get(&format!("/documents/verify/C-{}", &code[..23])).await.expect(200);
    assert_eq!((&stated["amount"], &stated["initials"]), (&json!("15.00"), &json!("")));
    if let Some(text) = read_back(&file) {
        assert!(text.contains("300.00") && text.contains("15.00"), "{text}");
        assert!(!text.contains("ABCDE1234F"));
    }
    assert_eq!(f.as_user(id::fresh()).get(path).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_a_pdf_of_the_members_own_deductions() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    for _ in 0..60 {
        f.deliver_now(&f.completed(user, f.tax("ABCDE1234F", 10_000, f.now()))).await;
    }
    let path = "/compliance/tds/2026-27/certificate";
    let file = f.as_user(user).get(path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/pdf".into()));
    assert!(file.text.starts_with("%PDF-"));
    let (_, code) = file.text.split_once("/verify/C-").unwrap();
    let stated = f.anonymous().get(&format!("/documents/verify/C-{}", &code[..23])).await.expect(200);
    let of = |field: &str| stated[field].as_str().unwrap_or_default();
    assert_eq!((of("kind"), of("amount"), of("initials")), ("tds_certificate", "300.00", "A. R."));
    // The member's own copy has the whole PAN, that of staff does not.
    let own = read_back(&file);
    let of_staff = read_back(&f.as_staff().get(&format!("{path}?user_id={user}")).await);
    if let (Some(own), Some(of_staff)) = (own, of_staff) {
        for shown in ["Asha Rao", "Q3", "6,000.00", "Rupees three hundred only"] {
            assert!(own.contains(shown) && of_staff.contains(shown), "{shown}: {own}");
        }
        assert!(own.contains("ABCDE1234F") && !of_staff.contains("ABCDE1234F") && of_staff.contains("ABxxxxx34F"));
    }
    // Only the first issue is published.
    for again in [f.as_user(user).get(path).await, f.as_staff().get(&format!("{path}?user_id={user}")).await] {
        assert_eq!(again.status, 200);
    }
    let issued = f.published::<CertificateIssued>().await;
    assert_eq!(issued.len(), 1);
    let first = (issued[0].user_id.clone(), issued[0].financial_year.as_str(), issued[0].total_tds_paise);
    assert_eq!(first, (user.into(), "2026-27", 30_000));
    let stranger = f.as_user(id::fresh());
    for nothing in [path, "/compliance/tds/2026-28/certificate", &format!("{path}?user_id={user}")] {
        assert_eq!(stranger.get(nothing).await.problem(404), "request.not_found", "{nothing}");
    }
    assert_eq!(f.published::<CertificateIssued>().await.len(), 1);
    assert_eq!(f.as_user(user).get("/compliance/tds/2025-26/certificate").await.problem(404), "request.not_found");
}

/// Splits a statement into its header, its totals and its lines.
fn split_statement(file: &str) -> (&str, &str, Vec<&str>) {
    let mut lines: Vec<_> = file.lines().collect();
    (lines.remove(0), lines.pop().unwrap(), lines)
}

/// Delivers enough deductions for several pages, with PANs that span a page boundary.
pub(crate) async fn a_long_statement_has_one_line_a_pan_and_section(f: &Fixture) {
    const PANS: usize = 200;
    let mut envelopes = Vec::new();
    for n in 0..PANS * 7 {
        let mut tax = f.tax(&format!("ABCDE{:04}F", n % PANS), 10_000, f.now());
        tax.section = if n < PANS * 3 { "194H" } else { "194R" }.into();
        envelopes.push(TestService::envelope(f.now(), &f.completed(id::fresh(), tax)));
    }
    f.deliver_all(envelopes).await;
    let file = f.as_staff().get("/compliance/tds/2026-27/Q3/statement").await;
    assert_eq!(file.header("cache-control"), "private, no-store");
    let (_, total, mut lines) = split_statement(&file.text);
    assert_eq!(total, "TOTAL,200 PAN,,1400,140000.00,7000.00");
    lines.sort_unstable();
    let lines_of = |n| {
        let line = |rest: &str| format!("ABCDE{n:04}F,Asha Rao,{rest}");
        [line("194H,3,300.00,15.00"), line("194R,4,400.00,20.00")]
    };
    assert_eq!(lines, (0..PANS).flat_map(lines_of).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_read_page_by_page() {
    a_long_statement_has_one_line_a_pan_and_section(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_uses_a_connection_for_long_reads_and_is_refused_while_none_is_free() {
    let f = fixture().await;
    let (db, staff, path) = (f.ctx().db(), f.as_staff(), "/compliance/tds/2026-27/Q3/statement");
    let long_reads = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    let refused = staff.get(path).await;
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(refused.problem(429), "request.busy");
    assert_eq!(f.published::<StaffActed>().await.len(), 0, "no download was recorded");
    drop(long_reads);
    // All connections of the ordinary pool are taken.
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(db.read().await.unwrap());
    }
    assert_eq!(staff.get(path).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_adds_up_by_pan_and_its_download_is_recorded() {
    let f = fixture().await;
    let (asha, bina): (UserId, UserId) = (id::fresh(), id::fresh());
    let mut second = f.tax("BCDEF2345G", 200_000, f.now());
    second.holder_name = "=HYPERLINK(\"x\")".into();
    f.deliver_now(&f.completed(bina, second)).await;
    for gross in [1_000_000, 100_000] {
        f.deliver_now(&f.completed(asha, f.tax("ABCDE1234F", gross, f.now()))).await;
    }
    let reversed = f.completed(asha, f.tax("ABCDE1234F", 100_000, f.now()));
    f.deliver_now(&reversed).await;
    f.deliver_now(&returned(&reversed)).await;
    // In another quarter.
    f.deliver_now(&f.completed(asha, f.tax("ABCDE1234F", 7_000, f.now().plus_hours(-24 * 60)))).await;
    let path = "/compliance/tds/2026-27/Q3/statement";
    let file = f.as_staff().get(path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8".into()));
    // Lines are ordered by blind index, which differs per key.
    let (head, total, mut lines) = split_statement(&file.text);
    lines.sort_unstable();
    assert_eq!((head, total), ("pan,name,section,deductions,gross,tds", "TOTAL,2 PAN,,5,13000.00,650.00"));
    let line_of_bina = "BCDEF2345G,\"'=HYPERLINK(\"\"x\"\")\",194H,1,2000.00,100.00";
    assert_eq!(lines, ["ABCDE1234F,Asha Rao,194H,4,11000.00,550.00", line_of_bina]);
    let acted = f.published::<StaffActed>().await;
    assert_eq!(acted.len(), 1);
    assert_eq!(
        (acted[0].action.as_str(), acted[0].subject_id.as_str()),
        ("compliance.statement_download", "2026-27-Q3")
    );
    assert!(
        f.as_staff().get("/compliance/tds/2026-27/Q1/statement").await.text.ends_with("TOTAL,0 PAN,,0,0.00,0.00\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_get_a_statement_and_only_for_a_valid_quarter() {
    let f = fixture().await;
    let path = "/compliance/tds/2026-27/Q3/statement";
    assert_eq!(f.as_user(id::fresh()).get(path).await.problem(403), "auth.forbidden");
    assert_eq!(f.anonymous().get(path).await.problem(401), "auth.token_invalid");
    for nothing in ["2026-27/Q5", "2026-27/q3", "2026-28/Q3", "2026/Q3"] {
        let path = format!("/compliance/tds/{nothing}/statement");
        assert_eq!(f.as_staff().get(&path).await.problem(404), "request.not_found", "{nothing}");
    }
    assert_eq!(f.published::<StaffActed>().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pan_that_cannot_be_unsealed_fails_the_whole_statement() {
    let f = fixture().await;
    let mut tax = f.tax("ABCDE1234F", 10_000, f.now());
    tax.pan_sealed = pii::Sealer::generate().seal("account", "ABCDE1234F");
    f.deliver_now(&f.completed(id::fresh(), tax)).await;
    let refused = f.as_staff().get("/compliance/tds/2026-27/Q3/statement").await;
    assert!(!refused.text.contains("ABCDE1234F"));
    assert_eq!(refused.problem(500), "request.internal");
    assert_eq!(f.published::<StaffActed>().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_the_totals_of_each_of_their_years() {
    let f = fixture().await;
    let (user, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let years = async |user: UserId| f.as_user(user).get("/compliance/tds/years").await.expect(200);
    assert_eq!(years(user).await, json!({ "items": [] }));
    let earlier = "2026-03-31T18:29:59Z".parse().unwrap();
    let returned_later = f.completed(user, f.tax("ABCDE1234F", 200_000, earlier));
    f.deliver_now(&returned_later).await;
    for gross in [1_000_000, 99_980] {
        f.deliver_now(&f.completed(user, f.tax("ABCDE1234F", gross, f.now()))).await;
    }
    f.deliver_now(&f.completed(other, f.tax("ABCDE1234G", 100, f.now()))).await;
    let year = |fy: &str, gross: &str, tds: &str| json!({ "fy": fy, "total_gross": gross, "total_tds": tds });
    let both = [year("2026-27", "10999.80", "549.99"), year("2025-26", "2000.00", "100.00")];
    assert_eq!(years(user).await, json!({ "items": both }));
    // A return counts in its own year.
    f.deliver_now(&returned(&returned_later)).await;
    let both = [year("2026-27", "8999.80", "449.99"), year("2025-26", "2000.00", "100.00")];
    assert_eq!(years(user).await, json!({ "items": both }));
    assert_eq!(years(other).await, json!({ "items": [year("2026-27", "1.00", "0.05")] }));
    let of_year = f.as_user(user).get("/compliance/tds?fy=2026-27").await.expect(200);
    assert_eq!((&of_year["total_gross"], &of_year["total_tds"]), (&json!("8999.80"), &json!("449.99")));
    // Staff get their own years too.
    assert_eq!(f.as_staff().get("/compliance/tds/years").await.expect(200), json!({ "items": [] }));
    f.anonymous().get("/compliance/tds/years").await.problem(401);
}
