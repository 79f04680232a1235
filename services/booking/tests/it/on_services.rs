//! Tests on MariaDB, which locks single rows. `TEST_MYSQL_URL` names a server; its user may create databases.

use crate::fixture::{Fixture, SCOOTER, text};
use futures_util::future::join_all;
use proto_events::booking::v1::{EmiApplied, PaymentRefunded, PaymentReturned};
use runtime::Env;
use runtime::cache::RedisCache;
use serde_json::json;
use std::sync::Arc;
use testkit::mariadb::with_database;
use testkit::statements::reads_of;
use testkit::{Statements, TestService};

/// Runs `test` with the service on a new database.
pub(crate) async fn on_mariadb(test: impl AsyncFnOnce(&Fixture)) {
    on_mariadb_with(&[], test).await;
}

/// As [`on_mariadb`], with more settings.
pub(crate) async fn on_mariadb_with(settings: &[(&str, &str)], test: impl AsyncFnOnce(&Fixture)) {
    with_database(async |url| {
        let variables = [("DATABASE_URL", url.as_str()), ("SANDBOX_WEBHOOK_SECRET", crate::fixture::SECRET)];
        let fixture = Fixture::start_with(&[&variables[..], settings].concat()).await;
        test(&fixture).await;
        fixture.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn fifty_concurrent_webhooks_of_one_capture_pay_once_on_mariadb() {
    on_mariadb(async |fixture| {
        let booked = fixture.book("500.00").await;
        let id = text(&booked, "id");
        let payment = fixture.pay(id, "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id");
        let same = |_| fixture.webhook("payment.captured", order, "pay_1", "500.00");
        let answers = join_all((0..50).map(same)).await;
        assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
        assert_eq!(fixture.completed_payments().await.len(), 1);
        assert_eq!(fixture.booking(id).await["total_paid"], "500.00");
        assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn concurrent_payments_do_not_exceed_the_remaining_amount_on_mariadb() {
    on_mariadb(async |fixture| {
        let booked = fixture.book("500.00").await;
        let id = text(&booked, "id");
        let tries = join_all((0..10).map(|_| fixture.try_pay(id, "10000.00", "cash"))).await;
        assert_eq!(tries.iter().filter(|r| r.status == 201).count(), 4);
        assert_eq!(tries.iter().filter(|r| r.status == 422).count(), 6);
        let online = join_all((0..10).map(|_| fixture.try_pay(id, "5000.00", "online"))).await;
        assert!(online.iter().all(|r| r.status == 201));
        let open = fixture.client.get("/payments?status=pending").await.expect(200);
        let open = open["items"].as_array().expect("items").iter().filter(|p| p["method"] == "online").count();
        assert_eq!(open, 1);
    })
    .await;
}

#[tokio::test]
async fn concurrent_changes_of_two_bookings_of_a_member_lose_no_money_on_mariadb() {
    on_mariadb(async |fixture| {
        let mut payments = Vec::new();
        let mut bookings = Vec::new();
        for _ in 0..2 {
            let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 60 });
            let booked = fixture.book_with(body).await;
            fixture.pay_online(text(&booked, "id"), "500.00").await;
            payments.push(fixture.pay(text(&booked, "id"), "700.00", "online").await);
            bookings.push(booked);
        }
        let cancel = format!("/bookings/{}/cancel", text(&bookings[0], "id"));
        let (first, second, cancelled, again, _, _) = tokio::join!(
            fixture.capture(&payments[0], "pay_a", "700.00"),
            fixture.capture(&payments[1], "pay_b", "700.00"),
            fixture.client.post_empty(&cancel),
            fixture.client.post_empty(&cancel),
            fixture.deliver_reserve(100_000),
            fixture.deliver_reserve(50_000),
        );
        for answer in [first, second, cancelled, again] {
            answer.expect(200);
        }
        let completed = fixture.completed_payments().await;
        let refunded: Vec<PaymentRefunded> = fixture.service.published().await;
        let returned: Vec<PaymentReturned> = fixture.service.published().await;
        let members = |methods: &[(&str, i64)]| -> i64 {
            methods.iter().filter(|(method, _)| *method != "emi_deduction").map(|(_, paise)| paise).sum()
        };
        let paid = members(&completed.iter().map(|p| (p.method.as_str(), p.amount_paise)).collect::<Vec<_>>());
        let back = members(&refunded.iter().map(|p| (p.method.as_str(), p.amount_paise)).collect::<Vec<_>>());
        let sent: i64 = returned.iter().map(|p| p.amount_paise).sum();
        assert_eq!(paid - back, 50_000 + 70_000);
        assert_eq!(back + sent, 50_000 + 70_000);
        let mut versions: Vec<u64> = completed.iter().map(|p| p.standing.expect("a standing").version).collect();
        versions.extend(refunded.iter().map(|p| p.standing.expect("a standing").version));
        versions.sort_unstable();
        assert_eq!(versions, (1..).take(versions.len()).collect::<Vec<_>>());
        // The parts of the reserves that were applied to the cancelled booking were refunded to the reserves.
        let applied: Vec<EmiApplied> = fixture.service.published().await;
        assert_eq!(applied.iter().map(|a| a.amount_paise).sum::<i64>(), 150_000);
        for booked in &bookings {
            fixture.last_snapshot(text(booked, "id")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_jobs_run_on_mariadb() {
    on_mariadb(async |fixture| {
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
        let booked = fixture.book_with(body).await;
        fixture.pay_online(text(&booked, "id"), "500.00").await;
        let unpaid = fixture.book("500.00").await;
        fixture.service.clock.set("2027-01-11T00:00:00Z".parse().expect("a time"));
        for _ in 0..2 {
            for job in ["calendar", "expire", "refunds", "webhooks"] {
                fixture.service.run_job(job).await;
            }
        }
        assert_eq!(fixture.booking(text(&unpaid, "id")).await["status"], "expired");
        let rows = fixture.booking(text(&booked, "id")).await["emi"]["instalments"].clone();
        let statuses: Vec<_> = rows.as_array().expect("rows").iter().map(|r| text(r, "status")).collect();
        assert_eq!(statuses, ["overdue", "overdue", "pending"]);
        assert_eq!(
            fixture.fresh_client().get("/vehicles?limit=2").await.expect(200)["items"].as_array().map(Vec::len),
            Some(2)
        );
    })
    .await;
}

/// One of two processes of the service, which share this database and the keys of this Redis.
async fn replica(database: &str, namespace: &str) -> TestService {
    let url = Env::from_process().required("TEST_REDIS_URL").expect("a URL").to_owned();
    let cache = RedisCache::connect(&url, namespace, None).expect("a cache");
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let keys = format!("k1:{key}");
    let settings = [("DATABASE_URL", database), ("PII_KEYS", &keys), ("PII_INDEX_KEY", key)];
    TestService::start_adjusted(booking::service(), &settings, |platform| platform.cache = Arc::new(cache)).await
}

/// The price of the scooter in the catalogue, and whether it came from the cache.
async fn price_of_scooter(service: &TestService, statements: &Statements) -> (String, bool) {
    statements.drain();
    let vehicle = service.anonymous().get(&format!("/vehicles/{SCOOTER}")).await.expect(200);
    (text(&vehicle, "price").to_owned(), reads_of(&statements.drain(), "vehicles").is_empty())
}

#[tokio::test]
async fn a_change_of_the_catalogue_by_one_process_is_seen_by_another_at_once() {
    with_database(async |database: String| {
        let namespace = format!("test-{}", runtime::id::fresh::<uuid::Uuid>());
        let (here, there) = (replica(&database, &namespace).await, replica(&database, &namespace).await);
        // Both have the same database, so the statements are those of either.
        let statements = Statements::record(&there);
        let warm = async || while !price_of_scooter(&there, &statements).await.1 {};
        for price in ["46000.00", "47000.00", "48000.00"] {
            warm().await;
            here.as_admin().patch(&format!("/vehicles/{SCOOTER}"), json!({ "price": price })).await.expect(200);
            assert_eq!(price_of_scooter(&there, &statements).await.0, price);
        }
        warm().await;
        assert_eq!(price_of_scooter(&here, &statements).await, ("48000.00".to_owned(), true), "from the other process");
        here.finish().await;
        there.finish().await;
    })
    .await;
}
