//! One task at a time, results, failures and interruptions.

use crate::fixture::{APART, Fixture, HERE};
use http_api::{Page, Problem};
use long_tasks::TaskView;
use serde_json::{Value, json};
use std::time::Duration;

fn assert_busy<T>(refused: Result<T, Problem>) {
    let problem = refused.err().unwrap();
    assert_eq!((problem.status.as_u16(), problem.code, problem.retry_after_secs()), (429, "purse.busy", Some(30)));
}

#[tokio::test]
async fn a_task_waits_runs_and_ends_with_its_result() {
    let fixture = Fixture::new().await;
    let id = fixture.request(&HERE, "gold").await.unwrap();
    assert_eq!(fixture.show(&HERE, id).await, ("queued".to_owned(), 0, Value::Null));
    assert_busy(fixture.request(&HERE, "silver").await);
    assert_busy(fixture.request(&APART, "silver").await);
    fixture.run_job().await.unwrap();
    assert_eq!(fixture.show(&HERE, id).await, ("done".to_owned(), 100, json!("gold")));
    // Without a program, every kind runs in this process.
    assert_eq!(fixture.run(&APART, "silver").await, ("done".to_owned(), 100, json!("silver")));
    fixture.run_job().await.unwrap();
    let other: Result<TaskView<String>, Problem> = fixture.tasks.get(&APART, id).await;
    assert_eq!(other.err().map(|problem| problem.status.as_u16()), Some(404), "a task of another kind");
}

#[tokio::test]
async fn tasks_are_listed_newest_first_in_pages() {
    let fixture = Fixture::new().await;
    for metal in ["gold", "silver", "copper"] {
        fixture.run(&HERE, metal).await;
    }
    fixture.run(&APART, "lead").await;
    let mut page = Page { limit: 2, after: None };
    let first = serde_json::to_value(fixture.tasks.list::<String>(&HERE, &page).await.unwrap()).unwrap();
    let results =
        |list: &Value| list["items"].as_array().unwrap().iter().map(|t| t["result"].clone()).collect::<Vec<_>>();
    assert_eq!(results(&first), [json!("copper"), json!("silver")]);
    page.after = Some(http_api::Cursor::Id(first["items"][1]["id"].as_str().unwrap().parse().unwrap()));
    let second = serde_json::to_value(fixture.tasks.list::<String>(&HERE, &page).await.unwrap()).unwrap();
    assert_eq!((results(&second), &second["next_cursor"]), (vec![json!("gold")], &Value::Null));
}

#[tokio::test]
async fn a_task_that_fails_says_so_and_the_next_one_runs() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.run(&HERE, "fails").await, ("failed".to_owned(), 25, Value::Null));
    assert_eq!(fixture.run(&HERE, "gold").await.0, "done");
    let refused = fixture.tasks.run_now(&HERE, json!("fails")).await.unwrap_err();
    assert_eq!(refused.status.as_u16(), 500);
    let id = fixture.request(&HERE, "gold").await.unwrap();
    fixture.execute("UPDATE long_tasks SET kind = 'gone' WHERE state = 'queued'").await;
    fixture.run_job().await.unwrap();
    fixture.execute("UPDATE long_tasks SET kind = 'here' WHERE kind = 'gone'").await;
    assert_eq!(fixture.show(&HERE, id).await.0, "failed", "a kind of another version");
}

#[tokio::test]
async fn a_task_that_ends_its_process_is_run_three_times() {
    let fixture = Fixture::new().await;
    let id = fixture.request(&HERE, "panics").await.unwrap();
    for _ in 0..3 {
        assert!(fixture.run_job().await.is_err());
        assert_eq!(fixture.show(&HERE, id).await.0, "running");
    }
    fixture.run_job().await.unwrap();
    assert_eq!(fixture.show(&HERE, id).await.0, "failed");
}

#[tokio::test]
async fn while_a_task_runs_a_request_that_waits_is_refused_and_a_shutdown_queues_it_again() {
    let fixture = Fixture::new().await;
    let id = fixture.request(&HERE, "hangs").await.unwrap();
    let job = async { fixture.run_job().await.unwrap() };
    let observer = async {
        fixture.wait_until(&HERE, id, "running").await;
        while fixture.show(&HERE, id).await.1 != 25 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_busy(fixture.tasks.run_now(&HERE, json!("gold")).await);
        assert_busy(fixture.request(&HERE, "gold").await);
        fixture.shutdown.cancel();
    };
    tokio::join!(job, observer);
    assert_eq!(fixture.show(&HERE, id).await.0, "queued");
    // A shutdown is no attempt.
    fixture.execute("UPDATE long_tasks SET input = '\"gold\"' WHERE attempts = 0").await;
    let restarted = long_tasks::LongTasks::new(fixture.ctx.clone(), &[HERE], None, Default::default());
    runtime::jobs::run_once(&restarted.job(), &fixture.ctx).await.unwrap();
    assert_eq!(fixture.show(&HERE, id).await, ("done".to_owned(), 100, json!("gold")));
}

#[tokio::test]
async fn a_request_that_waits_needs_a_connection_for_long_reads() {
    let fixture = Fixture::new().await;
    let mut slots = Vec::new();
    while let Some(slot) = fixture.db().long_read(Duration::ZERO).await {
        slots.push(slot);
    }
    let refused = fixture.tasks.run_now(&HERE, json!("gold")).await.unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (429, "request.busy"));
    drop(slots);
    assert_eq!(fixture.tasks.run_now(&HERE, json!("gold")).await.unwrap(), json!("gold"));
}

#[tokio::test]
async fn tasks_that_ended_are_deleted_after_thirty_days() {
    let fixture = Fixture::new().await;
    fixture.run(&HERE, "gold").await;
    fixture.run(&HERE, "fails").await;
    let waiting = fixture.request(&HERE, "silver").await.unwrap();
    let page = Page { limit: 10, after: None };
    for (days, left) in [(29, 3), (31, 1)] {
        let now = fixture.ctx.now().plus_hours(24 * days);
        fixture.ctx.tx(async |c| long_tasks::delete_expired(c, now).await.map_err(db::DbError::from)).await.unwrap();
        let list = serde_json::to_value(fixture.tasks.list::<String>(&HERE, &page).await.unwrap()).unwrap();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(left), "{list}");
    }
    assert_eq!(fixture.show(&HERE, waiting).await.0, "queued");
}
