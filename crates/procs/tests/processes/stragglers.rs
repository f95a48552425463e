//! What a process leaves behind in its group.

use std::time::Duration;

use rootward_core::{Event, EventKind, Outcome, Straggler};

use crate::given::{is_alive, script, shell, tree};

#[tokio::test]
async fn leftovers_of_a_process_that_ended_by_itself_are_asked_to_go_and_named() {
    let mut given = script("sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; echo $!; exit 5");
    let pid: u32 = given.line().await.parse().unwrap();

    let left = given.event(stragglers).await;

    assert_eq!(left, [Straggler::new(pid, "sleep 1000", Outcome::Graceful)]);
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn leftovers_that_ignore_the_signal_are_killed_after_a_grace_of_their_own() {
    let script = "(trap '' TERM; exec sleep 1000) & until grep -q sleep /proc/$!/comm; do :; done; exit 0";
    let process = shell(script).straggler_grace(Duration::from_millis(50)).into_child("child");

    let left = tree([process]).event(stragglers).await;

    assert_eq!(left.iter().map(|left| left.outcome).collect::<Vec<_>>(), [Outcome::Killed]);
    assert!(!is_alive(left[0].pid));
}

#[tokio::test]
async fn leftovers_of_a_stopped_process_have_what_is_left_of_its_grace() {
    let script = "(trap '' TERM; echo deaf; exec sleep 1000) & wait";
    // Within this grace the shell's end is noticed, or it would have left nothing behind.
    let process = shell(script).into_child("child").shutdown(Duration::from_secs(3));
    let mut given = tree([process]);
    given.wait_for_line("deaf").await;

    let report = given.stop().await;

    assert!(report.forced);
    assert!(report.stragglers.iter().any(|left| left.outcome == Outcome::Killed), "{report:?}");
    assert!(report.stragglers.iter().all(|left| !is_alive(left.pid)), "{report:?}");
}

#[tokio::test]
async fn leftovers_that_need_a_moment_are_waited_for_and_clean() {
    let helper = "trap 'echo helper; exit' TERM; echo ready; while :; do :; done";
    let mut given = script(&format!("({helper}) & trap 'exit 0' TERM; wait; wait"));
    given.wait_for_line("ready").await;

    let report = given.stop().await;

    assert!(!report.forced);
    assert!(report.stragglers.iter().all(|left| left.outcome == Outcome::Graceful), "{report:?}");
    assert_eq!(given.lines().await, ["helper"]);
}

#[tokio::test]
async fn a_process_that_comes_into_being_after_the_stop_signal_gets_it_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let newborn = "sh -c \"echo > born; exec sleep 1000\" & while [ ! -s born ]; do :; done; exit 0";
    let process = shell(&format!("trap '{newborn}' TERM; echo ready; while :; do :; done"));
    let mut given = tree([process.current_dir(dir.path()).into_child("child")]);
    given.wait_for_line("ready").await;

    let report = given.stop().await;

    assert_eq!(report.stragglers.iter().map(|left| left.outcome).collect::<Vec<_>>(), [Outcome::Graceful]);
    assert!(!report.forced);
}

fn stragglers(event: &Event) -> Option<Vec<Straggler>> {
    match &event.what {
        EventKind::Exited { stragglers, .. } if !stragglers.is_empty() => Some(stragglers.clone()),
        _ => None,
    }
}
