//! Tests of the dashboards and their access rules.

use crate::events::*;
use domain::UserId;
use proto_events::auth::v1::UserUpdated;
use proto_events::booking::v1::{BookingChanged, Instalment};
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested, PayoutReversed};
use runtime::id;
use serde_json::json;
use testkit::TestService;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_platform_is_all_zeros() {
    let service = TestService::start(reports::service()).await;
    let expected = json!({
        "users": 0, "active_buyers": 0,
        "bookings": { "pre_booked": 0, "confirmed": 0, "completed": 0, "cancelled": 0, "expired": 0, "returned": 0 },
        "revenue": "0.00", "commission_paid": "0.00",
        "payouts": { "pending": { "count": 0, "amount": "0.00" }, "paid": { "count": 0, "amount": "0.00" } },
        "tds": "0.00", "wallet_liability": "0.00", "clawback_due": "0.00",
        "today": { "registrations": 0, "bookings": 0, "revenue": "0.00", "commission": "0.00" },
        "as_of": null, "sources": {},
    });
    assert_eq!(service.as_staff().get("/reports/dashboard").await.expect(200), expected);
    let mine = service.as_user(id::fresh()).get("/reports/me").await.expect(200);
    assert_eq!(
        (&mine["bookings"], &mine["earned"], &mine["is_active_buyer"]),
        (&json!(0), &json!("0.00"), &json!(false))
    );
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_the_platform_and_members_only_their_own_figures() {
    let service = TestService::start(reports::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    service.deliver_now(&payment(other, 50_000, "online", service.now())).await;
    let me = service.as_user(mine);
    for path in ["dashboard", "sales", "users", "wallet", "payouts", "binary"] {
        let path = format!("/reports/{path}");
        assert_eq!(me.get(&path).await.problem(403), "auth.forbidden", "{path}");
        assert_eq!(service.anonymous().get(&path).await.problem(401), "auth.token_invalid", "{path}");
        for staff in [service.as_staff(), service.as_admin()] {
            staff.get(&path).await.expect(200);
        }
    }
    let path = format!("/reports/members/{other}");
    assert_eq!(me.get(&path).await.problem(403), "auth.forbidden");
    assert_eq!(service.as_user(other).get(&path).await.problem(403), "auth.forbidden");
    assert_eq!(service.anonymous().get(&path).await.problem(401), "auth.token_invalid");
    // There is no parameter for another member's figures.
    let mine_only = me.get(&format!("/reports/me?user_id={other}")).await.expect(200);
    assert_eq!(mine_only["total_paid"], "0.00");
    assert_eq!(service.as_user(other).get("/reports/me").await.expect(200)["total_paid"], "500.00");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revenue_is_new_money_less_refunds_of_it() {
    let service = TestService::start(reports::service()).await;
    let (now, yesterday) = (service.now(), service.now().plus_hours(-24));
    let buyer: UserId = id::fresh();
    let old = payment(buyer, 100_000, "cash", yesterday);
    service.deliver_now(&old).await;
    for (paise, method) in [(50_000, "online"), (20_000, "bank_transfer"), (7_000, "wallet"), (900, "emi_deduction")] {
        service.deliver_now(&payment(buyer, paise, method, now)).await;
    }
    let spent = payment(buyer, 3_000, "wallet", now);
    service.deliver_now(&spent).await;
    service.deliver_now(&refund(&spent, now)).await;
    service.deliver_now(&returned(buyer, 11_100, now)).await;
    service.deliver_now(&refund(&old, now)).await;
    let dashboard = service.as_staff().get("/reports/dashboard").await.expect(200);
    assert_eq!(dashboard["revenue"], "700.00");
    assert_eq!(dashboard["today"]["revenue"], "-300.00");
    // Active Buyer counts payments from the wallet too, but no EMI deductions.
    assert_eq!(service.as_user(buyer).get("/reports/me").await.expect(200)["total_paid"], "770.00");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commission_is_net_of_reversals_and_clawbacks() {
    let service = TestService::start(reports::service()).await;
    let (now, earner): (_, UserId) = (service.now(), id::fresh());
    let earned = [("REFERRAL_BONUS", 2_500), ("BINARY_PAIR", 50_000), ("EMI_DEDUCTION", -10_000)];
    service.deliver_now(&wallet(earner, 1, 42_500, &earned, now.plus_hours(-24))).await;
    let lines = [("REVERSAL", -2_500), ("DEPOSIT", 99_900), ("BINARY_PAIR", 50_000), ("CLAWBACK", -500)];
    let mut later = wallet(earner, 2, 189_400, &lines, now);
    later.held_paise = 100;
    later.emi_reserve_paise = 10_000;
    later.reserve_paise = 1;
    later.clawback_due_paise = 77;
    service.deliver_now(&later).await;
    let dashboard = service.as_staff().get("/reports/dashboard").await.expect(200);
    assert_eq!(
        (&dashboard["commission_paid"], &dashboard["today"]["commission"]),
        (&json!("995.00"), &json!("470.00"))
    );
    assert_eq!((&dashboard["wallet_liability"], &dashboard["clawback_due"]), (&json!("1995.01"), &json!("0.77")));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_pending_then_paid_then_neither_when_the_bank_returns_it() {
    let service = TestService::start(reports::service()).await;
    let (now, user) = (service.now(), id::fresh());
    let requested = payout(user, now);
    let staff = service.as_staff();
    let sum = |count: i64, amount: &str| json!({ "count": count, "amount": amount });
    service.deliver_now(&PayoutRequested { payout: Some(requested.clone()) }).await;
    let dashboard = staff.get("/reports/dashboard").await.expect(200);
    assert_eq!(dashboard["payouts"], json!({ "pending": sum(1, "10000.00"), "paid": sum(0, "0.00") }));
    assert_eq!(dashboard["tds"], "0.00");
    assert_eq!(service.as_user(user).get("/reports/me").await.expect(200)["payouts_pending"], 1);
    service.deliver_now(&PayoutCompleted { payout: next(&requested, 5, "completed", now), tax: None }).await;
    let dashboard = staff.get("/reports/dashboard").await.expect(200);
    assert_eq!(dashboard["payouts"], json!({ "pending": sum(0, "0.00"), "paid": sum(1, "10000.00") }));
    assert_eq!(dashboard["tds"], "500.00");
    service.deliver_now(&PayoutReversed { payout: next(&requested, 6, "reversed", now), tax: None }).await;
    let dashboard = staff.get("/reports/dashboard").await.expect(200);
    assert_eq!(dashboard["payouts"], json!({ "pending": sum(0, "0.00"), "paid": sum(0, "0.00") }));
    assert_eq!(dashboard["tds"], "0.00");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_members_and_today_begins_at_midnight_in_india() {
    let service = TestService::start(reports::service()).await;
    let midnight = service.now().day().starts_at();
    let (first, second): (UserId, UserId) = (id::fresh(), id::fresh());
    service.deliver_now(&registered(first, None, midnight.plus_secs(-1))).await;
    service.deliver_now(&registered(second, Some(first), midnight)).await;
    let mut staff = user(id::fresh(), None, midnight);
    staff.role = "staff".into();
    service.deliver_now(&UserUpdated { user: Some(staff) }).await;
    service.deliver_now(&booking(second, 1, "pre_booked", midnight.plus_secs(-1))).await;
    service.deliver_now(&booking(second, 1, "expired", midnight)).await;
    let dashboard = service.as_staff().get("/reports/dashboard").await.expect(200);
    assert_eq!((&dashboard["users"], &dashboard["active_buyers"]), (&json!(2), &json!(0)));
    assert_eq!((&dashboard["today"]["registrations"], &dashboard["today"]["bookings"]), (&json!(1), &json!(1)));
    let mut bought = user(second, Some(first), midnight);
    (bought.version, bought.is_active_buyer) = (2, true);
    service.deliver_now(&UserUpdated { user: Some(bought) }).await;
    let mine = service.as_user(first).get("/reports/me").await.expect(200);
    assert_eq!((&mine["referrals"], &mine["active_referrals"]), (&json!(1), &json!(1)));
    let theirs = service.as_user(second).get("/reports/me").await.expect(200);
    assert_eq!((&theirs["bookings"], &theirs["live_bookings"]), (&json!(2), &json!(1)));
    assert_eq!((&theirs["is_active_buyer"], &theirs["referrals"]), (&json!(true), &json!(0)));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_the_figures_of_any_known_member() {
    let service = TestService::start(reports::service()).await;
    let (now, buyer): (_, UserId) = (service.now(), id::fresh());
    service.deliver_now(&payment(buyer, 50_000, "online", now)).await;
    let path = format!("/reports/members/{buyer}");
    for staff in [service.as_staff(), service.as_admin()] {
        assert_eq!(staff.get(&path).await.problem(404), "request.not_found", "before the registration is known");
        assert_eq!(staff.get("/reports/members/nonsense").await.problem(404), "request.not_found");
    }
    let mut active = user(buyer, None, now);
    active.is_active_buyer = true;
    service.deliver_now(&UserUpdated { user: Some(active) }).await;
    let figures = service.as_staff().get(&path).await.expect(200);
    assert_eq!((&figures["total_paid"], &figures["is_active_buyer"]), (&json!("500.00"), &json!(true)));
    assert_eq!(figures, service.as_user(buyer).get("/reports/me").await.expect(200));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_instalment_is_the_earliest_unpaid_one_of_all_confirmed_bookings() {
    let service = TestService::start(reports::service()).await;
    let (now, buyer): (_, UserId) = (service.now(), id::fresh());
    let me = service.as_user(buyer);
    let next = async || me.get("/reports/me").await.expect(200)["next_instalment"].clone();
    let instalment = |n: u32, due_on: &str, paid_paise: i64| Instalment {
        n,
        due_on: due_on.into(),
        amount_paise: 250_000,
        paid_paise,
        ..Instalment::default()
    };
    // Without due days until it is confirmed.
    let mut first = BookingChanged { number: "EV-1".into(), ..booking(buyer, 1, "pre_booked", now) };
    first.instalments = vec![instalment(1, "", 0), instalment(2, "", 0)];
    service.deliver_now(&first).await;
    assert_eq!(next().await, json!(null));
    (first.version, first.status) = (2, "confirmed".into());
    first.instalments = vec![instalment(1, "2026-10-05", 250_000), instalment(2, "2026-11-05", 100)];
    service.deliver_now(&first).await;
    let id = |of: &BookingChanged| UserId::try_from(of.booking_id.as_slice()).unwrap().to_string();
    let view = |of: &BookingChanged, n: i64, due_on: &str, paid: &str| {
        json!({
            "booking_id": id(of), "number": of.number, "n": n,
            "due_on": due_on, "amount": "2500.00", "paid": paid,
        })
    };
    assert_eq!(next().await, view(&first, 2, "2026-11-05", "1.00"));
    let mut second = BookingChanged { number: "EV-2".into(), ..booking(buyer, 5, "confirmed", now) };
    second.instalments = vec![instalment(1, "2026-11-04", 0)];
    service.deliver_now(&second).await;
    service.deliver_now(&BookingChanged { number: "EV-3".into(), ..booking(id::fresh(), 1, "confirmed", now) }).await;
    assert_eq!(next().await, view(&second, 1, "2026-11-04", "0.00"));
    // An older version changes nothing; a cancelled booking has no next instalment.
    service.deliver_now(&BookingChanged { version: 4, instalments: Vec::new(), ..second.clone() }).await;
    assert_eq!(next().await, view(&second, 1, "2026-11-04", "0.00"));
    service.deliver_now(&BookingChanged { version: 6, status: "cancelled".into(), ..second }).await;
    assert_eq!(next().await, view(&first, 2, "2026-11-05", "1.00"));
    let instalments = vec![instalment(1, "2026-10-05", 250_000), instalment(2, "2026-11-05", 250_000)];
    service.deliver_now(&BookingChanged { version: 3, instalments, ..first }).await;
    assert_eq!(next().await, json!(null));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_as_of_the_newest_event_in_any_order() {
    let service = TestService::start(reports::service()).await;
    let (now, member): (_, UserId) = (service.now(), id::fresh());
    let me = service.as_user(member);
    let as_of = async || me.get("/reports/me").await.expect(200)["as_of"].clone();
    assert_eq!(as_of().await, json!(null));
    for (secs, newest) in [(-5, -5), (10, 10), (10, 10), (9, 10), (11, 11)] {
        // Another member's event counts too.
        service.deliver(now.plus_secs(secs), &registered(id::fresh(), None, now)).await;
        assert_eq!(as_of().await, json!(now.plus_secs(newest)), "{secs}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_threshold_of_an_active_buyer_is_that_of_the_plan_in_force() {
    let service = TestService::start(reports::service()).await;
    let me = id::fresh();
    let threshold = async || service.as_user(me).get("/reports/me").await.expect(200)["active_buyer_from"].clone();
    assert_eq!(threshold().await, "5000.00");
    let now = service.now();
    service.deliver_now(&plan(2, 6_000, now.plus_secs(60))).await;
    assert_eq!(threshold().await, "5000.00");
    service.clock.advance_secs(60);
    assert_eq!(threshold().await, "6000.00");
    let staff = service.as_staff().get(&format!("/reports/members/{me}")).await;
    assert_eq!(staff.problem(404), "request.not_found");
    // A withdrawal counts whether it comes after its version or before, and may come twice.
    service.deliver_now(&plan(3, 7_000, now.plus_secs(120))).await;
    for version in [3, 4, 3] {
        service.deliver_now(&withdrawn(version)).await;
    }
    service.deliver_now(&plan(4, 8_000, now.plus_secs(120))).await;
    service.clock.advance_secs(120);
    assert_eq!(threshold().await, "6000.00");
    // The next version begins before the withdrawn ones would have.
    service.deliver_now(&plan(5, 9_000, now.plus_secs(90))).await;
    assert_eq!(threshold().await, "9000.00");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_invalid_is_parked() {
    let service = TestService::start(reports::service()).await;
    let mut broken = plan(2, 6_000, service.now());
    broken.plan_json = "{}".into();
    service.deliver_now(&broken).await;
    assert_eq!(service.parked().await.len(), 1);
    service.as_user(id::fresh()).get("/reports/me").await.expect(200);
}
