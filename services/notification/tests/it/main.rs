//! Tests of the notification service over HTTP and events.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a failing test panics; that is how it fails")]

mod deliveries;
mod on_services;
mod preferences;
mod stream;
mod stream_load;
mod subscription;
mod web_push;

use diesel_async::SimpleAsyncConnection;
use domain::{Timestamp, UserId};
use proto_events::auth::v1::{DistributorDecided, ErasureRequested, User, UserRegistered, UserUpdated};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};
use proto_events::booking::v1::{EmiOverdue, EmiReminded, PaymentReturned};
use proto_events::compliance::v1::GrievanceMoved;
use proto_events::payout::v1::{Payout, PayoutFailed};
use proto_events::wallet::v1::{WalletChanged, WalletTransaction};
use runtime::id;
use serde_json::json;
use testkit::{Statements, TestService};

fn registered(user: UserId, at: Timestamp) -> UserRegistered {
    let user = User {
        user_id: user.into(),
        version: 1,
        referral_code: "ABCD2345".into(),
        email: "asha@example.com".into(),
        mobile: "+919876543210".into(),
        locale: "en".into(),
        created_at: at.micros(),
        ..User::default()
    };
    UserRegistered { user: Some(user) }
}

fn bonus_paid(user: UserId, at: Timestamp, version: u64) -> WalletChanged {
    let line = WalletTransaction {
        transaction_id: id::fresh::<UserId>().into(),
        r#type: "REFERRAL_BONUS".into(),
        amount_paise: 2_500,
        created_at: at.micros(),
        ..WalletTransaction::default()
    };
    WalletChanged { user_id: user.into(), version, transactions: vec![line], ..WalletChanged::default() }
}

/// A payout of ₹1,000.00 to the member, without a reason.
fn payout(user: UserId, at: Timestamp) -> Payout {
    Payout {
        payout_id: id::fresh::<UserId>().into(),
        user_id: user.into(),
        requested_paise: 100_000,
        changed_at: at.micros(),
        ..Payout::default()
    }
}

