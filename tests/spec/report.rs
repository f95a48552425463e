//! What a stop leaves in writing.

use std::time::Duration;

use rootward::error::TreeStartError;
use rootward::process::Process;
use rootward::report::Outcome;
use rootward::{ChildSpec, EventKind, Restart, Shutdown, Strategy, Supervisor, TaskContext};
use serde_json::json;

use crate::support::{Puppet, assert_holds, fixture, given, obedient, stubborn, takes};

#[tokio::test]
async fn the_report_is_a_json_document() {
    let inner = Supervisor::new("inner").child(obedient("task"));
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("runs_forever").into_child("a")).child(inner)).await;
    log.wait_for_event("root", "started").await;
    let pid = tree.snapshot().find("root/a").unwrap().pid.unwrap();

    let report = serde_json::to_value(&*tree.stop().await).unwrap();

    let a = json!({
        "path": "root/a", "kind": "process", "pid": pid, "outcome": "graceful", "status": {"signal": "SIGTERM"},
        "restarts": 0, "stragglers": []
    });
    let task = json!({
        "path": "root/inner/task", "kind": "task", "outcome": "graceful", "status": {"ok": true}, "restarts": 0
    });
    let inner = json!({
        "path": "root/inner", "kind": "supervisor", "outcome": "graceful", "restarts": 0, "children": [task]
    });
    let root = json!({
        "path": "root", "kind": "supervisor", "outcome": "graceful", "restarts": 0, "children": [a, inner]
    });
    assert_holds(&report, &json!({"clean": true, "cause": "api", "root": root}));
    assert!(report["elapsed_ms"].is_u64() && report["root"]["children"][0]["elapsed_ms"].is_u64());
}

#[tokio::test(start_paused = true)]
async fn the_report_says_what_the_record_says() {
    let (failed, restarted) = (Puppet::new("failed"), Puppet::new("restarted"));
    let inner = Supervisor::new("inner").child(stubborn("forced")).child(takes("slow", SECOND));
    let root =
        Supervisor::new("root").child(failed.spec().restart(Restart::Transient)).child(restarted.spec());
    let (tree, mut log) = given(root.child(inner).child(stubborn("killed").shutdown(Shutdown::Kill))).await;
    failed.ends();
    log.wait_for_event("failed", "exited").await;
    restarted.fails();
    log.wait_for_event("restarted", "started").await;

    let report = tree.stop().await;

    let record = log.until_the_end().await;
    for node in report.root.walk() {
        let last = record.events().iter().rev().find(|event| event.path == node.path).unwrap();
        if let EventKind::Stopped { outcome, status, elapsed, .. } = &last.what {
            assert_eq!(
                (outcome, status, elapsed),
                (&node.outcome, &node.status, &node.elapsed),
                "{}",
                node.path
            );
        } else {
            let EventKind::Exited { status, .. } = &last.what else { panic!("{} has not ended", node.path) };
            assert_eq!((status, node.outcome), (&node.status, Outcome::AlreadyGone), "{}", node.path);
        }
        let restarts = record
            .events()
            .iter()
            .filter(|event| event.path == node.path && matches!(event.what, EventKind::Restarting { .. }));
        assert_eq!(restarts.count(), node.restarts as usize, "{}", node.path);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_forced_is_listed_and_what_was_only_killed_as_wanted_is_not() {
    let root = Supervisor::new("root").child(obedient("a")).child(stubborn("b"));
    let (tree, _log) = given(root.child(stubborn("c").shutdown(Shutdown::Kill))).await;

    let report = tree.stop().await;

    let forced: Vec<_> = report.forced().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(forced, ["root/b"]);
    assert!(report.unreapable().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_forced_in_an_earlier_restart_is_no_part_of_the_stop() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(a.spec());
    let (tree, mut log) = given(root.child(only_the_first_is_stubborn("b"))).await;
    a.fails();
    log.wait_for_event("b", "escalated").await;
    log.wait_for_event("b", "started").await;

    let report = tree.stop().await;

    assert!(report.clean);
}

const SECOND: Duration = Duration::from_secs(1);

/// A task of which only the first incarnation has to be forced to stop.
fn only_the_first_is_stubborn(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move {
        if cx.incarnation() == 1 {
            std::future::pending::<()>().await;
        }
        cx.stopping().await;
    })
}

#[tokio::test(start_paused = true)]
async fn a_report_reads_as_one_line_a_child() {
    let failing = Puppet::new("failing");
    let inner = Supervisor::new("inner").child(stubborn("b")).child(takes("c", SECOND));
    let root = Supervisor::new("root").child(failing.spec().restart(Restart::Transient)).child(inner);
    let (tree, mut log) = given(root.child(ChildSpec::task("over", over).restart(Restart::Transient))).await;
    log.wait_for_event("over", "exited").await;
    failing.fails();
    log.wait_for_event("failing", "restarting").await;
    log.wait_for_event("failing", "started").await;

    let report = tree.stop().await;

    let expected = "forced · api · 6s\n\
                    root · supervisor graceful · 6s\n  \
                    failing · task graceful · 0s · ended normally · restarts 1\n  \
                    inner · supervisor graceful · 6s\n    \
                    b · task killed · 5s · aborted\n    \
                    c · task graceful · 1s · ended normally\n  \
                    over · task already gone · ended normally\n";
    assert_eq!(report.to_string(), expected);
}

async fn over(_: TaskContext) {}

#[tokio::test]
async fn a_report_of_processes_has_their_ids_and_a_child_that_could_not_be_started_has_no_status() {
    let root = Supervisor::new("root").child(fixture!("runs_forever").into_child("a"));
    let missing = Process::new("/no/such/program").into_child("missing");

    let error = root.child(missing).start().await.expect_err("a program is missing");

    let TreeStartError::Start { report, .. } = error else { panic!("a start has failed") };
    let pid = report.find("root/a").unwrap().pid.unwrap();
    let text = report.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("failed · start_failed · "), "{text}");
    assert_eq!(lines[1], "failed to start root/missing: the program `/no/such/program` was not found");
    assert!(lines[3].starts_with("  a · process graceful · "), "{text}");
    assert!(lines[3].ends_with(&format!(" · killed by SIGTERM · pid {pid}")), "{text}");
    assert_eq!(lines[4], "  missing · process already gone");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_several_lines_takes_one_in_the_report() {
    let failed =
        ChildSpec::task("a", |_| async { Err::<(), _>(std::io::Error::other("one\ntwo\u{1b}[31m")) });
    let (tree, _log) = given(Supervisor::new("root").child(failed.restart(Restart::Transient))).await;

    let text = tree.wait().await.to_string();

    assert!(text.contains("a · task already gone · failed: one two\u{fffd}[31m · restarts 1\n"), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}
