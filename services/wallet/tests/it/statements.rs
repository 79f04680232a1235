//! Statements: a month by posting time, sent page by page.

use crate::fixture::*;
use domain::Timestamp;
use proto_events::auth::v1::{User, UserUpdated};
use serde_json::json;
use testkit::statements::{Statements, reads_of};

#[tokio::test]
async fn a_long_statement_is_read_in_pages() {
    let s = start_wallet().await;
    let log = Statements::record(&s);
    for from in [0, 2_500, 5_000, 7_500] {
        s.deliver_now(&placed((from + 1..=from + 2_500_u32).map(|n| pair(A, n, "0.00")).collect())).await;
    }
    let me = s.as_user(user(A));
    me.get("/wallet").await.expect(200);
    log.drain();
    let csv = me.get("/wallet/statement?month=2026-11&format=csv").await;
    // Twenty pages, one read that finds no more, and three to find the beginning.
    let statements = log.drain();
    let reads = reads_of(&statements, "postings");
    assert_eq!(reads.len(), 24, "{reads:#?}");
    assert!(reads.iter().all(|sql| sql.contains("LIMIT")), "{reads:#?}");
    assert_eq!(csv.text.lines().count(), 10_003);
    assert!(csv.text.ends_with("Closing balance,,5000000.00\n"));
    let pdf = me.get("/wallet/statement?month=2026-11").await.text;
    assert_eq!(reads_of(&log.drain(), "postings").len(), 24);
    assert!(pdf.starts_with("%PDF-1.7"));
    // The heading, ten thousand lines and both balances, at most 50 on a page.
    assert!(pdf.matches("/Type/Page/").count() >= 200);
    // One line more begins a second part.
    assert_eq!(me.get("/wallet/statement?month=2026-11&part=2").await.problem(404), "request.not_found");
    assert_eq!(me.get("/wallet/statement?month=2026-11&part=0").await.problem(404), "request.not_found");
    s.deliver_now(&placed(vec![pair(A, 10_001, "0.00")])).await;
    let second = me.get("/wallet/statement?month=2026-11&part=2").await;
    assert_eq!((second.status, second.text.matches("/Type/Page/").count()), (200, 1), "{}", second.text);
    s.finish().await;
}

#[tokio::test]
async fn a_statements_month_begins_and_ends_at_midnight_in_india() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let times = ["2026-11-30T18:29:59.9Z", "2026-11-30T18:30:00Z", "2026-12-31T18:29:59.9Z", "2026-12-31T18:30:00Z"];
    for (n, at) in times.into_iter().enumerate() {
        s.clock.set(at.parse().unwrap());
        let n = u128::try_from(n).unwrap() + 1;
        s.deliver_now(&paid(n, B, A, "100.00", &format!("{n}.00"))).await;
    }
    let me = s.as_user(user(A));
    for (month, balances) in [
        ("2026-11", &["0.00", "1.00", "1.00"][..]),
        ("2026-12", &["1.00", "3.00", "6.00", "6.00"]),
        ("2027-01", &["6.00", "10.00", "10.00"]),
        ("2027-02", &["10.00", "10.00"]),
        ("2026-10", &["0.00", "0.00"]),
    ] {
        let text = me.get(&format!("/wallet/statement?month={month}&format=csv")).await.text;
        let found: Vec<&str> = text.lines().skip(1).filter_map(|row| row.rsplit(',').next()).collect();
        assert_eq!(found, balances, "{month}: {text}");
    }
    s.finish().await;
}

