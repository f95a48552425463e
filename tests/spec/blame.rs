//! A tree that comes down because of a failure says so, and says which.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{Blame, Ending, Outcome};
use rootward::spec::Intensity;
use rootward::{AutoShutdown, ChildSpec, DynamicSupervisor, Exit, Restart, StopReport, Supervisor};

use serde_json::json;

use crate::support::{Puppet, builder, given, given_tree, obedient, settle};

fn blame(report: &StopReport) -> (&str, String) {
    let Blame { child, exit, .. } = report.blame.as_ref().expect("a failure brought it down");
    (child.as_str(), exit.to_string())
}

fn fails(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| async { Err::<(), _>("connection refused") })
}

#[tokio::test(start_paused = true)]
async fn a_root_that_gave_up_says_which_failure_was_one_too_many() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a")).child(fails("worker"))).await;

    let report = tree.wait().await;

    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    let limit = Intensity { max_restarts: 1, within: Duration::from_secs(5) };
    let said = report.blame.as_ref().unwrap();
    assert_eq!((said.supervisor.as_ref().unwrap().as_str(), said.limit), ("root", Some(limit)));
    assert_eq!(
        said.to_string(),
        "root/worker failed: connection refused, and root gave up: more than 1 restart within 5s"
    );
    let json = serde_json::to_value(&*report).unwrap();
    assert_eq!(json["blame"]["status"]["error"], "connection refused");
}

#[tokio::test(start_paused = true)]
async fn the_deepest_failure_is_named_however_many_supervisors_gave_up_above_it() {
    let never = |id: &str| Supervisor::new(id).intensity(0, Duration::from_secs(1));
    let root = never("root").child(never("inner").child(never("deep").child(fails("worker"))));
    let (tree, _log) = given(root).await;

    let report = tree.wait().await;

    assert_eq!(blame(&report), ("root/inner/deep/worker", "failed: connection refused".to_owned()));
    assert_eq!(report.blame.as_ref().unwrap().supervisor.as_ref().unwrap().as_str(), "root/inner/deep");
}

#[tokio::test(start_paused = true)]
async fn an_auto_shutdown_that_a_failure_set_off_is_a_failure() {
    for (restart, has_failed) in [(Restart::Temporary, true), (Restart::Temporary, false)] {
        let job = Puppet::new("job");
        let root = Supervisor::new("root")
            .auto_shutdown(AutoShutdown::AnySignificant)
            .child(job.spec().restart(restart).significant(true));
        let (tree, _log) = given(root).await;

        if has_failed {
            job.fails()
        } else {
            job.ends()
        }
        let report = tree.wait().await;

        assert_eq!(report.cause, StopCause::AutoShutdown);
        let expected = if has_failed { Ending::Failed } else { Ending::Clean };
        assert_eq!((report.ending, report.blame.is_some()), (expected, has_failed));
    }
}

#[tokio::test(start_paused = true)]
async fn a_nested_auto_shutdown_that_a_failure_set_off_fails_the_whole_tree() {
    let job = Puppet::new("job");
    let inner = Supervisor::new("inner")
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(job.spec().restart(Restart::Temporary).significant(true))
        .into_child();
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let root = root.child(inner.restart(Restart::Transient).significant(true));
    let (tree, _log) = given(root).await;

    job.fails();
    let report = tree.wait().await;

    assert_eq!((report.ending, blame(&report).0), (Ending::Failed, "root/inner/job"));
}

#[tokio::test(start_paused = true)]
async fn a_tree_in_which_nothing_is_left_has_failed_if_its_last_job_has() {
    for has_failed in [true, false] {
        let (first, last) = (Puppet::new("first"), Puppet::new("last"));
        let jobs = [&first, &last].map(|job| job.spec().restart(Restart::Temporary));
        let root = Supervisor::new("root").child(Supervisor::new("inner").children(jobs));
        let (tree, _log) = given_tree(builder(root).stop_when_idle(true)).await;

        // What failed before and was not the end of it does not count.
        first.fails();
        settle().await;
        if has_failed {
            last.fails()
        } else {
            last.ends()
        }
        let report = tree.wait().await;

        assert_eq!(report.cause, StopCause::Idle);
        let expected = if has_failed { Ending::Failed } else { Ending::Clean };
        assert_eq!(report.ending, expected, "{report}");
    }
}

/// OTP rule 12.
#[tokio::test(start_paused = true)]
async fn a_task_that_fails_or_panics_while_it_stops_is_told_and_not_clean() {
    let cannot_flush = ChildSpec::task("writer", |cx| async move {
        cx.stopping().await;
        Err::<(), _>("cannot flush the last batch: disk full")
    });
    let panics = ChildSpec::task("panics", |cx| async move {
        cx.stopping().await;
        std::panic::panic_any("too late");
    });
    let root = Supervisor::new("root").child(obedient("a")).child(cannot_flush).child(panics);
    let (tree, _log) = given(root).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.clean, report.ending.exit_status()), (Ending::Failed, false, 1));
    let failed: Vec<_> = report.failed_while_stopping().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(failed, ["root/writer", "root/panics"]);
    let writer = report.find("root/writer").unwrap();
    let error = Exit::Failed { error: "cannot flush the last batch: disk full".to_owned() };
    assert_eq!((writer.outcome, writer.status.clone()), (Outcome::Graceful, Some(error)));
    assert_eq!(report.to_string().lines().next(), Some("failed · api · 0s · failed while stopping: 2"));
    let json = serde_json::to_value(&*report).unwrap();
    let marked = json["root"]["children"].as_array().unwrap().iter();
    let marked: Vec<_> = marked.map(|child| child.get("failed_while_stopping")).collect();
    assert_eq!(json["failed_while_stopping"], 2);
    assert_eq!(marked, [None, Some(&json!(true)), Some(&json!(true))], "{json}");
}

#[tokio::test(start_paused = true)]
async fn a_report_of_a_stop_in_which_nothing_failed_has_no_count_of_failures() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;

    let report = tree.stop().await;

    assert!(serde_json::to_value(&*report).unwrap().get("failed_while_stopping").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_was_dealt_with_before_the_stop_is_none_of_its_business() {
    let a = Puppet::new("a");
    let jobs = DynamicSupervisor::new("jobs");
    let (tree, mut log) = given(Supervisor::new("root").child(jobs).child(a.spec())).await;
    let job = fails("job").restart(Restart::Temporary);
    tree.supervisor("root/jobs").unwrap().start_child(job).await.unwrap();
    a.fails();
    log.wait_for_event("a", "restarting").await;
    settle().await;

    let report = tree.stop().await;

    assert!(report.clean && report.blame.is_none(), "{report}");
}
