//! Tests of the search: by which words each kind is found, limits, order and erasure.

use crate::events::*;
use domain::{Timestamp, UserId};
use proto_events::Envelope;
use proto_events::auth::v1::{User, UserRegistered, UserUpdated};
use proto_events::booking::v1::{BookingChanged, ReceiptNumbered};
use proto_events::payout::v1::{PayoutCompleted, PayoutFailed, PayoutRequested};
use runtime::id;
use serde_json::Value;
use testkit::TestService;
use testkit::mariadb::with_database;

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What staff find, as `type matched precision title`.
pub(crate) async fn find(service: &TestService, q: &str) -> Vec<String> {
    let path = format!("/search?q={}", encode(q));
    let found = service.as_staff().get(&path).await.expect(200);
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let items = found.get("items").and_then(Value::as_array).unwrap().iter();
    items.map(|item| ["type", "matched", "precision", "title"].map(|field| text(item, field)).join(" ")).collect()
}

pub(crate) async fn index(service: &TestService) {
    service.run_job("search_index").await;
}

pub(crate) fn person(name: &str, email: &str, mobile: &str, code: &str, at: Timestamp) -> User {
    let (name, email, mobile, referral_code) = (name.into(), email.into(), mobile.into(), code.into());
    User { name, email, mobile, referral_code, ..user(id::fresh(), None, at) }
}

fn numbered(payment: Vec<u8>, user: UserId, number: &str, gateway: &str, reference: &str) -> ReceiptNumbered {
    ReceiptNumbered {
        payment_id: payment,
        booking_id: fresh(),
        user_id: user.into(),
        receipt_number: number.into(),
        amount_paise: 50_000,
        method: "online".into(),
        gateway_payment_id: gateway.into(),
        reference: reference.into(),
        ..ReceiptNumbered::default()
    }
}

/// A person with a booking, two payments and a payout, as events.
pub(crate) fn scenario(now: Timestamp) -> Vec<Envelope> {
    let asha = person("Asha D'Souza-Rao", "asha.rao@example.co.in", "+919876543210", "ABCD2345", now);
    let owner: UserId = asha.user_id.as_slice().try_into().unwrap();
    let booked = BookingChanged {
        number: "EV-261122-7K3QF9XA".into(),
        vehicle: "Volt S1 Pro".into(),
        ..booking(owner, 1, "confirmed", now)
    };
    let requested = payout(owner, now);
    let mut paid = next(&requested, 3, "completed", now).unwrap();
    paid.utr = "HDFC/N52026112".into();
    vec![
        TestService::envelope(now, &UserRegistered { user: Some(asha) }),
        TestService::envelope(now, &booked),
        TestService::envelope(now, &numbered(fresh(), owner, "2026-27/000041", "pay_29QQoUBi66xm2f", "")),
        TestService::envelope(now, &numbered(fresh(), owner, "2026-27/000042", "", "CASH-7781")),
        TestService::envelope(now, &PayoutRequested { payout: Some(requested) }),
        TestService::envelope(now, &PayoutCompleted { payout: Some(paid), tax: None }),
    ]
}

/// Queries of each kind with what they find in [`scenario`].
pub(crate) const QUERIES: [(&str, &[&str]); 24] = [
    ("asha", &["person name exact Asha D'Souza-Rao"]),
    ("ASH", &["person name prefix Asha D'Souza-Rao"]),
    ("souza rao", &["person name exact Asha D'Souza-Rao"]),
    ("ahsa", &["person name typo Asha D'Souza-Rao"]),
    ("sousa", &["person name typo Asha D'Souza-Rao"]),
    ("rao sha", &[]),
    ("asha ravi", &[]),
    ("Asha.Rao@Example.co.in", &["person email exact Asha D'Souza-Rao"]),
    ("asha.rao@ex", &["person email prefix Asha D'Souza-Rao"]),
    ("9876543210", &["person mobile exact Asha D'Souza-Rao"]),
    ("+91 98765 43210", &["person mobile exact Asha D'Souza-Rao"]),
    ("098765-43210", &["person mobile exact Asha D'Souza-Rao"]),
    ("98765", &["person mobile prefix Asha D'Souza-Rao"]),
    ("9876543211", &[]),
    ("abcd2345", &["person referral_code exact Asha D'Souza-Rao"]),
    ("EV-261122-7K3QF9XA", &["booking booking_number exact EV-261122-7K3QF9XA"]),
    ("ev2611227k3qf9xa", &["booking booking_number exact EV-261122-7K3QF9XA"]),
    ("7k3q", &["booking booking_number prefix EV-261122-7K3QF9XA"]),
    ("EV-261122-7K3QF9XB", &[]),
    ("2026-27/000042", &["payment receipt_number exact 2026-27/000042"]),
    ("000041", &["payment receipt_number exact 2026-27/000041"]),
    ("PAY_29qqouBI66xm2f", &["payment gateway_payment_id exact 2026-27/000041"]),
    ("cash 7781", &["payment reference exact 2026-27/000042"]),
    ("hdfc-n5202", &["payout utr prefix HDFC/N52026112"]),
];