#[tokio::test]
async fn a_statement_goes_by_posting_time_and_shows_the_value_date() {
    let s = start_wallet().await;
    deposit(&s, A, "7.00").await;
    let mut october = paid(1, B, A, "100.00", "5.00");
    october.completed_at = "2026-10-15T10:00:00Z".parse::<Timestamp>().unwrap().micros();
    s.deliver_now(&october).await;
    let me = s.as_user(user(A));
    let before = me.get("/wallet/statement?month=2026-10&format=csv").await;
    assert!(before.text.contains("Opening balance,,0.00\n") && before.text.ends_with("Closing balance,,0.00\n"));
    let text = me.get("/wallet/statement?month=2026-11&format=csv").await;
    assert!(text.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = text.text.lines().collect();
    assert!(rows[1].ends_with(",Opening balance,,0.00"), "{}", text.text);
    assert!(rows[2].ends_with(",DEPOSIT,opening balance,7.00,7.00"), "{}", text.text);
    let fields: Vec<&str> = rows[3].split(',').collect();
    assert!(fields[0] == "2026-11-10" && fields[1] > "2026-11-10T04:30:00" && fields[2] == "2026-10-15", "{fields:?}");
    assert!(rows[3].ends_with(",5.00,12.00"), "{}", text.text);
    assert!(rows[4].ends_with(",Closing balance,,12.00"), "{}", text.text);
    let pdf = me.get("/wallet/statement?month=2026-10").await;
    assert_eq!((pdf.status, pdf.header("content-type").as_str()), (200, "application/pdf"));
    assert!(pdf.text.starts_with("%PDF-1."));
    for bad in ["", "?month=2026-13", "?month=2026-11&format=doc"] {
        me.get(&format!("/wallet/statement{bad}")).await.problem(422);
    }
    s.finish().await;
}

#[tokio::test]
async fn a_statement_is_final_once_its_month_is_closed() {
    let s = start_wallet().await;
    deposit(&s, A, "7.00").await;
    let me = s.as_user(user(A));
    // Only a final statement has a code.
    let is_final = |pdf: &str| pdf.contains("/verify/W-");
    s.run_job("close").await;
    assert!(!is_final(&me.get("/wallet/statement?month=2026-11").await.text));
    s.clock.set("2026-11-30T18:31:01Z".parse().unwrap());
    let me_later = s.as_user(user(A));
    s.run_job("close").await;
    let last = me_later.get("/wallet/statement?month=2026-11").await.text;
    assert!(is_final(&last));
    let (_, code) = last.split_once("/verify/W-").unwrap();
    let stated = s.anonymous().get(&format!("/documents/verify/W-{}", &code[..23])).await.expect(200);
    let of = |field: &str| stated[field].as_str().unwrap_or_default();
    assert_eq!((of("kind"), of("number"), of("amount")), ("wallet_statement", "2026-11", "7.00"));
    // A late event is in the month of its posting, also when a clock is behind.
    s.clock.set("2026-11-30T18:29:00Z".parse().unwrap());
    let mut november = paid(1, B, A, "100.00", "5.00");
    november.completed_at = "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap().micros();
    s.deliver_now(&november).await;
    let again = s.as_user(user(A));
    assert_eq!(again.get("/wallet/statement?month=2026-11").await.text, last);
    let december = again.get("/wallet/statement?month=2026-12&format=csv").await.text;
    assert!(december.contains(",5.00,12.00"), "{december}");
    s.finish().await;
}

/// What `pdftotext` reads; `None` when it is not installed.
fn read_back(pdf: &testkit::Reply) -> Option<String> {
    let path = std::env::temp_dir().join(format!("ev-statement-{}.pdf", std::process::id()));
    std::fs::write(&path, &pdf.bytes).unwrap();
    let output = std::process::Command::new("pdftotext").arg("-raw").arg(&path).arg("-").output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn a_statement_shows_every_description_in_full() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let mut payment = paid(1, B, A, "500.00", "25.00");
    payment.booking_number = "EV-261127-C9E3Z8K6".into();
    s.deliver_now(&payment).await;
    let mut expected = vec!["Referral bonus for a payment of 500.00 on booking EV-261127-C9E3Z8K6".to_owned()];
    let path = format!("/wallets/{}/deposits", id(A));
    for n in 0..60 {
        let reason = match n % 4 {
            0 => format!("a prize {n}"),
            1 => format!("{n} {}", "of a prize (as agreed)\n".repeat(21).trim()),
            2 => format!("{n} {}", "W".repeat(400)),
            _ => format!("A PRIZE FOR THE MOST VEHICLES SOLD IN MUMBAI WEST {n}"),
        };
        s.as_admin().post(&path, json!({ "amount": "1.00", "reason": reason })).await.expect(201);
        expected.push(reason);
    }
    let pdf = s.as_user(user(A)).get("/wallet/statement?month=2026-11").await;
    if let Some(text) = read_back(&pdf) {
        // Lines break at spaces, and within a word that is longer than a line.
        let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
        let all = without_spaces(&text);
        for description in expected {
            assert!(all.contains(&without_spaces(&description)), "{description}: {text}");
        }
    }
    s.finish().await;
}

#[tokio::test]
async fn a_statement_is_in_the_language_of_its_member_unless_another_is_asked_for() {
    let s = start_wallet().await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    let (me, staff) = (s.as_user(user(A)), s.as_staff());
    let own = "/wallet/statement?month=2026-11";
    let named = |version: u64, name: &str, locale: &str| {
        let (user_id, name, locale) = (user(A).into(), name.to_owned(), locale.to_owned());
        UserUpdated { user: Some(User { user_id, version, name, locale, ..User::default() }) }
    };
    s.deliver_now(&named(3, "Asha", "hi")).await;
    s.deliver_now(&named(2, "Aisha", "en")).await;
    let hindi = me.get(own).await.text;
    assert_eq!(me.get(&format!("{own}&lang=hi")).await.text, hindi);
    assert_eq!(staff.get(&format!("{own}&user_id={}", user(A))).await.text, hindi, "of the member, also for staff");
    assert_ne!(me.get(&format!("{own}&lang=en")).await.text, hindi);
    let entries = staff.get("/ledger/entries").await.text;
    assert!(entries.contains("Asha") && !entries.contains("Aisha"), "the newest name: {entries}");
    s.finish().await;
}
