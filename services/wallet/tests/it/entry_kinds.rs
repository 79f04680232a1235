//! Every kind of entry: its stored inputs, its postings, and the explanation of its lines.

use crate::fixture::*;
use domain::{Plan, PlanVersion, Rate};
use messaging::HandleError;
use std::collections::BTreeSet;
use testkit::TestService;
use wallet::app::posting::{self, EventWork};
use wallet::app::{derivation, ids, plan};
use wallet::domain::{Command, EntryKind};
use wallet::store::entries;

struct Case {
    kind: EntryKind,
    /// The inputs as they are stored; see [`stored`].
    inputs: &'static str,
    /// Account and amount of each posting, with the type of a line that the member sees.
    postings: &'static str,
    /// The rules in the explanation of each line that the member sees.
    rules: &'static [&'static str],
}

const fn case(kind: EntryKind, inputs: &'static str, postings: &'static str, rules: &'static [&'static str]) -> Case {
    Case { kind, inputs, postings, rules }
}

/// In the order of posting: each case may need the ones before it. A kind may have several cases, and has at least one.
const CASES: &[Case] = &[
    case(
        EntryKind::Deposit,
        r##"{"id":"#1","user_id":"#10","amount":"1000.00","reason":"opening balance","actor_id":"#99","at":"@"}"##,
        "bank -1000.00, available 1000.00 DEPOSIT",
        &["opening balance"],
    ),
    case(
        EntryKind::Referral,
        r##"{"payment_id":"#2","booking_id":"#100","booking_number":"B-1","referrer_id":"#10","referred_id":"#11",
        "payment_amount":"333.30","method":"online","on_first_booking":true,"net_paid_before":"0.00",
        "net_paid_after":"333.30","bonus":"16.67","once_a_member":false,"plan_version":1,"at":"@"}"##,
        "referral_expense -16.67, available 16.67 REFERRAL_BONUS",
        &["new money (online) on the referred member's first booking"],
    ),
    case(
        EntryKind::Pair,
        r##"{"pair_id":"#3","earner_id":"#10","number":6,"left_user_id":"#11","right_user_id":"#12","period":202611,
        "slot":1,"flushed":false,"earner_active_buyer":false,"plan_version":2,"gross":"500.00",
        "emi_deduction":"100.00","reserve_deduction":"50.00","available":"350.00","forgone":"0.00",
        "reserve_id":"#30","at":"@"}"##,
        "pair_expense -500.00, available 500.00 BINARY_PAIR, available -100.00 EMI_DEDUCTION, emi_reserve 100.00, \
         available -50.00 RESERVE_DEDUCTION, reserve 50.00",
        &[
            "pair 6 of the earner, slot 1 of period 202611",
            "pair 6 of the earner, slot 1 of period 202611; from pair 6 on; the earner was not an Active Buyer",
            "pair 6 of the earner, slot 1 of period 202611",
        ],
    ),
    case(
        EntryKind::EmiApplication,
        r##"{"use_id":"#4","reserve_id":"#30","user_id":"#10","amount":"40.00","booking_number":"B-1","instalment":1,
        "reason":"","at":"@"}"##,
        "emi_reserve -40.00, booking_receipts 40.00",
        &[],
    ),
    case(
        EntryKind::EmiRelease,
        r##"{"use_id":"#5","reserve_id":"#30","user_id":"#10","amount":"60.00","booking_number":"","instalment":0,
        "reason":"every booking is completed","at":"@"}"##,
        "emi_reserve -60.00, available 60.00 EMI_RELEASE",
        &["every booking is completed"],
    ),
    case(
        EntryKind::ReserveRelease,
        r##"{"id":"#6","user_id":"#10","amount":"50.00","reason":"requested","actor_id":"#99","at":"@"}"##,
        "reserve -50.00, available 50.00 RESERVE_RELEASE",
        &["requested"],
    ),
    case(
        EntryKind::Adjustment,
        r##"{"id":"#7","user_id":"#10","amount":"-0.01","reason":"a correction","actor_id":"#99","at":"@"}"##,
        "adjustments 0.01, available -0.01 ADJUSTMENT",
        &["a correction"],
    ),
    case(
        EntryKind::BookingPayment,
        r##"{"payment_id":"#8","booking_id":"#100","user_id":"#10","amount":"12.34","booking_number":"B-1","at":"@"}"##,
        "available -12.34 BOOKING_PAYMENT, booking_receipts 12.34",
        &[""],
    ),
    case(
        EntryKind::Refund,
        r##"{"refund_id":"#9","payment_id":"#8","user_id":"#10","amount":"12.34","method":"wallet","to":"wallet",
        "booking_number":"B-1","reserve_id":"#31","at":"@"}"##,
        "booking_receipts -12.34, available 12.34 REFUND",
        &["a payment is refunded as a whole, to its source"],
    ),
    case(
        EntryKind::Refund,
        r##"{"refund_id":"#20","payment_id":"#21","user_id":"#10","amount":"1.00","method":"emi_deduction",
        "to":"emi_reserve","booking_number":"B-1","reserve_id":"#32","at":"@"}"##,
        "booking_receipts -1.00, emi_reserve 1.00",
        &[],
    ),
    case(
        EntryKind::PaymentReturn,
        r##"{"return_id":"#13","payment_id":"#14","user_id":"#10","amount":"5.00","cause":"already_paid",
        "booking_number":"B-1","at":"@"}"##,
        "booking_receipts -5.00, available 5.00 REFUND",
        &["no booking accepted the payment: already_paid"],
    ),
    case(
        EntryKind::RefundClawback,
        r##"{"clawback_id":"#15","payment_id":"#14","user_id":"#10","amount":"2.00","gateway_refund_id":"rfnd_1",
        "of_return":true,"credited_by":"#13","booking_number":"B-1","at":"@"}"##,
        "available -2.00 REFUND, booking_receipts 2.00",
        &["the amount also refunded at its source is debited from the balance; the rest is a clawback due"],
    ),
    case(EntryKind::Hold, HOLD_16, "available -100.00, held 100.00", &[]),
    case(
        EntryKind::Capture,
        HOLD_16,
        "held -100.00 PAYOUT, payout_clearing 100.00",
        &["a hold is captured as a whole"],
    ),
    case(
        EntryKind::PayoutCompletion,
        SETTLEMENT_16,
        "payout_clearing -100.00, bank 75.00, tds_payable 5.00, emi_reserve 20.00",
        &[],
    ),
    case(
        EntryKind::PayoutReversal,
        SETTLEMENT_16,
        "bank -75.00, tds_payable -5.00, available 80.00 REFUND",
        &["net and tax are returned; the EMI part stays set aside for the member"],
    ),
    case(EntryKind::Hold, HOLD_17, "available -100.00, held 100.00", &[]),
    case(
        EntryKind::Capture,
        HOLD_17,
        "held -100.00 PAYOUT, payout_clearing 100.00",
        &["a hold is captured as a whole"],
    ),
    case(
        EntryKind::PayoutFailure,
        HOLD_17,
        "payout_clearing -100.00, available 100.00 REFUND",
        &["a failed payout is returned as a whole"],
    ),
    // The whole balance, so that the next reversal leaves a clawback due.
    case(EntryKind::Hold, HOLD_18, "available -1459.66, held 1459.66", &[]),
    case(
        EntryKind::PairVoid,
        r##"{"pair_id":"#3","earner_id":"#10","number":6,"left_by":"#12","refund_id":"#19","at":"@"}"##,
        "available 0.00 REVERSAL, clawback_due -500.00, pair_expense 500.00",
        &[REVERSAL],
    ),
    case(
        EntryKind::Release,
        HOLD_18,
        "held -1459.66, available 1459.66, available -500.00 CLAWBACK, clawback_due 500.00",
        &["a clawback due is recovered first, from bonuses, pair earnings and released holds only"],
    ),
    case(
        EntryKind::ReferralReversal,
        r##"{"payment_id":"#2","refund_id":"#19","referrer_id":"#10","referred_id":"#11","booking_number":"B-1",
        "at":"@"}"##,
        "available -16.67 REVERSAL, referral_expense 16.67",
        &[REVERSAL],
    ),
];