/// The placement of a new member below this one.
fn placed_under(parent: UserId, at: Timestamp) -> PlacementMade {
    PlacementMade {
        user_id: id::fresh::<UserId>().into(),
        parent_user_id: Some(parent.into()),
        sponsor_id: Some(parent.into()),
        depth: 3,
        placed_at: at.micros(),
        ..PlacementMade::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_creates_one_notification_however_often_its_event_arrives() {
    let service = TestService::start(notification::service()).await;
    let (user, now) = (id::fresh(), service.now());
    let welcome = service.deliver(now, &registered(user, now)).await;
    service.deliver_envelope(welcome).await;
    service.deliver(now, &registered(user, now)).await;
    let bonus = bonus_paid(user, now, 1);
    service.deliver(now, &bonus).await;
    service.deliver(now, &bonus).await;
    let list = service.as_user(user).get("/notifications").await.expect(200);
    let titles: Vec<_> = list["items"].as_array().unwrap().iter().map(|n| n["title"].clone()).collect();
    assert_eq!(titles, ["Referral bonus", "Welcome"]);
    assert_eq!(list["items"][0]["body"], "₹25.00 for a payment of a member you referred.");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payout_has_a_notification_with_its_reason() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    for reason in ["", "account closed"] {
        let payout = Payout { reason: reason.into(), ..payout(user, service.now()) };
        service.deliver_now(&PayoutFailed { payout: Some(payout) }).await;
    }
    let list = service.as_user(user).get("/notifications").await.expect(200);
    let bodies: Vec<_> = list["items"].as_array().unwrap().iter().map(|n| n["body"].as_str().unwrap()).collect();
    let failed = "Your payout of ₹1,000.00 failed and is back in your wallet.";
    assert_eq!(bodies, [format!("{failed} Reason: account closed"), failed.to_owned()]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_a_distributor_application_has_one_notification() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    for (approved, reason) in [(false, "incomplete."), (true, "")] {
        let decided = DistributorDecided {
            application_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            approved,
            reason: reason.into(),
            decided_by: None,
            decided_at: service.now().micros(),
        };
        service.deliver_now(&decided).await;
        service.deliver_now(&decided).await;
    }
    let list = service.as_user(user).get("/notifications").await.expect(200);
    let bodies: Vec<_> = list["items"].as_array().unwrap().iter().map(|n| n["body"].as_str().unwrap()).collect();
    let rejected = "Your application to become a distributor was rejected. You can apply again. Reason: incomplete";
    assert_eq!(bodies, ["Your application to become a distributor is approved.", rejected]);
    assert_eq!(
        (&list["items"][0]["kind"], &list["items"][0]["reference"]["type"]),
        (&json!("distributor"), &json!("distributor"))
    );
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_deletes_what_the_service_has_of_the_member_in_any_order() {
    let service = TestService::start(notification::service()).await;
    let (user, other): (UserId, UserId) = (id::fresh(), id::fresh());
    for user in [user, other] {
        service.deliver_now(&registered(user, service.now())).await;
    }
    let UserRegistered { user: erased } = registered(user, service.now());
    let erased = User { version: 3, email: String::new(), mobile: String::new(), ..erased.expect("a user") };
    let requested = ErasureRequested { user_id: user.into(), requested_at: service.now().micros(), decided_by: None };
    for _ in 0..2 {
        service.deliver_now(&requested).await;
        service.deliver_now(&UserUpdated { user: Some(erased.clone()) }).await;
    }
    assert_eq!(service.as_user(user).get("/notifications").await.expect(200)["items"], json!([]));
    let list = service.as_staff().get("/notifications/deliveries").await.expect(200);
    let members: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["user_id"].clone()).collect();
    assert!(!members.is_empty() && members.iter().all(|id| *id == json!(other)), "{members:?}");
    // A late notice has no address any more.
    service.deliver_now(&PayoutFailed { payout: Some(payout(user, service.now())) }).await;
    for job in ["email", "sms"] {
        service.run_job(job).await;
    }
    let sent = service.messages.list(None);
    assert_eq!(sent.len(), 1, "only the welcome of the other member: {sent:?}");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn earners_are_notified_of_pairs_matched_without_a_placement_and_of_voided_pairs() {
    let service = TestService::start(notification::service()).await;
    let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
    let pair = |earner: UserId, number, status: &str| Pair {
        earner_id: earner.into(),
        number,
        status: status.into(),
        ..Pair::default()
    };
    let at = service.now().micros();
    let matched = PairsMatched {
        cause: "period_opened".into(),
        cause_id: b"2026-12".to_vec(),
        sequence: 7,
        pairs: vec![
            pair(asha, 11, "matched"),
            pair(ravi, 4, "matched"),
            pair(asha, 12, "matched"),
            pair(asha, 13, "flushed"),
        ],
        matched_at: at,
    };
    let voided = PairsVoided {
        refund_id: id::fresh::<UserId>().into(),
        sequence: 8,
        pairs: vec![pair(asha, 11, "matched")],
        voided_at: at,
        ..PairsVoided::default()
    };
    for _ in 0..2 {
        service.deliver_now(&matched).await;
        service.deliver_now(&voided).await;
    }
    let bodies_of = async |user| {
        let list = service.as_user(user).get("/notifications").await.expect(200);
        let bodies = list["items"].as_array().unwrap().iter().map(|n| n["body"].as_str().unwrap().to_owned());
        bodies.collect::<Vec<_>>()
    };
    let voided_text = "Your pair 11 was taken back, because the payment of a member in it was refunded.";
    assert_eq!(bodies_of(asha).await, [voided_text, "Your pairs 11, 12 were matched as a new period opened."]);
    assert_eq!(bodies_of(ravi).await, ["Your pair 4 was matched as a new period opened."]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_is_notified_of_money_returned_to_the_wallet_with_the_reason() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    for cause in ["source_refund_failed", "booking_cancelled"] {
        let returned = PaymentReturned {
            return_id: id::fresh::<UserId>().into(),
            payment_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            amount_paise: 50_000,
            cause: cause.into(),
            booking_number: "EV-1".into(),
            returned_at: service.now().micros(),
            ..PaymentReturned::default()
        };
        service.deliver_now(&returned).await;
        service.deliver_now(&returned).await;
    }
    let list = service.as_user(user).get("/notifications").await.expect(200);
    let bodies: Vec<_> = list["items"].as_array().unwrap().iter().map(|n| n["body"].as_str().unwrap()).collect();
    let not_accepted = "₹500.00 came for your booking EV-1, which could not take it: it goes to your wallet.";
    let failed = "₹500.00 of your booking EV-1 could not be sent back to its source: it goes to your wallet.";
    assert_eq!(bodies, [not_accepted, failed]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reminder_of_an_instalment_makes_one_notice_in_any_order() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let reminded = |n: u32, kind: &str| EmiReminded {
        booking_id: user.into(),
        user_id: user.into(),
        booking_number: "EV-1".into(),
        n,
        due_on: "2026-12-10".into(),
        unpaid_paise: 250_050,
        kind: kind.into(),
        reminded_at: service.now().micros(),
    };
    for (n, kind) in [(1, "due_today"), (1, "ahead"), (1, "ahead"), (2, "ahead"), (1, "due_today")] {
        service.deliver_now(&reminded(n, kind)).await;
    }
    let list = service.as_user(user).get("/notifications").await.expect(200)["items"].clone();
    let found: Vec<_> =
        list.as_array().expect("items").iter().map(|i| (i["template"].clone(), i["body"].clone())).collect();
    let text = |n: u32, due: &str| json!(format!("Instalment {n} of your booking EV-1, ₹2,500.50, is due {due}."));
    let expected = [
        (json!("instalment_coming"), text(2, "on 10-12-2026")),
        (json!("instalment_coming"), text(1, "on 10-12-2026")),
        (json!("instalment_due_today"), text(1, "today, 10-12-2026")),
    ];
    assert_eq!(found, expected);
    let params = json!({ "n": "1", "booking_number": "EV-1", "amount": "2500.50", "due_on": "2026-12-10" });
    assert_eq!((&list[2]["params"], &list[2]["kind"]), (&params, &json!("emi")));
    let mut item = list[2].clone();
    assert_eq!(item["reference"].take()["type"], "booking");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_notified_of_the_steps_of_a_grievance_but_of_no_assignment() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let moved = |step_number: i64, step: &str| GrievanceMoved {
        grievance_id: vec![7; 16],
        user_id: user.into(),
        number: "GRV/2026-27/000001".into(),
        step_number,
        step: step.into(),
        text: "It has come.".into(),
        moved_at: service.now().micros(),
    };
    for (number, step) in (1..).zip(["closed", "filed", "assigned", "replied", "closed"]) {
        for _ in 0..2 {
            service.deliver_now(&moved(number, step)).await;
        }
    }
    let list = service.as_user(user).get("/notifications").await.expect(200);
    let templates: Vec<_> = list["items"].as_array().unwrap().iter().map(|n| n["template"].as_str().unwrap()).collect();
    assert_eq!(templates.len(), 4, "{templates:?}");
    let closed = list["items"].as_array().unwrap().iter().find(|n| n["template"] == "grievance_closed").unwrap();
    assert_eq!((&closed["kind"], &closed["reference"]["type"]), (&json!("grievance"), &json!("grievance")));
    assert!(closed["body"].as_str().unwrap().ends_with("Reason: It has come"), "{closed}");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_has_its_template_and_parameters_and_an_old_one_has_null() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    service.deliver_now(&registered(user, service.now())).await;
    let old = "UPDATE notifications SET template = NULL, params = NULL";
    service.ctx().db().write().await.expect("a connection").batch_execute(old).await.expect("an update");
    let overdue = EmiOverdue {
        booking_id: id::fresh::<UserId>().into(),
        user_id: user.into(),
        booking_number: "EV-1".into(),
        n: 2,
        due_on: "2026-11-05".into(),
        unpaid_paise: 250_050,
        noticed_at: service.now().micros(),
    };
    service.deliver_now(&overdue).await;
    let failed = Payout { reason: "bank \"closed\"".into(), ..payout(user, service.now()) };
    service.deliver_now(&PayoutFailed { payout: Some(failed) }).await;
    let list = service.as_user(user).get("/notifications").await.expect(200)["items"].clone();
    let texts: Vec<_> = (0..3).map(|n| json!([list[n]["template"], list[n]["params"]])).collect();
    let instalment = json!({ "n": "2", "booking_number": "EV-1", "amount": "2500.50", "due_on": "2026-11-05" });
    let expected = [
        json!(["payout_failed", { "amount": "1000.00", "reason": "bank \"closed\"" }]),
        json!(["instalment_overdue", instalment]),
        json!([null, null]),
    ];
    assert_eq!(texts, expected);
    assert_eq!((&list[1]["title"], &list[2]["title"]), (&json!("Instalment overdue"), &json!("Welcome")));
    let unknown = "UPDATE notifications SET template = 'of_a_newer_version'";
    service.ctx().db().write().await.expect("a connection").batch_execute(unknown).await.expect("an update");
    let list = service.as_user(user).get("/notifications").await.expect(200)["items"].clone();
    assert_eq!((&list[0]["template"], &list[0]["params"]), (&json!(null), &json!(null)));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_reads_and_marks_only_their_own() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    for user in [mine, other] {
        service.deliver_now(&registered(user, service.now())).await;
    }
    let (me, them) = (service.as_user(mine), service.as_user(other));
    let id = me.get("/notifications").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(them.post_empty(&format!("/notifications/{id}/read")).await.problem(404), "request.not_found");
    assert_eq!(me.post_empty("/notifications/nonsense/read").await.problem(404), "request.not_found");
    let first = me.post_empty(&format!("/notifications/{id}/read")).await.expect(200);
    assert_eq!(me.post_empty(&format!("/notifications/{id}/read")).await.expect(200), first);
    assert_eq!(me.get("/notifications/unread-count").await.expect(200), json!({ "unread": 0 }));
    assert_eq!(me.get("/notifications?unread=true").await.expect(200)["items"], json!([]));
    assert_eq!(them.get("/notifications/unread-count").await.expect(200), json!({ "unread": 1 }));
    assert_eq!(them.post_empty("/notifications/read-all").await.expect(200), json!({ "unread": 0 }));
    assert_eq!(service.anonymous().get("/notifications").await.problem(401), "auth.token_invalid");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_stable_while_notifications_arrive() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    for version in 1..=5 {
        service.deliver_now(&bonus_paid(user, service.now(), version)).await;
    }
    let me = service.as_user(user);
    let first = me.get("/notifications?limit=3").await.expect(200);
    service.deliver_now(&bonus_paid(user, service.now(), 6)).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = me.get(&format!("/notifications?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["next_cursor"], json!(null));
    for bad in ["limit=0", "limit=101", "cursor=%21", "unread=maybe"] {
        assert_eq!(me.get(&format!("/notifications?{bad}")).await.status, 422, "{bad}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_stored_in_a_few_statements() {
    let service = TestService::start(notification::service()).await;
    let now = service.now();
    let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
    let mut backlog = Vec::new();
    for version in 1..=50 {
        for user in [asha, ravi] {
            let bonus = bonus_paid(user, now, version);
            // The same fact twice, as different events.
            backlog.extend([TestService::envelope(now, &bonus), TestService::envelope(now, &bonus)]);
        }
    }
    for user in [asha, ravi] {
        backlog.push(TestService::envelope(now, &registered(user, now)));
    }
    let statements = Statements::record(&service);
    service.deliver_all(backlog).await;
    let inserts = statements.containing(&["INSERT INTO `notifications`"]).len();
    let queries = statements.containing(&["FROM `channel_choices`"]).len();
    let planned = statements.containing(&["INSERT INTO `deliveries`"]).len();
    assert!((1..20).contains(&inserts) && (1..20).contains(&queries), "{inserts} inserts, {queries} queries");
    assert!((1..20).contains(&planned), "{planned} inserts of deliveries");
    for (user, count) in [(asha, 51), (ravi, 51)] {
        let unread = service.as_user(user).get("/notifications/unread-count").await.expect(200);
        assert_eq!(unread, json!({ "unread": count }));
    }
    service.finish().await;
}
