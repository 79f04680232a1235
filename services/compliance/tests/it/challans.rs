//! Tests of challans, numbers of certificates, and the government's text file.

use crate::fixture::*;
use compliance::app::issue_certificate::issue_certificate;
use compliance::error::ComplianceError;
use compliance::store::certificates::CertificateIssue;
use domain::{FinancialYear, Money, UserId};
use futures_util::future::join_all;
use proto_events::compliance::v1::CertificateIssued;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FILE: &str = "/compliance/tds/2026-27/Q3/statement?format=txt";

/// Settings of a deductor.
pub(crate) const DEDUCTOR: [(&str, &str); 10] = [
    ("COMPANY_TAN", "PNEA12345B"),
    ("COMPANY_PAN", "AAACB1234C"),
    ("COMPANY_ADDRESS", "1 Main Road | Pune"),
    ("TDS_STATE_CODE", "19"),
    ("TDS_PIN_CODE", "411001"),
    ("TDS_EMAIL", "tax@ev.example"),
    ("TDS_RESPONSIBLE_NAME", "Meera Iyer"),
    ("TDS_RESPONSIBLE_PAN", "ABCPI1234K"),
    ("TDS_RESPONSIBLE_DESIGNATION", "Director"),
    ("TDS_MOBILE", "9000000001"),
];

pub(crate) fn challan(serial: &str, amount: &str) -> Value {
    let (bsr, date) = ("0510308", "2026-11-01");
    json!({ "fy": "2026-27", "quarter": "Q3", "bsr": bsr, "serial": serial, "date": date, "amount": amount })
}

pub(crate) async fn record(f: &Fixture, serial: &str, amount: &str) -> Value {
    f.as_staff().post("/compliance/challans", challan(serial, amount)).await.expect(201)
}

