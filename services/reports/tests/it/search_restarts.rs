//! Tests of the search's index over restarts, damage, rebuilds and a lost database.

use crate::events::fresh;
use crate::search::{check_all, find, index, person, scenario};
use diesel_async::SimpleAsyncConnection;
use proto_events::auth::v1::{User, UserRegistered};
use runtime::id;
use std::path::Path;
use testkit::TestService;

/// A database file and a folder of an index that outlive a service.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("ev-test-search-{}", id::fresh::<uuid::Uuid>()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    async fn start(&self, search: &str) -> TestService {
        let (database, search) =
            (format!("sqlite://{}/reports.db?synchronous=off", self.0.display()), self.0.join(search));
        let variables = [("DATABASE_URL", database.as_str()), ("SEARCH_DIR", search.to_str().unwrap())];
        TestService::start_with(reports::service(), &variables).await
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

fn damage(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            damage(&entry.path());
        } else if entry.file_name() != "lock" {
            std::fs::write(entry.path(), b"damaged").unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_and_a_restarted_or_damaged_one_find_the_same() {
    let disk = Disk::new();
    let (one, other) = (disk.start("one").await, disk.start("other").await);
    for event in scenario(one.now()) {
        one.deliver_envelope(event).await;
        index(&one).await;
    }
    index(&other).await;
    check_all(&one).await;
    check_all(&other).await;
    one.finish().await;
    other.finish().await;
    let restarted = disk.start("one").await;
    index(&restarted).await;
    check_all(&restarted).await;
    restarted.finish().await;
    damage(&disk.0.join("one"));
    let damaged = disk.start("one").await;
    assert_eq!(damaged.as_staff().get("/search?q=asha").await.problem(503), "reports.search_building");
    index(&damaged).await;
    check_all(&damaged).await;
    damaged.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_of_the_documents_or_of_the_rollups_changes_no_answer_and_repairs_lost_documents() {
    let service = TestService::start(reports::service()).await;
    for event in scenario(service.now()) {
        service.deliver_envelope(event).await;
    }
    index(&service).await;
    let lost = "DELETE FROM search_documents; UPDATE search_state SET last_change = 0";
    service.ctx().db().write().await.unwrap().batch_execute(lost).await.unwrap();
    service.clock.advance_secs(60);
    let now = service.now();
    assert_eq!(reports::search_rebuild::rebuild(service.ctx().db(), now).await.unwrap(), 5);
    check_all(&service).await;
    index(&service).await;
    check_all(&service).await;
    let db = service.ctx().db();
    db.tx(async |c| reports::app::rebuild::rebuild(c).await.map_err(db::DbError::from)).await.unwrap();
    index(&service).await;
    check_all(&service).await;
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_a_lost_database_is_not_used_for_its_successor() {
    let disk = Disk::new();
    let lost = disk.start("index").await;
    for event in scenario(lost.now()) {
        lost.deliver_envelope(event).await;
    }
    index(&lost).await;
    lost.finish().await;
    for file in std::fs::read_dir(&disk.0).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
        std::fs::remove_file(file.path()).unwrap();
    }
    let successor = disk.start("index").await;
    let ravi = person("Ravi", "", "", "", successor.now());
    for name in ["Ravi", "Sunita"] {
        let user = Some(User { name: name.into(), user_id: fresh(), ..ravi.clone() });
        successor.deliver_now(&UserRegistered { user }).await;
    }
    index(&successor).await;
    assert_eq!(find(&successor, "ravi").await.len(), 1);
    assert_eq!(find(&successor, "asha").await, Vec::<String>::new());
    successor.finish().await;
}
