//! When a process counts as started.

use std::time::Duration;

use rootward_core::{EventKind, Outcome};
use rootward_procs::{Ready, ReadyContext};

use crate::given::{is_alive, shell, tree};
use crate::until::within;

#[tokio::test]
async fn a_process_is_ready_when_it_has_written_the_line() {
    let process =
        shell("echo loading; echo listening on 80; exec sleep 1000").ready(Ready::line("^listening"));
    let given = tree([process.into_child("child")]);
    given.tree.started().await.unwrap();
    given.stop().await;

    let order: Vec<String> = given.rest().await.iter().filter_map(|event| tell(&event.what)).collect();

    assert_eq!(order, ["loading", "listening on 80", "started"]);
}

#[tokio::test]
async fn a_process_that_says_it_is_ready_and_ends_has_started_first() {
    let process = shell("echo ready >&2; exit 0").ready(Ready::line("ready")).into_child("child");

    let given = tree([process]);

    let order: Vec<String> = given.rest().await.iter().filter_map(|event| tell(&event.what)).collect();
    assert_eq!(order, ["ready", "started", "exited"]);
}

#[tokio::test]
async fn a_users_own_check_decides_and_knows_the_process() {
    let check = Ready::check(|ReadyContext { pid, .. }| async move {
        while !std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm == "sleep\n") {
            tokio::task::yield_now().await;
        }
    });
    let given = tree([shell("exec sleep 1000").ready(check).into_child("child")]);

    within("the check passes", given.tree.started()).await.unwrap();
}

#[tokio::test]
async fn a_check_that_fails_fails_the_start_and_the_process_is_gone_by_then() {
    let check =
        Ready::check(|ReadyContext { pid, .. }| async move { Err::<(), _>(format!("pid {pid} is ugly")) });
    let given = tree([shell("exec sleep 1000").ready(check).into_child("child")]);

    let error = given.start_error().await;

    assert!(error.starts_with("the readiness check of `/bin/sh` failed: pid "), "{error}");
    let pid = error.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_process_that_is_not_ready_in_time_is_ended_and_its_start_has_failed() {
    let process = shell("trap '' TERM; echo $$; exec sleep 1000")
        .ready(Ready::line("never"))
        .ready_timeout(Duration::from_millis(100))
        .straggler_grace(Duration::from_millis(50));
    let mut given = tree([process.into_child("child")]);
    let pid: u32 = given.line().await.parse().unwrap();

    let waited = "waited for a line that matches /never/; it wrote last:";
    let expected = format!("`/bin/sh` was not ready within 100ms: {waited} \"{pid}\"");
    assert_eq!(given.start_error().await, expected);
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_check_that_does_not_end_in_time_is_dropped_and_the_time_is_what_is_named() {
    let check = Ready::check(|_| std::future::pending::<()>());
    let process = shell("exec sleep 1000").ready(check).ready_timeout(Duration::from_millis(50));
    let given = tree([process.into_child("child")]);

    assert_eq!(
        given.start_error().await,
        "`/bin/sh` was not ready within 50ms: waited for its readiness check"
    );
}

#[tokio::test]
async fn a_process_that_ends_before_it_is_ready_is_not_waited_for() {
    let given = tree([shell("exit 9").ready(Ready::line("never")).into_child("child")]);

    let expected = "it ended before it had started: exit code 9; waited for a line that matches /never/";
    assert_eq!(given.start_error().await, expected);
}

#[tokio::test]
async fn a_process_is_ready_when_its_address_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let given = tree([shell("exec sleep 1000").ready(Ready::tcp(address).any_owner()).into_child("child")]);

    given.tree.started().await.unwrap();
}

#[tokio::test]
async fn a_process_is_ready_when_its_file_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ready");
    let process =
        shell("touch \"$0\"; exec sleep 1000").arg(&path).ready(Ready::path(&path)).into_child("child");

    let given = tree([process]);

    given.tree.started().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_process_that_is_still_getting_ready_can_be_stopped() {
    let check = Ready::check(|_| std::future::pending::<()>());
    let mut given = tree([shell("echo running; exec sleep 1000").ready(check).into_child("child")]);
    given.wait_for_line("running").await;

    assert_eq!(given.stop().await.outcome, Outcome::Graceful);
}

fn tell(what: &EventKind) -> Option<String> {
    match what {
        EventKind::Started { pid: Some(_) } => Some("started".into()),
        EventKind::Exited { status: Some(_), .. } => Some("exited".into()),
        EventKind::Output { line, .. } => Some(line.clone()),
        _ => None,
    }
}
