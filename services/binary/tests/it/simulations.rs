//! Simulations of candidate plans.

use crate::fixture::{join, payment, refund, refund_of, register, start, start_day};
use domain::plan::ReferralTerms;
use domain::{Money, Plan, UserId};
use proto_events::booking::v1::{BonusesTakenBack, PaymentCompleted, PaymentRefunded, Standing};
use serde_json::{Value, json};
use testkit::TestService;

/// A member with up to thirteen pairs, one of them voided, across the end of a month.
async fn history(s: &TestService) {
    let (a, _) = join(s, "A", None).await;
    let mut paid = Vec::new();
    for n in 0..26 {
        paid.push(join(s, &format!("M{n}"), Some(a)).await.1);
    }
    refund(s, &paid[3]).await;
    s.clock.set("2026-12-01T05:00:00Z".parse().unwrap());
    start_day(s, "2026-12-01").await;
    join(s, "Z", Some(a)).await;
}

fn money(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

/// Number of matched pairs, and the sum of one of their amounts.
async fn matched_pairs(s: &TestService, field: &str) -> (usize, Money) {
    let list = s.as_admin().get("/binary/pairs?limit=100").await.expect(200);
    assert_eq!(list["next_cursor"], json!(null));
    let matched: Vec<_> = list["items"].as_array().unwrap().iter().filter(|p| p["status"] == "matched").collect();
    (matched.len(), Money::total(matched.iter().map(|p| money(&p[field]))).unwrap())
}

#[tokio::test]
async fn the_current_plan_gives_exactly_the_recorded_pairs() {
    let s = start().await;
    history(&s).await;
    let plan = s.as_admin().get("/plan").await.expect(200)["plan"].clone();
    let digest = crate::fixture::digest(&s).await;
    let report = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(report["candidate"], report["live"]);
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&json!(0), &json!(0)));
    let (count, gross) = matched_pairs(&s, "gross").await;
    assert!(count > 10);
    assert_eq!(report["candidate"]["total"]["pairs"], count);
    assert_eq!(money(&report["candidate"]["total"]["gross"]), gross);
    assert_eq!(money(&report["candidate"]["total"]["net"]), matched_pairs(&s, "available").await.1);
    assert_eq!(report["candidate"]["months"].as_array().unwrap().len(), 2);
    assert_eq!(crate::fixture::digest(&s).await, digest, "a simulation changes nothing");
    s.finish().await;
}

#[tokio::test]
async fn another_plan_is_compared_with_the_recorded_pairs() {
    let s = start().await;
    history(&s).await;
    let mut plan = Plan::seed();
    plan.pairs.gross = Money::from_rupees(600);
    plan.pairs.emi_rate = domain::Rate::ZERO;
    let report = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    let (count, _) = matched_pairs(&s, "gross").await;
    let total = &report["candidate"]["total"];
    assert_eq!(total["pairs"], count);
    assert_eq!(money(&total["gross"]), Money::from_rupees(600).times(i64::try_from(count).unwrap()).unwrap());
    assert_eq!((&total["net"], &total["emi_deduction"]), (&total["gross"], &json!("0.00")));
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&report["live"]["earners"], &json!(0)));
    assert_eq!(report["candidate"]["top_earners"], 1);
    plan.pairs.limit = 0;
    let none = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(
        (&none["candidate"]["total"]["pairs"], &none["candidate"]["top_earners_share"]),
        (&json!(0), &json!("0.00"))
    );
    assert_eq!(none["members_worse_off"], none["live"]["earners"]);
    let carried = none["candidate"]["carried_pairs"].as_i64().unwrap();
    assert!(carried >= i64::try_from(count).unwrap());
    assert_eq!(money(&none["candidate"]["carried_gross"]), Money::from_rupees(600).times(carried).unwrap());
    let fixed = s.as_admin().post("/plan/simulate", json!({ "preset": "fixed" })).await.expect(200);
    assert_eq!(fixed["live"], report["live"]);
    s.finish().await;
}

