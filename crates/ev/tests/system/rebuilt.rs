//! A service whose database was lost gets everything again from the others' outboxes.

use crate::commands::{ev, said};
use crate::process::Process;
use crate::world::World;
use serde_json::{Value, json};

const READ_MODELS: [&str; 4] = ["sales", "users", "wallet", "binary"];
const BEGINNING: &str = "2026-01-01T00:00:00Z";

async fn figures(world: &World) -> Vec<Value> {
    let admin = &world.admin().await.http;
    let mut figures = vec![admin.get("/reports/dashboard").await.expect(200)];
    for name in READ_MODELS {
        figures.push(admin.get(&format!("/reports/{name}")).await.expect(200));
    }
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_with_an_empty_database_is_told_everything_again_and_nobody_else_is() {
    let process = Process::start().await;
    let world = World::process(&process.url());
    let sponsor = world.member(None).await;
    sponsor.join_tree(&world).await;
    for _ in 0..3 {
        world.member(Some(&sponsor)).await.join_tree(&world).await;
    }
    process.drain().await;
    let before = figures(&world).await;
    assert_eq!(before[0]["commission_paid"], "575.00", "{}", before[0]);
    let lines = sponsor.lines().await;
    let notifications = sponsor.http.get("/notifications").await.expect(200);

    let (status, _) = process.terminate().await;
    assert!(status.success(), "{status}");
    for file in ["reports.db", "reports.db-wal", "reports.db-shm"] {
        let _gone = std::fs::remove_file(process.data.join(file));
    }
    process.run().await;
    assert_eq!(figures(&world).await[0]["users"], 0);

    for service in ev::services() {
        let words = ["republish", "--service", service.name, "--from", BEGINNING];
        let database = process.database(service.name);
        let told = tokio::task::spawn_blocking(move || said(&ev(&words, Some(database)))).await.unwrap();
        assert!(told.ends_with(" were sent again"), "{}: {told}", service.name);
    }
    process.drain().await;
    assert_eq!(figures(&world).await, before);
    assert_eq!(sponsor.lines().await, lines);
    assert_eq!(sponsor.http.get("/notifications").await.expect(200), notifications);
    assert_eq!(world.anonymous().get("//dev/messages").await.expect(200), json!({ "items": [] }));
    process.assert_nothing_parked("a rebuilt service").await;
    world.check_books().await;
}
