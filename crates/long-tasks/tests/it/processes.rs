//! Tasks in a process of their own: what it is given, and every way in which it ends.

use crate::fixture::{APART, Fixture, HERE};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_gets_kind_input_and_variables_and_its_messages_become_progress_and_result() {
    let script = r#"read -r input; echo '{"percent":40}'; echo "{\"result\":[\"$1\",$input,\"$PURSE_COLOUR\"]}""#;
    let fixture = Fixture::with_program(script).await;
    let result = json!(["apart", "gold", "brown"]);
    assert_eq!(fixture.run(&APART, "gold").await, ("done".to_owned(), 100, result.clone()));
    assert_eq!(fixture.tasks.run_now(&APART, json!("gold")).await.unwrap(), result);
    assert_eq!(fixture.run(&HERE, "silver").await.2, json!("silver"), "other kinds run in this process");
}

#[tokio::test]
async fn a_process_that_fails_or_dies_fails_its_task() {
    for script in [
        r#"echo '{"error":"it failed"}'"#,
        r#"echo '{"percent":40}'; exit 3"#,
        r#"echo '{"percent":40}'; kill -9 $$"#,
        r"echo 'no JSON'",
        r"exit 0",
    ] {
        let fixture = Fixture::with_program(&format!("cat >/dev/null; {script}")).await;
        let (state, _, result) = fixture.run(&APART, "gold").await;
        assert_eq!((state.as_str(), result), ("failed", Value::Null), "{script}");
    }
}

#[tokio::test]
async fn at_a_shutdown_the_process_is_ended() {
    let pid_file = std::env::temp_dir().join(format!("ev-task-{}", runtime::id::fresh::<domain::UserId>()));
    let script = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", pid_file.display());
    let fixture = Fixture::with_program(&script).await;
    let id = fixture.request(&APART, "gold").await.unwrap();
    let job = async { fixture.run_job().await.unwrap() };
    let observer = async {
        while !pid_file.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        fixture.shutdown.cancel();
    };
    tokio::join!(job, observer);
    assert_eq!(fixture.show(&APART, id).await.0, "queued");
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let is_running = || {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        status.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while is_running() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    std::fs::remove_file(&pid_file).unwrap();
}