#[tokio::test]
async fn a_simulation_of_a_large_tree_is_a_resource_with_the_same_report() {
    let s = TestService::start_with(binary::service(), &[("SIMULATE_SYNC_MEMBERS", "2")]).await;
    let plan = json!({ "preset": "fixed" });
    let (a, _) = join(&s, "A", None).await;
    join(&s, "B", Some(a)).await;
    let report = s.as_staff().post("/plan/simulate", plan.clone()).await.expect(200);
    join(&s, "C", Some(a)).await;
    let task = s.as_staff().post("/plan/simulate", plan.clone()).await.expect(202);
    assert_eq!((&task["state"], &task["result"], &task["finished_at"]), (&json!("queued"), &Value::Null, &Value::Null));
    assert_eq!(s.as_staff().post("/plan/simulate", plan).await.problem(429), "binary.replay_running");
    assert_eq!(s.as_staff().post_empty("/binary/verifications").await.problem(429), "binary.replay_running");
    s.run_job("long-tasks").await;
    let id = task["id"].as_str().unwrap();
    let done = s.as_staff().get(&format!("/plan/simulations/{id}")).await.expect(200);
    assert_eq!((&done["state"], &done["percent"]), (&json!("done"), &json!(100)), "{done}");
    let entries = |report: &Value| report["journal_entries"].as_i64().unwrap();
    assert_eq!(entries(&done["result"]), entries(&report) + 1, "{done}");
    let list = s.as_admin().get("/plan/simulations").await.expect(200);
    assert_eq!(list["items"], json!([done]));
    let member = s.as_user(a);
    assert_eq!(member.get(&format!("/plan/simulations/{id}")).await.status, 403);
    assert_eq!(s.as_staff().get(&format!("/binary/verifications/{id}")).await.problem(404), "request.not_found");
    s.finish().await;
}

#[tokio::test]
async fn only_staff_simulate_and_only_a_valid_plan() {
    let s = start().await;
    let member = s.as_user(runtime::id::fresh());
    assert_eq!(member.post("/plan/simulate", json!({ "preset": "seed" })).await.status, 403);
    for body in [json!({}), json!({ "preset": "other" }), json!({ "preset": "seed", "plan": Plan::seed() })] {
        assert_eq!(s.as_admin().post("/plan/simulate", body).await.problem(422), "binary.plan_invalid");
    }
    let empty = s.as_staff().post("/plan/simulate", json!({ "preset": "fixed" })).await.expect(200);
    assert_eq!((&empty["journal_entries"], &empty["candidate"]["total"]["gross"]), (&json!(0), &json!("0.00")));
    s.finish().await;
}

/// A payment of a referred member, as booking publishes it.
async fn referred(s: &TestService, by: UserId, rupees: i64, standing: (i64, i64), bonus: &str) -> PaymentCompleted {
    let who = register(s, "R", Some(by)).await;
    let paise = |rupees: i64| Money::from_rupees(rupees).paise();
    let paid = PaymentCompleted {
        referrer_id: Some(by.into()),
        on_first_booking: true,
        referral_bonus_paise: bonus.parse::<Money>().unwrap().paise(),
        standing: Some(Standing {
            net_paid_before_paise: paise(standing.0),
            net_paid_after_paise: paise(standing.1),
            ..Standing::default()
        }),
        ..payment(who, rupees, "online", s.now())
    };
    s.deliver_now(&paid).await;
    paid
}

