//! The `ev` binary: the demonstration, and the operator commands compared with the API.

use crate::platform::TestPlatform;
use crate::process::{Process, free_address};
use db::{Db, DbConfig};
use diesel_async::SimpleAsyncConnection;
use runtime::Env;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const OPERATOR: &str = "operator@example.in";

/// Runs `ev` with these arguments and no environment except the service's database.
pub(crate) fn ev(arguments: &[&str], database: Option<String>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
    command.args(arguments).env_clear();
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    command.output().unwrap()
}

/// Standard output of a successful command.
pub(crate) fn stdout_of(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operator_commands_agree_with_the_api() {
    let process = Process::start().await;
    let platform = TestPlatform::process(&process.url());
    let of = |service: &str| Some(process.database(service));
    let url = process.url();
    let demo = tokio::task::spawn_blocking(move || ev(&["demo", "--members", "8", "--url", &url], None)).await.unwrap();
    let output = stdout_of(&demo);
    let (_, table) = output.split_once("Who earned what, and why").expect("a table");
    assert!(table.contains("REFERRAL_BONUS") && table.contains("BINARY_PAIR"), "{table}");
    assert!(output.lines().any(|line| line.trim_start().starts_with("Asha's wallet: available")), "{output}");

    let create = ["admin", "create", "--email", OPERATOR];
    assert_eq!(stdout_of(&ev(&create, of("auth"))), format!("{OPERATOR} is now an administrator"));
    assert_eq!(stdout_of(&ev(&create, of("auth"))), format!("{OPERATOR} is already an administrator"));
    let operator = platform.sign_in(OPERATOR, "Operator", None).await.http;
    process.drain().await;
    let digest = operator.get("/binary/digest").await.expect(200);
    // With Ravi, who books and gets his vehicle.
    assert_eq!(digest["members"], 9, "{digest}");
    for outcome in ["saved", "is there already"] {
        let expected = format!("the snapshot after {} entries {outcome}", digest["seq"]);
        assert_eq!(stdout_of(&ev(&["tree", "snapshot"], of("binary"))), expected);
    }
    let plan = operator.get("/plan").await.expect(200)["plan"].clone();
    let simulated = operator.post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(operator.get("/ledger/verify").await.expect(200)["ok"], true);

    a_second_platform_on_the_same_data_is_refused(&process);
    let keys = list_signing_keys(&platform).await;
    stops_beside_a_slow_client(&process).await;
    let rotated = rotate_signing_key(&process);
    process.run().await;
    let new: Vec<_> = list_signing_keys(&platform).await.into_iter().filter(|id| !keys.contains(id)).collect();
    assert!(new.len() == 1 && rotated.starts_with(&format!("key {} signs from ", new[0])), "{rotated} {new:?}");
    assert!(process.terminate().await.0.success());

    let hash = stdout_of(&ev(&["tree", "hash"], of("binary")));
    assert_eq!(hash, stdout_of(&ev(&["tree", "hash"], of("binary"))));
    assert_eq!(hash, format!("{}  after {} entries", digest["digest"].as_str().unwrap(), digest["seq"]));
    let verified: Value = serde_json::from_str(&stdout_of(&ev(&["tree", "verify"], of("binary")))).unwrap();
    assert_eq!((&verified["ok"], &verified["journal_entries"]), (&json!(true), &digest["seq"]), "{verified}");
    let verified: Value = serde_json::from_str(&stdout_of(&ev(&["ledger", "verify"], of("wallet")))).unwrap();
    assert_eq!(verified["ok"], true, "{verified}");
    let file = process.data.join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    let arguments = ["plan", "simulate", "--file", file.to_str().unwrap()];
    let report: Value = serde_json::from_str(&stdout_of(&ev(&arguments, of("binary")))).unwrap();
    assert_eq!(report, simulated);
    assert_eq!(report["candidate"], report["live"], "{report}");
    assert_eq!(run_task(&process, "plan_simulation", &plan), json!({ "result": simulated }));
    let failed = run_task(&process, "plan_simulation", &json!("no plan"));
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("invalid type")), "{failed}");
    the_status_names_what_an_operator_has_to_do(&process).await;
    a_changed_pair_fails_the_command(&process).await;
    for service in ev::services() {
        let migrated = stdout_of(&ev(&["migrate", "--service", service.name], of(service.name)));
        assert_eq!(migrated, format!("{}: nothing applied", service.name));
        assert_eq!(stdout_of(&ev(&["parked", "list", "--service", service.name], of(service.name))), "0 parked");
    }
}

/// The last message of a long task of binary in a process of its own.
fn run_task(process: &Process, kind: &str, input: &Value) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
    command.args(["run-task", "binary", kind]).env_clear().env("DATABASE_URL", process.database("binary"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = stdout_of(&child.wait_with_output().unwrap());
    serde_json::from_str(output.lines().last().unwrap()).unwrap()
}

async fn list_signing_keys(platform: &TestPlatform) -> Vec<String> {
    let keys = platform.anonymous().get("//.well-known/jwks.json").await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Rotates the key with the secrets of the platform; without them the command fails.
fn rotate_signing_key(process: &Process) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
    command.args(["keys", "rotate"]).env_clear().env("DATABASE_URL", process.database("auth"));
    let refused = command.output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("PII_KEYS"));
    let secrets = std::fs::read_to_string(process.data.join("secrets.env")).unwrap();
    command.envs(secrets.lines().filter_map(|line| line.split_once('=')));
    stdout_of(&command.output().unwrap())
}