const HOLD_16: &str = r##"{"payout_id":"#16","user_id":"#10","amount":"100.00","reason":"","at":"@"}"##;
const HOLD_17: &str = r##"{"payout_id":"#17","user_id":"#10","amount":"100.00","reason":"closed","at":"@"}"##;
const HOLD_18: &str = r##"{"payout_id":"#18","user_id":"#10","amount":"1459.66","reason":"","at":"@"}"##;
const SETTLEMENT_16: &str = r##"{"payout_id":"#16","user_id":"#10","requested":"100.00","tds":"5.00","emi":"20.00",
    "net":"75.00","tax_rule":"194H","reserve_id":"#33","at":"@"}"##;
const REVERSAL: &str = "the whole original amount is debited from the balance; the rest is a clawback due";

/// The stored form of inputs: on one line, with the id 7 for `#7` and a time for `@`.
fn stored(inputs: &str) -> String {
    let line: String = inputs.lines().map(str::trim).collect();
    let with_ids = (1..=100).fold(line, |text, n| text.replace(&format!("\"#{n}\""), &format!("\"{}\"", id(n))));
    with_ids.replace("\"@\"", &format!("\"{}\"", at()))
}

fn command(case: &Case) -> Command {
    derivation::parse_command(case.kind, &stored(case.inputs)).unwrap()
}