#[tokio::test]
async fn referral_bonuses_are_simulated_too() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    referred(&s, a, 6_000, (0, 6_000), "300.00").await;
    let refunded = referred(&s, a, 500, (0, 500), "25.00").await;
    referred(&s, a, 500, (0, 500), "25.00").await;
    refund(&s, &refunded).await;
    let simulate = async |body: Value| s.as_admin().post("/plan/simulate", body).await.expect(200);
    let same = simulate(json!({ "preset": "seed" })).await;
    assert_eq!(same["candidate"], same["live"]);
    let total = &same["live"]["total"];
    assert_eq!((&total["bonuses"], &total["referral"]), (&json!(2), &json!("325.00")));
    let mut plan = Plan::seed();
    plan.referral = ReferralTerms::PercentOfFirstBooking { rate: domain::Rate::percent(10) };
    let double = simulate(json!({ "plan": plan })).await;
    assert_eq!(double["candidate"]["total"]["referral"], "650.00");
    assert_eq!((&double["members_better_off"], &double["members_worse_off"]), (&json!(1), &json!(0)));
    let fixed = simulate(json!({ "preset": "fixed" })).await;
    assert_eq!(fixed["candidate"]["total"]["referral"], "1000.00", "only one of them reached 5,000");
    s.finish().await;
}

#[tokio::test]
async fn a_bonus_paid_once_a_member_is_simulated_as_booking_would_decide_it() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    // After the refund the first member is below the threshold and the bonus is reversed; the second still reaches it.
    for (amounts, refunded) in [([4_999, 1, 1], 0), ([4_999, 1, 1], 1)] {
        let who = register(&s, "R", Some(a)).await;
        let (mut net, mut version, mut paid) = (0, 0, Vec::new());
        let mut standing = |change: i64| {
            let before = net;
            (net, version) = (net + change, version + 1);
            let paise = |rupees: i64| Money::from_rupees(rupees).paise();
            Some(Standing {
                net_paid_before_paise: paise(before),
                net_paid_after_paise: paise(net),
                version,
                ..Standing::default()
            })
        };
        for rupees in amounts {
            paid.push(PaymentCompleted {
                referrer_id: Some(a.into()),
                on_first_booking: true,
                referral_bonus_paise: rupees * 5,
                standing: standing(rupees),
                ..payment(who, rupees, "online", s.now())
            });
        }
        let refund = PaymentRefunded {
            referrer_id: Some(a.into()),
            standing: standing(-amounts[refunded]),
            bonuses_taken_back: Some(BonusesTakenBack { own: true, other_payment_id: None }),
            ..refund_of(&paid[refunded], s.now())
        };
        // Delivered in reverse order.
        for event in paid.iter().rev() {
            s.deliver_now(event).await;
        }
        s.deliver_now(&refund).await;
    }
    let report = s.as_admin().post("/plan/simulate", json!({ "preset": "fixed" })).await.expect(200);
    let total = |of: &str| (report[of]["total"]["bonuses"].clone(), report[of]["total"]["referral"].clone());
    assert_eq!(total("live"), (json!(4), json!("250.10")), "{report}");
    assert_eq!(total("candidate"), (json!(1), json!("1000.00")), "{report}");
    let same = s.as_admin().post("/plan/simulate", json!({ "preset": "seed" })).await.expect(200);
    assert_eq!(same["candidate"], same["live"]);
    s.finish().await;
}

#[tokio::test]
async fn a_simulation_during_writes_includes_exactly_the_entries_up_to_its_head() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    const PAYMENTS: i64 = 60;
    let writing = async {
        for _ in 0..PAYMENTS {
            referred(&s, a, 500, (0, 500), "25.00").await;
        }
    };
    let simulating = async {
        let mut last = 0;
        while last <= PAYMENTS {
            let report = s.as_admin().post("/plan/simulate", json!({ "preset": "seed" })).await.expect(200);
            last = report["journal_entries"].as_i64().unwrap();
            // Every entry but the first is a payment that earned a bonus.
            assert_eq!(report["live"]["total"]["bonuses"], json!(last - 1), "{report}");
            assert_eq!(report["candidate"], report["live"]);
        }
    };
    tokio::join!(writing, simulating);
    s.finish().await;
}
