//! Explanations: every amount can be computed again from its explanation alone.

use crate::fixture::*;
use domain::Money;
use proto_events::binary::v1::{Pair, PlanPublished};
use proto_events::booking::v1::{EmiReleased, PaymentReturned, WalletPaymentRequested};
use proto_events::wallet::v1::EmiReserved;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Client, TestService};
use wallet::domain::TransactionType;

fn rupees(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// An independent evaluator of calculation steps.
fn evaluate(step: &Value) -> Decimal {
    let operands: Vec<Decimal> = step["operands"].as_array().unwrap().iter().map(|o| rupees(&o["value"])).collect();
    match step["operation"].as_str().unwrap() {
        "given" => operands[0],
        "percent" => (operands[0] * operands[1] / Decimal::ONE_HUNDRED)
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
        "minimum" => operands[0].min(operands[1]),
        "sum" => operands.iter().sum(),
        "difference" => operands[0] - operands[1],
        "negated" => -operands[0],
        other => panic!("{other}"),
    }
}

/// Checks the explanation of every transaction of the client; returns their count.
async fn check_explanations(client: &Client) -> usize {
    let list = client.get("/wallet/transactions?limit=100").await.expect(200);
    let items = list["items"].as_array().unwrap();
    for item in items {
        let path = format!("/wallet/transactions/{}/explain", item["id"].as_str().unwrap());
        let why = client.get(&path).await.expect(200);
        let steps = why["steps"].as_array().unwrap();
        for step in steps {
            assert_eq!(evaluate(step), rupees(&step["value"]), "{why:#}");
        }
        assert_eq!(steps.last().map(|s| rupees(&s["value"])), Some(rupees(&item["amount"])), "{why:#}");
        let sum = Money::total(
            why["postings"].as_array().unwrap().iter().map(|p| p["amount"].as_str().unwrap().parse().unwrap()),
        );
        assert_eq!(sum, Ok(Money::ZERO));
        assert_eq!(&why["transaction"], item);
    }
    items.len()
}

/// Earnings, payouts and reversals of A, and a refund to B.
async fn earn_and_withdraw(s: &TestService) {
    deposit(s, A, "1000.00").await;
    let payment = paid(1, B, A, "333.30", "16.67");
    s.deliver_now(&payment).await;
    s.deliver_now(&placed((1..=6).map(|n| pair(A, n, if n == 6 { "100.00" } else { "0.00" })).collect())).await;
    let p = payout(50, "3900.00", "0.00");
    s.deliver_now(&requested(&p)).await;
    s.deliver_now(&approved(&p)).await;
    s.deliver_now(&completed(&p)).await;
    s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
    s.deliver_now(&refunded(9, &payment, "wallet")).await;
    // All of it recovers the clawback due.
    s.deliver_now(&placed(vec![pair(A, 7, "0.00")])).await;
    s.deliver_now(&payout_reversed(&p)).await;
    let fails = payout(51, "500.00", "0.00");
    s.deliver_now(&requested(&fails)).await;
    s.deliver_now(&approved(&fails)).await;
    s.deliver_now(&failed(&fails)).await;
}

#[tokio::test]
async fn every_kind_of_line_is_explained() {
    let s = start_wallet().await;
    earn_and_withdraw(&s).await;
    assert_eq!(check_explanations(&s.as_user(user(A))).await, 17);
    assert_eq!(check_explanations(&s.as_user(user(B))).await, 1);

    post_remaining_types(&s).await;
    let me = s.as_user(user(A));
    assert_eq!(check_explanations(&me).await, 25);
    let seen: BTreeSet<String> =
        lines(&me).await.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(seen, TransactionType::ALL.iter().map(ToString::to_string).collect(), "every transaction type");
    assert_consistent(&s).await;
    s.finish().await;
}

/// Posts a payment from the wallet, returned payments, and releases of both reserves.
async fn post_remaining_types(s: &TestService) {
    let from_wallet = WalletPaymentRequested {
        payment_id: bytes(60),
        booking_id: bytes(1_000),
        user_id: bytes(A),
        amount_paise: paise("12.34"),
        booking_number: "B-1".into(),
        requested_at: at().micros(),
    };
    s.deliver_now(&from_wallet).await;
    for (n, cause) in [(61, "booking_expired"), (62, "source_refund_failed")] {
        let returned = PaymentReturned {
            return_id: bytes(n),
            payment_id: bytes(n),
            booking_id: bytes(1_000),
            user_id: bytes(A),
            amount_paise: paise("0.01"),
            cause: cause.into(),
            booking_number: "B-1".into(),
            returned_at: at().micros(),
        };
        s.deliver_now(&returned).await;
        let rules = newest_rules(&s.as_user(user(A))).await;
        assert_eq!(rules[0]["text"].as_str().unwrap().contains("no booking"), cause == "booking_expired", "{rules}");
    }
    let mut reserved = PlanPublished { version: 2, effective_from: at().micros(), ..PlanPublished::default() };
    let mut plan = domain::Plan::seed();
    plan.pairs.reserve_rate = domain::Rate::percent(10);
    reserved.plan_json = serde_json::to_string(&plan).unwrap();
    s.deliver_now(&reserved).await;
    let with_reserve = Pair {
        plan_version: 2,
        reserve_deduction_paise: paise("50.00"),
        available_paise: paise("450.00"),
        ..pair(A, 8, "0.00")
    };
    s.deliver_now(&placed(vec![with_reserve])).await;
    let emi = s.published::<EmiReserved>().await.remove(0);
    let released = EmiReleased {
        release_id: bytes(70),
        reserve_id: emi.reserve_id,
        user_id: emi.user_id,
        amount_paise: 4_321,
        reason: "every booking is completed".into(),
        released_at: at().micros(),
    };
    s.deliver_now(&released).await;
    for (what, amount) in [("reserve-release", "49.99"), ("adjustments", "-0.01")] {
        let body = json!({ "amount": amount, "reason": "requested" });
        s.as_admin().post(&format!("/wallets/{}/{what}", id(A)), body).await.expect(201);
    }
}

/// The rules in the explanation of the newest transaction.
async fn newest_rules(client: &Client) -> Value {
    let list = client.get("/wallet/transactions?limit=1").await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", list["items"][0]["id"].as_str().unwrap());
    let why = client.get(&path).await.expect(200);
    why["rules"].clone()
}

#[tokio::test]
async fn only_the_member_and_staff_get_an_explanation() {
    let s = start_wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    let list = s.as_user(user(A)).get("/wallet/transactions").await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", list["items"][0]["id"].as_str().unwrap());
    s.as_staff().get(&path).await.expect(200);
    assert_eq!(s.as_user(user(B)).get(&path).await.problem(404), "request.not_found");
    for nothing in [id(1).to_string(), "x".into()] {
        let path = format!("/wallet/transactions/{nothing}/explain");
        assert_eq!(s.as_user(user(A)).get(&path).await.problem(404), "request.not_found");
    }
    // The company's posting of the entry is not a transaction of a member.
    let company = path.replace(list["items"][0]["id"].as_str().unwrap(), &{
        let shown: uuid::Uuid = list["items"][0]["id"].as_str().unwrap().parse().unwrap();
        uuid::Uuid::from_u128(shown.as_u128() & !0xf).to_string()
    });
    assert_eq!(s.as_user(user(A)).get(&company).await.problem(404), "request.not_found");
    s.finish().await;
}

/// The explanation of the newest line of a type.
async fn newest_of(client: &Client, kind: &str) -> Value {
    let list = client.get(&format!("/wallet/transactions?limit=1&type={kind}")).await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", list["items"][0]["id"].as_str().unwrap());
    client.get(&path).await.expect(200)
}

#[tokio::test]
async fn an_explanation_has_the_causes_and_the_names_of_the_members_concerned() {
    let s = start_wallet().await;
    for member in [A, B, 0xC] {
        s.deliver_now(&registered(member)).await;
    }
    let payment = paid(1, B, A, "500.00", "25.00");
    let paid_by = s.deliver_now(&payment).await;
    let me = s.as_user(user(A));
    let person = |n: u128, name: Value, relation: &str| json!({ "user_id": id(n), "name": name, "relation": relation });
    let payment_reference = json!({ "type": "payment", "id": id(1), "label": "B-1" });
    let event = |by: &proto_events::Envelope| uuid::Uuid::from_bytes(by.id);
    let completed = json!({
        "event": "payment_completed", "id": event(&paid_by), "at": at(), "reference": payment_reference,
    });
    let of_referral = json!([person(A, json!("Member 10"), "member"), person(B, json!("Member 11"), "referred")]);
    let bonus = newest_of(&me, "REFERRAL_BONUS").await;
    assert_eq!((&bonus["causes"], &bonus["people"]), (&json!([completed]), &of_referral));
    let rule = json!({
        "code": "percent_of_first_booking",
        "params": { "method": "online" },
        "text": "new money (online) on the referred member's first booking",
    });
    assert_eq!(bonus["rules"], json!([rule]));
    assert_eq!(bonus["transaction"]["reference"], payment_reference);

    // A reversal has the cause of its original too.
    let refunded_by = s.deliver_now(&refunded(9, &payment, "source")).await;
    let reversal = newest_of(&s.as_staff(), "REVERSAL").await;
    let refunded = json!({
        "event": "payment_refunded", "id": event(&refunded_by), "at": at(), "reference": payment_reference,
    });
    assert_eq!((&reversal["causes"], &reversal["people"]), (&json!([refunded, completed]), &of_referral));

    // The member in the right leg is not registered yet.
    s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
    s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
    let of_pair = json!([
        person(A, json!("Member 10"), "member"),
        person(0xC, json!("Member 12"), "left"),
        person(0xD, Value::Null, "right"),
    ]);
    for (kind, events) in [("EMI_DEDUCTION", &["pair_matched"][..]), ("REVERSAL", &["pair_voided", "pair_matched"])] {
        let why = newest_of(&me, kind).await;
        let causes = why["causes"].as_array().unwrap();
        assert_eq!(causes.iter().map(|cause| cause["event"].as_str().unwrap()).collect::<Vec<_>>(), events);
        assert_eq!(why["people"], of_pair, "{kind}");
        assert!(causes.iter().all(|cause| cause["reference"]["label"] == "6"), "{why}");
    }

    // A manual entry has neither an event nor a number.
    deposit(&s, A, "1.00").await;
    let manual = newest_of(&me, "DEPOSIT").await;
    let cause = &manual["causes"][0];
    assert_eq!((&cause["event"], &cause["id"]), (&json!("deposit_made"), &Value::Null));
    assert_eq!((&cause["reference"]["label"], &manual["people"].as_array().unwrap().len()), (&Value::Null, &1));
    let rule = json!({
        "code": "reason_given", "params": { "reason": "opening balance" }, "text": "opening balance",
    });
    assert_eq!(manual["rules"], json!([rule]));
    s.finish().await;
}

#[tokio::test]
async fn a_forfeit_is_explained_to_its_member_and_staff_only() {
    let s = start_wallet().await;
    s.deliver_now(&registered(B)).await;
    s.deliver_now(&paid(1, B, A, "500.00", "0.00")).await;
    s.deliver_now(&requested(&payout(50, "100.00", "0.00"))).await;
    let list = s.as_user(user(A)).get("/wallet/forfeits").await.expect(200);
    let [hold, bonus] = list["items"].as_array().unwrap().as_slice() else { panic!("{list}") };
    let path = |forfeit: &Value| format!("/wallet/forfeits/{}/explain", forfeit["id"].as_str().unwrap());
    let why = s.as_user(user(A)).get(&path(bonus)).await.expect(200);
    assert_eq!(&why["forfeit"], bonus);
    assert_eq!(bonus["reference"], json!({ "type": "payment", "id": id(1), "label": "B-1" }));
    assert_eq!(why["rules"][0]["code"], bonus["reason"]);
    assert_eq!(why["rules"][0]["text"], bonus["description"]);
    assert_eq!(why["causes"][0]["event"], "payment_completed");
    assert_eq!((&why["people"][1]["name"], &why["people"][1]["relation"]), (&json!("Member 11"), &json!("referred")));
    assert!(why["plan"].is_object() && why["inputs"]["payment_amount"] == "500.00", "{why}");
    let why = s.as_staff().get(&path(hold)).await.expect(200);
    assert_eq!((&why["rules"][0]["params"], &why["plan"]), (&json!({ "amount": "100.00" }), &Value::Null));
    assert_eq!(hold["reference"]["label"], Value::Null);
    for unknown in [path(&json!({ "id": id(1) })), "/wallet/forfeits/x/explain".to_owned()] {
        assert_eq!(s.as_user(user(A)).get(&unknown).await.problem(404), "request.not_found");
    }
    assert_eq!(s.as_user(user(B)).get(&path(bonus)).await.problem(404), "request.not_found");
    s.finish().await;
}

/// A random number generator that gives the same numbers for the same seed.
struct Random(u64);
impl Random {
    fn next(&mut self, below: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below).unwrap()
    }
}