/// Records a challan twice, at the same time too, and with other values.
pub(crate) async fn a_challan_is_recorded_once(f: &Fixture) {
    let staff = f.as_staff();
    let both = join_all((0..4).map(|_| record(f, "00001", "500.00"))).await;
    let ids: BTreeSet<_> = both.iter().map(|challan| challan["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(f.published::<StaffActed>().await.len(), 1);
    for (field, other) in [("amount", json!("500.01")), ("quarter", json!("Q2"))] {
        let mut changed = challan("00001", "500.00");
        changed[field] = other;
        assert_eq!(staff.post("/compliance/challans", changed).await.problem(409), "compliance.challan_exists");
    }
    for (field, other) in [("date", json!("2026-11-02")), ("bsr", json!("0510309")), ("serial", json!("00002"))] {
        let mut another = challan("00001", "1.00");
        another[field] = other;
        staff.post("/compliance/challans", another).await.expect(201);
    }
    let list = staff.get("/compliance/challans?fy=2026-27&quarter=Q3").await.expect(200);
    let serials: Vec<_> = list["items"].as_array().unwrap().iter().map(|c| c["serial"].as_str().unwrap()).collect();
    assert_eq!((serials, &list["total_amount"]), (vec!["00001", "00002", "00001", "00001"], &json!("503.00")));
    assert_eq!(staff.get("/compliance/challans?quarter=Q2").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challan_is_one_by_branch_day_and_serial_number() {
    let f = fixture().await;
    a_challan_is_recorded_once(&f).await;
    let acted = f.published::<StaffActed>().await;
    let first = (acted[0].action.as_str(), acted[0].detail.as_str(), acted[0].subject_type.as_str());
    assert_eq!(first, ("compliance.challan_record", "2026-27 Q3 500.00", "tds_challan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challan_with_a_broken_rule_is_refused_and_only_staff_record_one() {
    let f = fixture().await;
    let today = f.now().day();
    for (field, bad) in [
        ("bsr", json!("051030")),
        ("bsr", json!("051030x")),
        ("serial", json!("1")),
        ("serial", json!("1234५")),
        ("date", json!(today.next().to_string())),
        ("date", json!("2026-09-30")),
        ("amount", json!("0.00")),
        ("amount", json!("-1.00")),
    ] {
        let mut changed = challan("00001", "1.00");
        changed[field] = bad.clone();
        let refused = f.as_staff().post("/compliance/challans", changed).await;
        assert_eq!(refused.problem(422), "compliance.challan_invalid", "{field}: {bad}");
    }
    let mut edge = challan("00001", "0.01");
    edge["date"] = json!(today.to_string());
    f.as_staff().post("/compliance/challans", edge.clone()).await.expect(201);
    edge["date"] = json!("2026-10-01");
    f.as_staff().post("/compliance/challans", edge.clone()).await.expect(201);
    let member = f.as_user(id::fresh());
    assert_eq!(member.post("/compliance/challans", edge).await.problem(403), "auth.forbidden");
    assert_eq!(member.get("/compliance/challans").await.problem(403), "auth.forbidden");
}

fn issue(user: UserId, year: FinancialYear, f: &Fixture) -> CertificateIssue {
    CertificateIssue {
        id: id::fresh(),
        user_id: user,
        financial_year: year,
        total_tds_paise: Money::from_rupees(1),
        issued_at: f.now(),
        number: None,
    }
}

/// Issues certificates in parallel, each twice, and rolls back some of them in between.
pub(crate) async fn numbers_of_certificates_have_no_gaps(f: &Fixture) {
    let year: FinancialYear = "2026-27".parse().unwrap();
    let users: Vec<UserId> = (0..12).map(|_| id::fresh()).collect();
    let attempts =
        users.iter().enumerate().flat_map(|(n, user)| [(n, *user, false), (n, *user, true), (n, *user, false)]);
    let numbers = join_all(attempts.map(async |(n, user, is_rolled_back)| {
        let issue = issue(user, year, f);
        let ends = is_rolled_back && n % 3 == 0;
        let number: Result<i64, ComplianceError> = f
            .ctx()
            .tx(async |c| {
                let number = issue_certificate(c, &issue).await?;
                if ends { Err(ComplianceError::NotFound) } else { Ok(number) }
            })
            .await;
        number.ok().map(|number| (user, number))
    }))
    .await;
    let given: BTreeSet<(UserId, i64)> = numbers.into_iter().flatten().collect();
    assert_eq!(given.len(), 12, "a member has one number");
    assert_eq!(given.iter().map(|(_, number)| *number).collect::<BTreeSet<_>>(), (1..=12).collect());
    assert_eq!(f.published::<CertificateIssued>().await.len(), 12);
    let other: i64 = f
        .ctx()
        .tx(async |c| {
            Ok::<_, ComplianceError>(issue_certificate(c, &issue(users[0], "2025-26".parse().unwrap(), f)).await?)
        })
        .await
        .unwrap();
    assert_eq!(other, 1, "each year has numbers of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_issued_in_parallel_have_numbers_without_gaps() {
    numbers_of_certificates_have_no_gaps(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_names_the_challans_of_its_quarters_and_is_issued_anew_when_one_is_added() {
    let f = fixture_with(&DEDUCTOR).await;
    let user: UserId = id::fresh();
    f.deliver_now(&f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now()))).await;
    let path = "/compliance/tds/2026-27/certificate";
    let stated = async || {
        let file = f.as_user(user).get(path).await;
        let (_, code) = file.text.split_once("/verify/C-").unwrap();
        let stated = f.anonymous().get(&format!("/documents/verify/C-{}", &code[..23])).await.expect(200);
        (file, stated)
    };
    let (_, first) = stated().await;
    assert_eq!((&first["number"], &first["revision"]), (&json!("TDS/2026-27/000001"), &json!(1)));
    record(&f, "00007", "500.00").await;
    let (file, second) = stated().await;
    assert_eq!((&second["number"], &second["revision"]), (&json!("TDS/2026-27/000001"), &json!(2)));
    let (_, third) = stated().await;
    assert_eq!(third, second);
    if let Some(text) = crate::tds::read_back(&file) {
        for shown in ["0510308", "00007", "PNEA12345B", "1 Main Road", "TDS/2026-27/000001", "Rupees five hundred only"]
        {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }
    // In the member's language, unless another is asked for; the numbers are the same.
    let english = f.as_user(user).get(path).await.text;
    f.user_updated(user, 2, |user| user.locale = "hi".into()).await;
    f.user_updated(user, 1, |user| user.locale = "en".into()).await;
    let hindi = f.as_user(user).get(path).await.text;
    assert_ne!(hindi, english);
    assert_eq!(f.as_user(user).get(&format!("{path}?lang=hi")).await.text, hindi);
    assert_eq!(f.as_user(user).get(&format!("{path}?lang=en")).await.text, english);
    let another: UserId = id::fresh();
    f.deliver_now(&f.completed(another, f.tax("BCDEF2345G", 1_000_000, f.now()))).await;
    assert!(f.as_user(another).get(path).await.text.contains("TDS/2026-27/000002"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_file_is_refused_until_all_that_it_states_is_known() {
    let incomplete = fixture().await;
    let refused = incomplete.as_staff().get(FILE).await;
    assert!(refused.text.contains("COMPANY_TAN") && refused.text.contains("TDS_MOBILE"), "{}", refused.text);
    assert_eq!(refused.problem(409), "compliance.deductor_incomplete");

    let f = fixture_with(&DEDUCTOR).await;
    let staff = f.as_staff();
    assert_eq!(staff.get(FILE).await.problem(409), "compliance.no_deductions");
    let paid = f.completed(id::fresh(), f.tax("ABCDE1234F", 1_000_000, f.now()));
    f.deliver_now(&paid).await;
    record(&f, "00001", "499.99").await;
    let refused = staff.get(FILE).await;
    let payout: UserId = paid.payout.as_ref().unwrap().payout_id.as_slice().try_into().unwrap();
    let body: Value = serde_json::from_str(&refused.text).unwrap();
    let named = json!([{ "field": format!("payouts.{payout}"), "code": "no_challan", "detail": "500.00" }]);
    assert_eq!((&body["errors"], refused.problem(409).as_str()), (&named, "compliance.tax_not_deposited"));
    let mut unknown = f.tax("ABCDE1234F", 1_000, f.now());
    unknown.section = "393(1)".into();
    f.deliver_now(&f.completed(id::fresh(), unknown)).await;
    assert_eq!(staff.get(FILE).await.problem(409), "compliance.section_code_missing");
    assert_eq!(staff.get("/compliance/tds/2026-27/Q3/statement?format=pdf").await.status, 422);
    let downloads = f.published::<StaffActed>().await.into_iter().filter(|acted| acted.action.ends_with("_download"));
    assert_eq!(downloads.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_file_has_a_record_a_challan_and_deduction() {
    let f = fixture_with(&[&DEDUCTOR[..], &[("TDS_SECTION_CODES", "393(1)=1006")]].concat()).await;
    let mut later = f.tax("AAACA1234A", 200_000, f.now().plus_secs(1));
    later.section = "393(1)".into();
    let mut without_pan = f.tax("ABCDE1234F", 20_000, f.now().plus_secs(2));
    (without_pan.pan_sealed, without_pan.rate) = (Vec::new(), "20".into());
    f.deliver_now(&f.completed(id::fresh(), without_pan)).await;
    f.deliver_now(&f.completed(id::fresh(), later)).await;
    f.deliver_now(&f.completed(id::fresh(), f.tax("ABCDE1234F", 1_000_000, f.now()))).await;
    // Returned within the quarter, and free of tax: neither is reported.
    let reversed = f.completed(id::fresh(), f.tax("ABCDE1234F", 100_000, f.now()));
    f.deliver_now(&reversed).await;
    f.deliver_now(&returned(&reversed)).await;
    let mut free = f.tax("ABCDE1234F", 100_000, f.now());
    free.tds_paise = 0;
    f.deliver_now(&f.completed(id::fresh(), free)).await;
    record(&f, "00002", "120.00").await;
    record(&f, "00001", "500.00").await;
    record(&f, "00003", "9.00").await;
    let file = f.as_staff().get(FILE).await;
    assert_eq!(
        (file.status, file.header("content-type").as_str()),
        (200, "text/plain; charset=us-ascii"),
        "{}",
        file.text
    );
    assert!(file.header("content-disposition").contains("tds-140-2026-27-Q3.txt"));
    let lines: Vec<Vec<&str>> = file.text.lines().map(|line| line.split('^').collect()).collect();
    let kinds: Vec<_> = lines.iter().map(|line| (line[0], line[1], line.len())).collect();
    assert_eq!(
        kinds,
        [
            ("1", "FH", 18),
            ("2", "BH", 70),
            ("3", "CD", 41),
            ("4", "DD", 39),
            ("5", "CD", 41),
            ("6", "DD", 39),
            ("7", "DD", 39)
        ]
    );
    assert_eq!((lines[1][3], lines[1][46], lines[1][16], lines[1][17]), ("2", "620.00", "202627", "Q3"));
    let sums: Vec<_> = [2, 4].map(|n| (lines[n][4], lines[n][11], lines[n][26], lines[n][32])).into();
    assert_eq!(sums, [("1", "00001", "500.00", "500.00"), ("2", "00002", "120.00", "110.00")]);
    let deductees: Vec<_> =
        [3, 5, 6].map(|n| (lines[n][7], lines[n][9], lines[n][16], lines[n][29], lines[n][32])).into();
    assert_eq!(
        deductees,
        [
            ("2", "ABCDE1234F", "500.00", "", "94H"),
            ("1", "AAACA1234A", "100.00", "", "1006"),
            ("2", "PANNOTAVBL", "10.00", "C", "94H")
        ]
    );
    let acted = f.published::<StaffActed>().await;
    let last = acted.last().unwrap();
    assert_eq!((last.action.as_str(), last.detail.as_str()), ("compliance.statement_download", "txt"));
}

/// Enough deductions for several pages; the sums of the headers are those of the lines.
pub(crate) async fn a_long_text_file_adds_up(f: &Fixture) {
    let mut envelopes = Vec::new();
    for n in 0..1_200_i64 {
        let tax = f.tax(&format!("ABCPE{:04}F", n % 300), 20 * (100 + n), f.now().plus_secs(n % 7));
        envelopes.push(testkit::TestService::envelope(f.now(), &f.completed(id::fresh(), tax)));
    }
    f.deliver_all(envelopes).await;
    let total: i64 = (0..1_200).map(|n| 100 + n).sum();
    record(f, "00001", "3000.00").await;
    record(f, "00002", &Money::from_paise(total - 300_000 + 1_400).to_string()).await;
    let file = f.as_staff().get(FILE).await;
    assert_eq!(file.status, 200, "{}", file.text);
    let lines: Vec<Vec<&str>> = file.text.lines().map(|line| line.split('^').collect()).collect();
    assert_eq!(lines.len(), 2 + 2 + 1_200);
    assert!(lines.iter().enumerate().all(|(n, line)| line[0] == (n + 1).to_string()));
    let of = |kind: &str, at: usize| {
        let sum = lines.iter().filter(|line| line[1] == kind).map(|line| line[at].parse::<Money>().unwrap());
        Money::total(sum).unwrap().paise()
    };
    assert_eq!((of("DD", 16), of("CD", 32)), (total, total));
    assert_eq!(of("CD", 26), of("BH", 46));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_file_is_read_page_by_page() {
    a_long_text_file_adds_up(&fixture_with(&DEDUCTOR).await).await;
}