async fn the_status_names_what_an_operator_has_to_do(process: &Process) {
    let data = process.data.to_str().unwrap();
    let status: Value = serde_json::from_str(&stdout_of(&ev(&["status", "--json", "--data", data], None))).unwrap();
    assert_eq!((&status["ok"], status["services"].as_array().unwrap().len()), (&json!(true), 8), "{status}");
    assert!(stdout_of(&ev(&["status", "--data", data], None)).ends_with("ok"));
    let db = Db::connect(&DbConfig::new(process.database("reports"))).await.unwrap();
    let deferred = "INSERT INTO deferred_events VALUES (x'00', 'booking.v1.Later', 'booking', 's', \
                    '2026-11-30 00:00:00', 1, '', x'', 'unknown', '2026-11-30 00:00:00')";
    db.write().await.unwrap().batch_execute(deferred).await.unwrap();
    let output = ev(&["status", "--data", data], None);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && text.contains("PROBLEM reports: 1 events of type booking.v1.Later"), "{text}");
    let none = ev(&["status", "--data", "/nonexistent"], None);
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stdout).contains("does not exist"));
}

async fn a_changed_pair_fails_the_command(process: &Process) {
    let url = process.database("binary");
    let db = Db::connect(&DbConfig::new(url.clone())).await.unwrap();
    let change = "DROP TRIGGER pairs_refuse_rewrite; UPDATE pairs SET gross_paise = gross_paise + 1 WHERE ordinal = 1";
    db.write().await.unwrap().batch_execute(change).await.unwrap();
    let refused = ev(&["tree", "verify"], Some(url));
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains(r#""column": "gross_paise""#) && stderr.contains(r#""found": "500.01""#), "{stderr}");
}

/// The second process reports the holder of the data folder and changes nothing.
fn a_second_platform_on_the_same_data_is_refused(process: &Process) {
    let refused = ev(&["up", "--addr", &free_address(), "--data", process.data.to_str().unwrap()], None);
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    let holder = std::fs::read_to_string(process.data.join("ev.lock")).unwrap();
    assert!(stderr.contains(&format!("in use by process {}:", holder.trim())), "{stderr}");
}

/// A client with half a request does not delay the shutdown.
async fn stops_beside_a_slow_client(process: &Process) {
    let mut slow = TcpStream::connect(process.url().trim_start_matches("http://")).unwrap();
    slow.write_all(b"GET /api/v1/vehicles HTTP/1.1\r\nHost: ev\r\n").unwrap();
    let (status, took) = process.terminate().await;
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(slow);
}

#[test]
fn the_embedded_run_refuses_a_public_address() {
    let data = std::env::temp_dir().join(format!("ev-open-{}", crate::platform::short_id()));
    let address = free_address().replace("127.0.0.1", "0.0.0.0");
    let refused = ev(&["up", "--addr", &address, "--data", data.to_str().unwrap()], None);
    let _removed = std::fs::remove_dir_all(&data);
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("one-time codes") && stderr.contains("SMTP_URL"), "{stderr}");
}

#[test]
fn a_damaged_database_stops_the_start_with_its_path_and_advice() {
    let data = std::env::temp_dir().join(format!("ev-damaged-{}", crate::platform::short_id()));
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("auth.db"), "no database ".repeat(1_000)).unwrap();
    let refused = ev(&["up", "--addr", &free_address(), "--data", data.to_str().unwrap()], None);
    std::fs::remove_dir_all(&data).unwrap();
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("/auth.db: file is not a database; restore the file from a backup"), "{stderr}");
}

#[test]
fn an_invalid_setting_is_reported_with_its_value_and_the_accepted_values() {
    let data = std::env::temp_dir().join(format!("ev-setting-{}", crate::platform::short_id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
    command.args(["up", "--addr", &free_address(), "--data", data.to_str().unwrap()]).env_clear();
    let refused = command.env("PLAN_NOTICE_HOURS", "soon").output().unwrap();
    let _removed = std::fs::remove_dir_all(&data);
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    let expected = "PLAN_NOTICE_HOURS: `soon` is not accepted: give a number of hours from 0 to 8784";
    assert!(stderr.contains(expected), "{stderr}");
}

pub(crate) async fn only_the_embedded_run_shows_mails(platform: &TestPlatform) {
    let path = "//dev/messages?to=unknown@example.in";
    if platform.in_process.is_some() {
        assert_eq!(platform.anonymous().get(path).await.expect(200), json!({ "items": [] }));
        return;
    }
    assert_eq!(platform.anonymous().get(path).await.status, 404);
    for service in ev::services() {
        let variable = format!("STACK_{}_URL", service.name.to_uppercase());
        let url = Env::from_process().required(&variable).unwrap().to_owned();
        let alone = testkit::Client::new(url, None);
        alone.get("//health/live").await.expect(200);
        assert_eq!(alone.get(path).await.status, 404, "{}", service.name);
    }
}
