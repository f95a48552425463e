//! What a report says of children that are gone while something above them is blocked.

use std::sync::Arc;

use rootward::report::Outcome;
use rootward::{AutoShutdown, ChildSpec, Restart, Supervisor, TaskContext};
use tokio::sync::Notify;

use crate::support::{Blocked, Hostile, Place, Puppet, blocks, builder, given_tree, obedient, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_supervisor_that_is_over_is_reported_with_its_children_while_the_one_above_is_blocked() {
    let (blocked, release) = Blocked::new();
    let last = Puppet::new("a");
    let inner = Supervisor::new("inner")
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(obedient("first"))
        .child(last.spec().restart(Restart::Transient).significant(true));
    let root = Supervisor::new("root").child(inner).child(Hostile::child("b", Place::Stop, blocks(&blocked)));
    let (tree, _log) = given_tree(builder(root).deadline(None)).await;
    let above = tree.root().unwrap();
    let terminated = tokio::runtime::Handle::current().spawn(async move { above.terminate_child("b").await });
    blocked.is_there().await;
    let over = tree.supervisor("root/inner").unwrap();
    last.ends();
    while over.is_running() {
        tokio::task::yield_now().await;
    }

    tree.report_now();

    let report = within("the report", tree.wait()).await;
    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/inner"), Some(Outcome::Unreapable), "the root has not heard of its end");
    assert_eq!(outcome("root/inner/first"), Some(Outcome::Graceful));
    assert_eq!(outcome("root/inner/a"), Some(Outcome::AlreadyGone));
    drop(release);
    within("the end", tree.wait_gone()).await;
    drop(terminated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_of_a_task_that_are_gone_are_reported_while_the_task_does_not_go() {
    let (blocked, release) = Blocked::new();
    let there = Arc::new(Notify::new());
    let (started, stays) = (Arc::clone(&there), blocked.clone());
    let task = ChildSpec::task("t", move |cx: TaskContext| {
        let (started, stays) = (Arc::clone(&started), stays.clone());
        async move {
            cx.start_child(obedient("a")).await.unwrap();
            started.notify_one();
            cx.stopping().await;
            stays.stay();
        }
    });
    let (tree, mut log) = given_tree(builder(Supervisor::new("root").child(task)).deadline(None)).await;
    there.notified().await;
    tree.request_stop();
    blocked.is_there().await;
    log.wait_for_event("t/a", "stopped").await;

    tree.report_now();

    let report = within("the report", tree.wait()).await;
    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/t"), Some(Outcome::Unreapable));
    assert_eq!(outcome("root/t/a"), Some(Outcome::Graceful));
    drop(release);
    within("the end", tree.wait_gone()).await;
}
