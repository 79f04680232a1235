//! `ev payments reconcile`: its table and its exit code, with a gateway that lists one payment of an unknown order.

use crate::commands::stdout_of;
use crate::platform::short_id;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// 10 November 2026, noon in UTC.
const CREATED: i64 = 1_794_312_000;
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Stripe's lists: a payment of 500.00 while `has_payment`, and no refunds.
async fn list(has_payment: web::Data<AtomicBool>, request: HttpRequest) -> HttpResponse {
    let query = web::Query::<HashMap<String, String>>::from_query(request.query_string()).unwrap();
    let secs = |name: &str| query[name].parse::<i64>().unwrap();
    let is_asked = (secs("created[gte]")..=secs("created[lte]")).contains(&CREATED);
    let mut data: Vec<Value> = Vec::new();
    if request.path() == "/v1/payment_intents" && is_asked && has_payment.load(Ordering::SeqCst) {
        data.push(json!({
            "id": "pi_1", "status": "succeeded", "amount_received": 50_000, "currency": "inr", "created": CREATED,
            "metadata": {}, "latest_charge": { "id": "ch_1", "amount_refunded": 0, "created": CREATED }
        }));
    }
    HttpResponse::Ok().json(json!({ "object": "list", "data": data, "has_more": false }))
}

async fn run(arguments: &[&str], variables: Vec<(&'static str, String)>) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
        command.args(arguments).env_clear().envs(variables).output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_of_a_gateway_are_compared_with_a_table_and_an_exit_code() {
    let has_payment = web::Data::from(Arc::new(AtomicBool::new(false)));
    let state = has_payment.clone();
    let server = HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(list)))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let gateway = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    let folder = std::env::temp_dir().join(format!("ev-lists-{}", short_id()));
    std::fs::create_dir_all(&folder).unwrap();
    let variables = vec![
        ("DATABASE_URL", format!("sqlite://{}", folder.join("booking.db").display())),
        ("PII_KEYS", format!("k1:{KEY}")),
        ("PII_INDEX_KEY", KEY.to_owned()),
        ("DOCUMENT_KEYS", KEY.to_owned()),
    ];
    stdout_of(&run(&["migrate", "--service", "booking"], variables.clone()).await);
    let compare = ["payments", "reconcile", "--from", "2026-11-09", "--to", "2026-11-12"];
    let without = run(&compare, variables.clone()).await;
    assert_eq!(without.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&without.stderr).contains("no gateway is configured"), "{without:?}");
    let stripe = [
        ("STRIPE_SECRET_KEY", "sk_test_1".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1".to_owned()),
        ("STRIPE_API_URL", gateway),
    ];
    let variables = [variables, stripe.to_vec()].concat();
    let nothing = stdout_of(&run(&compare, variables.clone()).await);
    let range = "2026-11-08T18:30:00Z to 2026-11-11T18:30:00Z";
    assert_eq!(nothing, format!("{range}: 0 payments and 0 refunds, 0 differ, 0 repaired"));
    has_payment.store(true, Ordering::SeqCst);
    for (more, result, kind) in [
        (&["--dry-run"][..], "missing", "missing"),
        (&["--gateway", "stripe"], "unplaced", "missing"),
        (&[], "unplaced", "unplaced"),
    ] {
        let output = run(&[&compare[..], more].concat(), variables.clone()).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let recorded = if kind == "missing" { "-" } else { "500.00" };
        assert_eq!(lines[0], ["gateway", "what", "id", "difference", "listed", "recorded", "result"], "{output:?}");
        assert_eq!(lines[1], ["stripe", "payment", "pi_1", kind, "500.00", recorded, result], "{text}");
        assert!(text.ends_with(": 1 payments and 0 refunds, 1 differ, 0 repaired\n"), "{text}");
        assert_eq!(output.status.code(), Some(1), "something is left for staff");
    }
    let other = run(&[&compare[..], &["--gateway", "razorpay"]].concat(), variables.clone()).await;
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("razorpay is not configured"), "{other:?}");
    for wrong in [["--from", "yesterday"], ["--gateway", "paypal"]] {
        let refused = run(&[&["payments", "reconcile"][..], &wrong].concat(), variables.clone()).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
