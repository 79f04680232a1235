//! The journal: every process that follows it has the same tree.

use crate::fixture::{digest, join, pay, refund, start, start_day};
use binary::app::follow::follow;
use binary::app::tree_store::TreeStore;
use binary::domain::Tree;
use binary::store::journal;
use diesel_async::RunQueryDsl;
use testkit::TestService;

/// Placements, refunds and new payments of the same members, across the end of a month.
async fn history(s: &TestService) {
    let (a, _) = join(s, "A", None).await;
    let mut paid = Vec::new();
    for n in 0..14 {
        paid.push(join(s, &format!("M{n}"), Some(a)).await);
    }
    for (_, payment) in paid.iter().step_by(3) {
        refund(s, payment).await;
    }
    s.clock.set("2026-12-02T00:00:00Z".parse().unwrap());
    start_day(s, "2026-12-01").await;
    for (id, _) in paid.iter().step_by(6) {
        pay(s, *id, 900).await;
    }
}

#[tokio::test]
async fn a_follower_that_starts_anywhere_ends_with_the_same_tree() {
    let s = start().await;
    let follower = TreeStore::default();
    let mut c = s.ctx().db().read().await.unwrap();
    drop(follower.read(&mut c).await.unwrap());
    history(&s).await;
    let written = digest(&s).await;
    let followed = follower.read(&mut c).await.unwrap().tree.digest();
    assert_eq!(format!("{followed:016x}"), written["digest"].as_str().unwrap());
    // Stopping and resuming at any entry gives the same tree.
    let head = journal::load_head(&mut c).await.unwrap();
    for stop in 0..=head {
        let mut tree = Tree::default();
        follow(&mut c, &mut tree, stop).await.unwrap();
        follow(&mut c, &mut tree, head).await.unwrap();
        assert_eq!(tree.digest(), followed, "after a stop at {stop}");
    }
    drop(c);
    s.finish().await;
}

#[tokio::test]
async fn the_log_lists_every_input_once_page_by_page() {
    let s = start().await;
    history(&s).await;
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = s.as_staff().get(&format!("/binary/log?limit=7&after={after}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()));
        match page["next_after"].as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    let head = digest(&s).await["seq"].as_i64().unwrap();
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());
    assert_eq!(s.as_staff().get("/binary/log?limit=0").await.problem(422), "request.bad_limit");
    s.finish().await;
}

#[tokio::test]
async fn neither_the_journal_nor_a_position_can_be_changed() {
    let s = start().await;
    join(&s, "A", None).await;
    let mut c = s.ctx().db().write().await.unwrap();
    for statement in [
        "UPDATE tree_log SET kind = 'paid'",
        "DELETE FROM tree_log",
        "UPDATE nodes SET side = 'right'",
        "DELETE FROM nodes",
    ] {
        let error = diesel::sql_query(statement).execute(&mut *c).await.unwrap_err();
        assert!(db::is_append_only_violation(&error), "{statement}: {error}");
    }
    drop(c);
    s.finish().await;
}
