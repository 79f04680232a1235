//! Rebuild of a lost service database from the outboxes of the other services.

use crate::commands::{ev, stdout_of};
use crate::platform::TestPlatform;
use crate::process::Process;
use serde_json::{Value, json};

const READ_MODELS: [&str; 4] = ["sales", "users", "wallet", "binary"];
const BEGINNING: &str = "2026-01-01T00:00:00Z";

async fn figures(platform: &TestPlatform) -> Vec<Value> {
    let admin = &platform.admin().await.http;
    let mut figures = vec![admin.get("/reports/dashboard").await.expect(200)];
    for name in READ_MODELS {
        figures.push(admin.get(&format!("/reports/{name}")).await.expect(200));
    }
    figures
}

/// The kinds and titles that staff find.
async fn found(platform: &TestPlatform, query: &str) -> Vec<String> {
    let answer = platform.admin().await.http.get(&format!("/search?q={query}")).await;
    let items = if answer.status == 200 { answer.body["items"].clone() } else { json!([]) };
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    items.as_array().unwrap().iter().map(|item| format!("{} {}", text(item, "type"), text(item, "title"))).collect()
}

/// Waits until the sponsor and their receipt are found: the index follows by itself.
async fn wait_for_search(platform: &TestPlatform, email: &str, receipt: &str) {
    for (query, kind) in [(email, "person"), (receipt, "payment")] {
        let kinds = async || found(platform, query).await.iter().map(|item| item.starts_with(kind)).collect::<Vec<_>>();
        platform.wait_until(query, vec![true], kinds).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn republished_events_rebuild_an_empty_database_and_change_no_other_service() {
    let process = Process::start().await;
    let platform = TestPlatform::process(&process.url());
    let sponsor = platform.member(None).await;
    sponsor.join_tree(&platform).await;
    for _ in 0..3 {
        platform.member(Some(&sponsor)).await.join_tree(&platform).await;
    }
    process.drain().await;
    let admin = &platform.admin().await.http;
    let queued = async || admin.get("/notifications/deliveries?state=queued").await.expect(200)["items"].clone();
    platform.wait_until("queued messages", json!([]), queued).await;
    let payments = async || sponsor.http.get("/payments").await.expect(200)["items"][0]["receipt_number"].clone();
    platform.wait_until("a numbered receipt", true, async || payments().await.is_string()).await;
    let receipt = payments().await.as_str().unwrap().to_owned();
    wait_for_search(&platform, &sponsor.email, &receipt).await;
    let before = figures(&platform).await;
    assert_eq!(before[0]["commission_paid"], "575.00", "{}", before[0]);
    let lines = sponsor.lines().await;
    let notifications = sponsor.http.get("/notifications").await.expect(200);

    let (status, _) = process.terminate().await;
    assert!(status.success(), "{status}");
    for file in ["reports.db", "reports.db-wal", "reports.db-shm"] {
        let _removed = std::fs::remove_file(process.data.join(file));
    }
    process.run().await;
    assert_eq!(figures(&platform).await[0]["users"], 0);

    for service in ev::services() {
        let arguments = ["republish", "--service", service.name, "--from", BEGINNING];
        let database = process.database(service.name);
        let output = tokio::task::spawn_blocking(move || stdout_of(&ev(&arguments, Some(database)))).await.unwrap();
        assert!(output.ends_with(" events were published again"), "{}: {output}", service.name);
    }
    process.drain().await;
    assert_eq!(figures(&platform).await, before);
    wait_for_search(&platform, &sponsor.email, &receipt).await;
    let database = process.database("reports");
    let output =
        tokio::task::spawn_blocking(move || stdout_of(&ev(&["search", "rebuild"], Some(database)))).await.unwrap();
    assert!(output.contains(" documents of the search are built"), "{output}");
    wait_for_search(&platform, &sponsor.email, &receipt).await;
    assert_eq!(sponsor.lines().await, lines);
    assert_eq!(sponsor.http.get("/notifications").await.expect(200), notifications);
    assert_eq!(platform.anonymous().get("//dev/messages").await.expect(200), json!({ "items": [] }));
    process.assert_nothing_parked("a rebuilt service").await;
    platform.verify_ledger().await;
}
