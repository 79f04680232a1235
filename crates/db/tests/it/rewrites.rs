//! Rewriting of stored bytes, while others write.

use crate::fixture::Fixture;
use crate::store::{enqueue, outbox};
use db::rewrite::{RewritableColumn, Rewrite};
use db::{Db, DbConfig, rewritable_column};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

const PAYLOADS: RewritableColumn = rewritable_column!(outbox, position as i64, payload as topic);
const SOME: RewritableColumn =
    rewritable_column!(outbox, position as i64, payload as ("all"), if outbox::topic.eq("old"));

/// Makes `old` values to `new` ones.
#[derive(Default)]
struct ToNew {
    batch_rows: i64,
    seen: Vec<String>,
    batches: Vec<(usize, usize)>,
    /// Runs in place of a change by another process, before the first value is replaced.
    before_first: Option<Box<dyn FnOnce() + Send>>,
    panic_after: Option<usize>,
}

impl Rewrite for ToNew {
    fn batch_rows(&self) -> i64 {
        self.batch_rows
    }
    fn replacement(&mut self, label: &str, value: &[u8]) -> Option<Vec<u8>> {
        if let Some(change) = self.before_first.take() {
            change();
        }
        self.seen.push(label.to_owned());
        value.strip_prefix(b"old").map(|rest| [b"new", rest].concat())
    }
    fn batch_stored(&mut self, replaced: usize, changed_meanwhile: usize) {
        self.batches.push((replaced, changed_meanwhile));
        assert_ne!(self.panic_after, Some(self.batches.len()), "killed");
    }
}

async fn insert(db: &Db, rows: &[(&str, &str)]) {
    let c = &mut *db.write().await.unwrap();
    for (topic, payload) in rows {
        enqueue(c, topic, payload.as_bytes()).await.unwrap();
    }
}

async fn payloads(db: &Db) -> Vec<String> {
    let mut c = db.read().await.unwrap();
    let rows: Vec<Vec<u8>> = outbox::table.order(outbox::position).select(outbox::payload).load(&mut c).await.unwrap();
    rows.into_iter().map(|payload| String::from_utf8(payload).unwrap()).collect()
}

/// Sets all payloads on a thread and a connection of its own.
fn set_elsewhere(config: &DbConfig, payload: &'static [u8]) -> Box<dyn FnOnce() + Send> {
    let config = config.clone();
    Box::new(move || {
        let change = move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let db = Db::connect(&config).await.unwrap();
                let c = &mut *db.write().await.unwrap();
                diesel::update(outbox::table).set(outbox::payload.eq(payload)).execute(c).await.unwrap();
            });
        };
        std::thread::spawn(change).join().unwrap();
    })
}

pub(crate) async fn every_value_is_rewritten_in_batches_of_any_size(fixture: Fixture) {
    let db = fixture.migrated().await.db;
    let rows: Vec<(&str, &str)> =
        vec![("old", "old1"), ("new", "new2"), ("old", "old3"), ("old", "x"), ("old", "old5")];
    for batch_rows in [1, 4, 5, 6] {
        diesel::delete(outbox::table).execute(&mut *db.write().await.unwrap()).await.unwrap();
        insert(&db, &rows).await;
        let mut rewrite = ToNew { batch_rows, ..ToNew::default() };
        (PAYLOADS.rewrite)(&db, &mut rewrite).await.unwrap();
        assert_eq!(payloads(&db).await, ["new1", "new2", "new3", "x", "new5"]);
        assert_eq!(rewrite.seen, ["old", "new", "old", "old", "old"]);
        assert_eq!(rewrite.batches.iter().map(|batch| batch.0).sum::<usize>(), 3);
        let expected = usize::try_from((5 + batch_rows - 1) / batch_rows).unwrap();
        assert_eq!(rewrite.batches.len(), expected, "{batch_rows}");
    }
    insert(&db, &[("new", "old6")]).await;
    let mut rewrite = ToNew { batch_rows: 2, ..ToNew::default() };
    (SOME.rewrite)(&db, &mut rewrite).await.unwrap();
    assert_eq!(rewrite.seen, ["all"; 4]);
    assert_eq!(payloads(&db).await.last().unwrap(), "old6");
}

pub(crate) async fn a_value_that_changes_meanwhile_stays_as_it_was_written(fixture: Fixture) {
    let fixture = fixture.migrated().await;
    insert(&fixture.db, &[("a", "old1"), ("b", "old2"), ("c", "old3")]).await;
    let before_first = Some(set_elsewhere(&fixture.config, b"old of a service"));
    let mut rewrite = ToNew { batch_rows: 2, before_first, ..ToNew::default() };
    (PAYLOADS.rewrite)(&fixture.db, &mut rewrite).await.unwrap();
    // The first two were read before the change, the third after it.
    assert_eq!(payloads(&fixture.db).await, ["old of a service", "old of a service", "new of a service"]);
    assert_eq!(rewrite.batches, [(0, 2), (1, 0)]);
    (PAYLOADS.rewrite)(&fixture.db, &mut ToNew { batch_rows: 2, ..ToNew::default() }).await.unwrap();
    assert_eq!(payloads(&fixture.db).await, ["new of a service"; 3]);
}

pub(crate) async fn a_rewrite_that_was_killed_is_started_again_and_does_the_rest(fixture: Fixture) {
    let db = fixture.migrated().await.db;
    insert(&db, &[("a", "old1"), ("b", "old2"), ("c", "old3"), ("d", "old4")]).await;
    let killed = tokio::spawn({
        let db = db.clone();
        async move {
            let mut rewrite = ToNew { batch_rows: 1, panic_after: Some(2), ..ToNew::default() };
            (PAYLOADS.rewrite)(&db, &mut rewrite).await
        }
    });
    assert!(killed.await.unwrap_err().is_panic());
    assert_eq!(payloads(&db).await, ["new1", "new2", "old3", "old4"]);
    let mut rewrite = ToNew { batch_rows: 1, ..ToNew::default() };
    (PAYLOADS.rewrite)(&db, &mut rewrite).await.unwrap();
    assert_eq!(rewrite.batches, [(0, 0), (0, 0), (1, 0), (1, 0)]);
    assert_eq!(payloads(&db).await, ["new1", "new2", "new3", "new4"]);
}