pub(crate) async fn check_all(service: &TestService) {
    for (query, expected) in QUERIES {
        assert_eq!(find(service, query).await, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_found_by_its_words_after_events_in_any_order() {
    let (forwards, backwards) =
        (TestService::start(reports::service()).await, TestService::start(reports::service()).await);
    let events = scenario(forwards.now());
    for event in &events {
        forwards.deliver_envelope(event.clone()).await;
        index(&forwards).await;
    }
    for event in events.iter().rev().chain(&events) {
        // A new event id bypasses the inbox, as when a rebuilt consumer replays the log.
        backwards.deliver_envelope(Envelope { id: *id::fresh::<UserId>().as_bytes(), ..event.clone() }).await;
    }
    index(&backwards).await;
    check_all(&forwards).await;
    check_all(&backwards).await;
    let answer = async |service: &TestService| service.as_staff().get("/search?q=2026-27").await.expect(200);
    assert_eq!(answer(&forwards).await, answer(&backwards).await);
    assert_eq!(answer(&forwards).await["items"][0]["amount"], "500.00");
    assert_eq!(answer(&forwards).await["items"][0]["subtitle"], "Asha D'Souza-Rao · CASH-7781");
    forwards.finish().await;
    backwards.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_found_on_services() {
    with_database(async |url: String| {
        let service = TestService::start_with(reports::service(), &[("DATABASE_URL", &url)]).await;
        for event in scenario(service.now()) {
            service.deliver_envelope(event).await;
        }
        index(&service).await;
        check_all(&service).await;
        service.finish().await;
    })
    .await;
}

/// Two instances store people at the same time, in transactions that wait for each other, while both follow.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_skipped_while_instances_commit_at_the_same_time_on_services() {
    const PEOPLE: usize = 40;
    with_database(async |url: String| {
        let variables = [("DATABASE_URL", url.as_str())];
        let one = TestService::start_with(reports::service(), &variables).await;
        let other = TestService::start_with(reports::service(), &variables).await;
        let deliver = async |service: &TestService, from: usize| {
            for n in (from..PEOPLE).step_by(2) {
                let user = Some(person("Asha Rao", "", &format!("+9198765432{n:02}"), "", service.now()));
                service.deliver_now(&UserRegistered { user }).await;
                index(service).await;
            }
        };
        tokio::join!(deliver(&one, 0), deliver(&other, 1));
        for service in [&one, &other] {
            index(service).await;
            for n in 0..PEOPLE {
                let mobile = format!("98765432{n:02}");
                assert_eq!(find(service, &mobile).await, ["person mobile exact Asha Rao"], "{mobile}");
            }
        }
        let answer = async |service: &TestService| service.as_staff().get("/search?q=asha").await.expect(200);
        assert_eq!(answer(&one).await, answer(&other).await);
        one.finish().await;
        other.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_any_script_are_found_however_they_are_typed() {
    let service = TestService::start(reports::service()).await;
    for name in ["क्\u{200d}षमा शर्मा", "முருகன் செல்வம்", "E\u{301}lodie Rao"]
    {
        service.deliver_now(&UserRegistered { user: Some(person(name, "", "", "", service.now())) }).await;
    }
    index(&service).await;
    for (query, name, precision) in [
        ("क्षमा", "क्\u{200d}षमा शर्मा", "exact"),
        ("क्\u{200d}षमा", "क्\u{200d}षमा शर्मा", "exact"),
        ("शर", "क्\u{200d}षमा शर्मा", "prefix"),
        ("शरमा", "क्\u{200d}षमा शर्मा", "typo"),
        ("முரு", "முருகன் செல்வம்", "prefix"),
        ("செல்வம்", "முருகன் செல்வம்", "exact"),
        ("முரகன்", "முருகன் செல்வம்", "typo"),
        ("ÉLODIE", "E\u{301}lodie Rao", "exact"),
    ] {
        assert_eq!(find(&service, query).await, [format!("person name {precision} {name}")], "{query}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_of_each_type_are_answered_and_only_the_types_that_are_asked_for() {
    let service = TestService::start(reports::service()).await;
    let owner = id::fresh();
    for n in 1..=11 {
        let name = if n == 1 { "Kiran".to_owned() } else { format!("Kirana {n}") };
        service.deliver_now(&UserRegistered { user: Some(person(&name, "", "", "", service.now())) }).await;
        service.deliver_now(&numbered(fresh(), owner, &format!("2026-27/{n:06}"), &format!("kiran{n:03}"), "")).await;
        if n == 10 {
            index(&service).await;
            assert_eq!(find(&service, "kiran").await.len(), 20);
        }
    }
    index(&service).await;
    let found = find(&service, "kiran").await;
    assert_eq!(found.len(), 20);
    assert_eq!(found[..2], ["person name exact Kiran", "person name prefix Kirana 11"], "the closest, then the newest");
    assert_eq!(found[10], "payment gateway_payment_id prefix 2026-27/000011");
    let staff = service.as_staff();
    let count = async |types: &str| {
        staff.get(&format!("/search?q=kiran&types={types}")).await.expect(200)["items"].as_array().unwrap().len()
    };
    assert_eq!((count("person").await, count("payout,payment").await, count("booking").await), (10, 10, 0));
    assert_eq!(staff.get("/search?q=kiran&types=member").await.problem(422), "request.bad_query");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short_and_long_queries_and_other_roles_are_refused() {
    let service = TestService::start(reports::service()).await;
    index(&service).await;
    let staff = service.as_staff();
    for (query, code) in [
        ("a", "reports.query_too_short"),
        ("%%--", "reports.query_too_short"),
        (&"x".repeat(101), "reports.query_too_long"),
        ("a b c d e f g h i", "reports.query_too_long"),
    ] {
        assert_eq!(staff.get(&format!("/search?q={}", encode(query))).await.problem(422), code, "{query}");
    }
    for query in ["ab", &"x".repeat(100), "a b c d e f g h"] {
        assert_eq!(find(&service, query).await, Vec::<String>::new(), "{query}");
    }
    for path in ["/search", "/search?q="] {
        assert_eq!(staff.get(path).await.problem(422), "request.bad_query", "{path}");
    }
    assert_eq!(service.as_user(id::fresh()).get("/search?q=asha").await.status, 403);
    assert_eq!(service.anonymous().get("/search?q=asha").await.status, 401);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_or_erased_person_is_found_by_the_new_words_alone_also_by_an_index_that_lags() {
    let service = TestService::start(reports::service()).await;
    let asha = person("Asha Rao", "asha@example.in", "+919876543210", "ABCD2345", service.now());
    let erased =
        User { version: 3, name: "Erased member".into(), email: String::new(), mobile: String::new(), ..asha.clone() };
    let renamed = User { version: 2, name: "Asha Iyer".into(), ..asha.clone() };
    service.deliver_now(&UserRegistered { user: Some(asha) }).await;
    index(&service).await;
    assert_eq!(find(&service, "asha rao").await.len(), 1);
    service.deliver_now(&UserUpdated { user: Some(erased) }).await;
    for query in ["asha", "asha@example.in", "98765"] {
        assert_eq!(find(&service, query).await, Vec::<String>::new(), "before the index follows: {query}");
    }
    // An older version that arrives later brings nothing back.
    service.deliver_now(&UserUpdated { user: Some(renamed) }).await;
    index(&service).await;
    for query in ["asha", "iyer", "asha@example.in", "98765"] {
        assert_eq!(find(&service, query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(find(&service, "erased").await, ["person name exact Erased member"]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_found_by_the_number_of_its_latest_version() {
    let service = TestService::start(reports::service()).await;
    let requested = payout(id::fresh(), service.now());
    let mut paid = next(&requested, 3, "completed", service.now()).unwrap();
    paid.utr = "UTR00011".into();
    service.deliver_now(&PayoutCompleted { payout: Some(paid), tax: None }).await;
    index(&service).await;
    assert_eq!(find(&service, "utr00011").await.len(), 1);
    service.deliver_now(&PayoutFailed { payout: next(&requested, 4, "failed", service.now()) }).await;
    index(&service).await;
    assert_eq!(find(&service, "utr00011").await, Vec::<String>::new());
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_refuses_to_answer_until_its_index_is_built() {
    let service = TestService::start(reports::service()).await;
    for event in scenario(service.now()) {
        service.deliver_envelope(event).await;
    }
    let early = service.as_staff().get("/search?q=asha").await;
    assert_eq!(early.header("retry-after"), "2");
    assert_eq!(early.problem(503), "reports.search_building");
    index(&service).await;
    check_all(&service).await;
    service.finish().await;
}
