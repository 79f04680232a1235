//! The same service on MariaDB, where rows are locked one by one: `TEST_MYSQL_URL` names a server whose user may
//! create databases.

use crate::world::{SCOOTER, World, text};
use futures_util::future::join_all;
use proto_events::booking::v1::{EmiApplied, PaymentRefunded, PaymentReturned};
use serde_json::json;
use testkit::mariadb::with_database;

/// Runs `test` with the service on a database of its own.
pub(crate) async fn on_mariadb(test: impl AsyncFnOnce(&World)) {
    with_database(async |url| {
        let variables = [("DATABASE_URL", url.as_str()), ("SANDBOX_WEBHOOK_SECRET", crate::world::SECRET)];
        let world = World::start_with(&variables).await;
        test(&world).await;
        world.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_capture_fifty_times_at_once_pays_once_on_mariadb() {
    on_mariadb(async |world| {
        let booked = world.book("500.00").await;
        let id = text(&booked, "id");
        let payment = world.pay(id, "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id");
        let same = |_| world.webhook("payment.captured", order, "pay_1", "500.00");
        let answers = join_all((0..50).map(same)).await;
        assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
        assert_eq!(world.completed().await.len(), 1);
        assert_eq!(world.booking(id).await["total_paid"], "500.00");
        assert!(world.service.published::<PaymentReturned>().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn payments_racing_for_the_rest_do_not_exceed_it_on_mariadb() {
    on_mariadb(async |world| {
        let booked = world.book("500.00").await;
        let id = text(&booked, "id");
        let tries = join_all((0..10).map(|_| world.try_pay(id, "10000.00", "cash"))).await;
        assert_eq!(tries.iter().filter(|r| r.status == 201).count(), 4);
        assert_eq!(tries.iter().filter(|r| r.status == 422).count(), 6);
        let online = join_all((0..10).map(|_| world.try_pay(id, "5000.00", "online"))).await;
        assert!(online.iter().all(|r| r.status == 201));
        let open = world.client.get("/payments?status=pending").await.expect(200);
        let open = open["items"].as_array().expect("items").iter().filter(|p| p["method"] == "online").count();
        assert_eq!(open, 1);
    })
    .await;
}

#[tokio::test]
async fn everything_at_once_on_two_bookings_of_a_member_loses_no_money_on_mariadb() {
    on_mariadb(async |world| {
        let mut payments = Vec::new();
        let mut bookings = Vec::new();
        for _ in 0..2 {
            let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 60 });
            let booked = world.book_with(body).await;
            world.pay_online(text(&booked, "id"), "500.00").await;
            payments.push(world.pay(text(&booked, "id"), "700.00", "online").await);
            bookings.push(booked);
        }
        let cancel = format!("/bookings/{}/cancel", text(&bookings[0], "id"));
        let (first, second, cancelled, again, _, _) = tokio::join!(
            world.capture(&payments[0], "pay_a", "700.00"),
            world.capture(&payments[1], "pay_b", "700.00"),
            world.client.act(&cancel),
            world.client.act(&cancel),
            world.reserve(100_000),
            world.reserve(50_000),
        );
        for answer in [first, second, cancelled, again] {
            answer.expect(200);
        }
        let completed = world.completed().await;
        let refunded: Vec<PaymentRefunded> = world.service.published().await;
        let returned: Vec<PaymentReturned> = world.service.published().await;
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
        // Whatever of the reserves was applied to the cancelled booking was refunded to the reserve.
        let applied: Vec<EmiApplied> = world.service.published().await;
        assert_eq!(applied.iter().map(|a| a.amount_paise).sum::<i64>(), 150_000);
        for booked in &bookings {
            world.told(text(booked, "id")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_jobs_do_their_work_on_mariadb() {
    on_mariadb(async |world| {
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
        let booked = world.book_with(body).await;
        world.pay_online(text(&booked, "id"), "500.00").await;
        let unpaid = world.book("500.00").await;
        world.service.clock.set("2027-01-11T00:00:00Z".parse().expect("a time"));
        for _ in 0..2 {
            for job in ["calendar", "expire", "refunds", "webhooks"] {
                world.service.run_job(job).await;
            }
        }
        assert_eq!(world.booking(text(&unpaid, "id")).await["status"], "expired");
        let rows = world.booking(text(&booked, "id")).await["emi"]["instalments"].clone();
        let statuses: Vec<_> = rows.as_array().expect("rows").iter().map(|r| text(r, "status")).collect();
        assert_eq!(statuses, ["overdue", "overdue", "pending"]);
        assert_eq!(world.again().get("/vehicles?limit=2").await.expect(200)["items"].as_array().map(Vec::len), Some(2));
    })
    .await;
}