/// Random events and adjustments of A.
async fn random_history(s: &TestService, random: &mut Random) {
    const PAID: [(&str, &str); 4] =
        [("500.00", "25.00"), ("333.30", "16.67"), ("4500.00", "225.00"), ("12.34", "0.62")];
    let (mut payments, mut numbers) = (Vec::new(), 0..);
    let emi = |number: u32| if number >= 6 { "100.00" } else { "0.00" };
    for n in 1..=45_u128 {
        match random.next(9) {
            0 | 1 => {
                let (amount, bonus) = PAID[random.next(4)];
                let payment = paid(n, B, A, amount, bonus);
                s.deliver_now(&payment).await;
                payments.push(payment);
            }
            2 if !payments.is_empty() => {
                let payment = payments.swap_remove(random.next(u64::try_from(payments.len()).unwrap()));
                s.deliver_now(&refunded(1_000 + n, &payment, "wallet")).await;
            }
            3..=5 => {
                let number = numbers.next().unwrap() + 1;
                s.deliver_now(&placed(vec![pair(A, number, emi(number))])).await;
            }
            6 => {
                let number = u32::try_from(random.next(8)).unwrap() + 1;
                s.deliver_now(&voided(vec![pair(A, number, emi(number))])).await;
            }
            7 if paise(balances(s, A).await["available"].as_str().unwrap()) >= 10_000 => {
                let p = payout(2_000 + n, "100.00", "0.00");
                s.deliver_now(&requested(&p)).await;
                match random.next(4) {
                    0 => drop(s.deliver_now(&cancelled(&p)).await),
                    1 => {
                        s.deliver_now(&approved(&p)).await;
                        s.deliver_now(&failed(&p)).await;
                    }
                    2 => {
                        s.deliver_now(&approved(&p)).await;
                        s.deliver_now(&completed(&p)).await;
                    }
                    _ => {}
                }
            }
            _ => {
                let amount = ["7.77", "-0.01", "250.00"][random.next(3)];
                let body = json!({ "amount": amount, "reason": "a correction" });
                let answer = s.as_admin().post(&format!("/wallets/{}/adjustments", id(A)), body).await;
                assert!([201, 422].contains(&answer.status), "{}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn every_line_of_random_histories_is_explained() {
    for seed in 1..=6 {
        println!("seed {seed}");
        let s = start_wallet().await;
        deposit(&s, A, "100.00").await;
        random_history(&s, &mut Random(seed)).await;
        assert!(check_explanations(&s.as_user(user(A))).await > 20);
        check_explanations(&s.as_user(user(B))).await;
        assert_consistent(&s).await;
        s.finish().await;
    }
}
