//! Code of users that panics wherever it can: everything else still comes down in order, and is acknowledged.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use rootward::child_kind::{Launch, Reporter, RunningChild, StopRequest};
use rootward::error::{StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{ChildSpec, Exit, Supervisor};

use crate::support::{Blocked, Double, given, launched, obedient, settle, started_by};

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_when_it_is_asked_to_stop_is_forced() {
    let b = Double::running("b").that_panics_in("stop");
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(b.spec())).await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    settle().await;
    assert_eq!(b.calls(), ["start", "stop", "force"]);
    b.ends();

    let _ = tree.wait().await;
    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_when_it_is_forced_is_still_waited_for() {
    let b = Double::running("b").that_panics_in("force");
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(b.spec())).await;

    tree.request_stop();
    log.wait_for_event("b", "escalated").await;
    settle().await;
    assert_eq!(log.so_far().count("a", "stopping"), 0);
    b.ends();

    assert_eq!(tree.wait().await.ending, Ending::Forced);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_when_it_is_dropped_is_restarted_and_stopped_like_any_other() {
    let b = Double::running("b").that_panics_in("drop");
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(b.spec())).await;
    b.ends();
    log.wait_for_event("b", "restarting").await;
    log.wait_for_event("b", "started").await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    b.ends();

    assert!(tree.wait().await.clean);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_even_be_named_is_stopped() {
    let b = Double::running("b").that_panics_in("name");
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(b.spec())).await;

    tree.request_stop();
    log.wait_for(|event| event.path == "root/b" && event.what.name() == "stopping").await;
    b.ends();

    let _ = tree.wait().await;
    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_in_the_last_kill_keeps_no_other_child_from_it() {
    let (a, b) = (Double::running("a"), Double::running("b").that_panics_in("last kill"));
    let c = Double::running("c");
    let root = Supervisor::new("root").child(a.spec()).child(b.spec()).child(c.spec());
    let (tree, _log) = given(root).await;

    tree.kill_processes();

    assert!([&a, &b, &c].iter().all(|child| child.calls() == ["start", "last kill"]));
    [a, b, c].iter().for_each(Double::ends);
}

#[tokio::test(start_paused = true)]
async fn specs_that_panic_when_they_are_dropped_take_neither_their_supervisors_nor_the_report_with_them() {
    let bomb = |id| {
        let captured = PanicsWhenDropped;
        ChildSpec::task(id, move |cx| {
            let _ = &captured;
            async move { cx.stopping().await }
        })
    };
    let inner = Supervisor::new("inner").child(bomb("a")).child(bomb("b"));
    let (tree, _log) = given(Supervisor::new("root").child(inner).child(bomb("c")).child(bomb("d"))).await;

    assert!(tree.stop().await.clean);
    assert!(tree.wait_gone().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_child_that_blocks_its_supervisor_holds_up_neither_a_look_nor_the_last_kill() {
    let (blocked, release) = Blocked::new();
    let a = Double::running("a");
    let blocks = blocked.clone();
    let b = started_by("b", move |cx| {
        Launch::running(BlocksWhenAsked { blocked: blocks.clone(), reporter: Some(cx.reporter) })
    });
    let root = Supervisor::new("root").child(a.spec()).child(Supervisor::new("inner").child(b));
    let (tree, mut log) = given(root).await;
    tree.request_stop();
    blocked.is_there().await;

    let snapshot = tree.snapshot();
    tree.kill_processes();

    assert!(snapshot.find("root/inner/b").is_some());
    assert_eq!(a.calls(), ["start", "last kill"]);
    drop(release);
    log.wait_for_event("a", "stopping").await;
    a.ends();
    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_panics_when_it_is_read_is_still_a_failed_start() {
    let unreadable = started_by("b", |_| Launch::Failed(StartError::new(Unreadable)));
    let (tree, log) = launched(Supervisor::new("root").child(obedient("a")).child(unreadable));

    let error = tree.started().await.unwrap_err();

    assert!(matches!(error, TreeStartError::Start { .. }));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_panics_again_and_again_uses_up_the_restarts() {
    let only_once = started_by("a", |cx| {
        assert_eq!(cx.incarnation, 1, "once is enough");
        cx.reporter.ended(Exit::Aborted);
        Launch::running(Nothing)
    });
    let root = Supervisor::new("root").intensity(3, Duration::from_secs(1)).child(only_once);
    let (tree, log) = launched(root);

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    assert_eq!(log.until_the_end().await.count("a", "start_failed"), 3);
}

/// What is held of a child that has ended before its start was answered.
struct Nothing;

impl RunningChild for Nothing {
    fn stop(&mut self, _: StopRequest) {}

    fn force(&mut self) {}

    fn force_name(&self) -> &'static str {
        "force"
    }
}

#[derive(Debug)]
struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("this cannot be read");
    }
}

impl Error for Unreadable {}

/// A child that blocks its supervisor's actor when it is asked to stop.
struct BlocksWhenAsked {
    blocked: Blocked,
    reporter: Option<Reporter>,
}

impl RunningChild for BlocksWhenAsked {
    fn stop(&mut self, _: StopRequest) {
        self.blocked.stay();
        self.force();
    }

    fn force(&mut self) {
        if let Some(reporter) = self.reporter.take() {
            reporter.ended(Exit::Normal);
        }
    }

    fn force_name(&self) -> &'static str {
        "force"
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in drop");
    }
}