/// Posts the commands of all cases, as one batch, in the order of the cases.
async fn post_all(s: &TestService) {
    let mut reserving = Plan::seed();
    reserving.pairs.reserve_rate = Rate::percent(10);
    let version = PlanVersion { version: 2, effective_from: at(), plan: reserving };
    let event = TestService::envelope(at(), &registered(A));
    let work = vec![EventWork { event, commands: CASES.iter().map(command).collect() }];
    let (db, clock, version) = (s.ctx().db(), &*s.clock, &version);
    let posted: Result<(), HandleError> = db
        .tx(async |c| {
            plan::save_all(c, std::slice::from_ref(version)).await?;
            posting::post_events(c, clock, work.clone(), &[2], &|_| Ok(Vec::new())).await
        })
        .await;
    posted.unwrap();
}

#[tokio::test]
async fn every_kind_stores_the_same_inputs_posts_by_its_rule_and_is_explained() {
    let s = start_wallet().await;
    post_all(&s).await;
    let mut c = s.ctx().db().read().await.unwrap();
    let mut codes = BTreeSet::new();
    for case in CASES {
        let key = command(case).key();
        let entry = entries::find(&mut c, ids::entry(key)).await.unwrap().unwrap();
        assert_eq!(entry.inputs, stored(case.inputs), "{key}");
        let stored = derivation::load_entry(&mut c, entry).await.unwrap();
        codes.insert(case.kind.cause_event().to_owned());
        let (mut postings, mut rules) = (Vec::new(), Vec::new());
        for line in &stored.lines {
            let posting = format!("{} {}", line.account, line.amount_paise);
            let Some(kind) = line.transaction_type else {
                postings.push(posting);
                continue;
            };
            postings.push(format!("{posting} {kind}"));
            let explained = stored.explain(line).unwrap();
            assert_eq!(explained.steps.last().map(|step| step.value), Some(line.amount_paise), "{key}");
            let texts: Vec<&str> = explained.rules.iter().map(|rule| rule.text.as_str()).collect();
            rules.push(texts.join("; "));
            codes.extend(explained.rules.iter().map(|rule| rule.code.to_owned()));
            codes.extend(explained.steps.iter().map(|step| step.name.clone()));
            codes.extend(explained.steps.into_iter().flat_map(|step| step.operands).map(|operand| operand.name));
        }
        assert_eq!(postings.join(", "), case.postings, "{key}");
        assert_eq!(rules, case.rules, "{key}");
    }
    drop(c);
    let document = s.anonymous().get("/wallet/openapi.json").await.expect(200).to_string();
    let undocumented: Vec<String> = codes.into_iter().filter(|code| !document.contains(&format!("`{code}`"))).collect();
    assert_eq!(undocumented, Vec::<String>::new(), "codes that the API document does not list");
    let covered: BTreeSet<EntryKind> = CASES.iter().map(|case| case.kind).collect();
    assert_eq!(covered, EntryKind::ALL.iter().copied().collect(), "every kind has a case");
    assert_consistent(&s).await;

    let before = balances(&s, A).await;
    post_all(&s).await;
    assert_eq!(balances(&s, A).await, before, "a repetition changes nothing");
    s.finish().await;
}
