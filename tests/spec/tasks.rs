//! Tasks as children: how they end, and when they are gone.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use rootward::report::{Ending, Outcome, capture_panics};
use rootward::{ChildSpec, Exit, Restart, Shutdown, Supervisor, TaskContext};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::support::{
    EventLog, Flag, builder, given, given_tree, launched, obedient, settle, stubborn, within,
};

#[tokio::test(start_paused = true)]
async fn a_task_ends_with_what_it_returns() {
    assert_eq!(exit_of(|| async {}).await, Exit::Normal);
    assert_eq!(exit_of(|| async { Ok::<_, fmt::Error>(()) }).await, Exit::Normal);
    assert_eq!(exit_of(|| async { Exit::Shutdown }).await, Exit::Shutdown);
    assert_eq!(exit_of(|| async { Err::<(), _>("no") }).await, Exit::Failed { error: "no".into() });
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_with_its_sources() {
    let exit = exit_of(|| async { Err::<(), _>(Outer(fmt::Error)) }).await;

    let error = format!("cannot write the table: {}", fmt::Error);
    assert_eq!(exit, Exit::Failed { error });
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_end_of_its_task_and_of_nothing_else() {
    let root = Supervisor::new("root").child(obedient("a"));
    let panics = ChildSpec::task("b", |_| async { panic!("boom {}", 7) }).restart(Restart::Temporary);
    let (tree, mut log) = launched(root.child(panics));

    let exited = log.wait_for_event("b", "exited").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["panic"], "boom 7");
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_panic_says_where_it_happened_if_that_was_asked_for() {
    capture_panics();

    let Exit::Panicked(panic) = exit_of(|| async { panic!("here") }).await else { panic!("it panicked") };

    let location = panic.location.expect("the place is captured");
    assert!(location.contains("spec/tasks.rs:"), "{location}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_future_is_made_is_the_tasks_own() {
    let unlucky = |_| -> std::future::Ready<()> { panic!("not even a future") };
    let a = ChildSpec::task("a", unlucky).restart(Restart::Temporary);
    let (_tree, mut log) = given(Supervisor::new("root").child(a)).await;

    let exited = log.wait_for_event("a", "exited").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["panic"], "not even a future");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_future_is_dropped_is_a_panic_of_the_task() {
    let exit = exit_of(|| {
        let bomb = PanicsWhenDropped;
        async move {
            let _bomb = bomb;
        }
    })
    .await;

    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_an_aborted_future_is_dropped_still_ends_in_an_acknowledgement() {
    let a = ChildSpec::task("a", |_| async {
        let _bomb = PanicsWhenDropped;
        pending::<()>().await;
    });
    let (tree, log) = given(Supervisor::new("root").child(obedient("first")).child(a)).await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!(a.outcome, Outcome::Killed);
    let Some(Exit::Panicked(panic)) = &a.status else { panic!("it panicked in the end: {:?}", a.status) };
    assert_eq!(panic.message, "in drop");
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "first", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_task_stops_still_ends_in_an_acknowledgement() {
    let a = ChildSpec::task("a", |cx| async move {
        cx.stopping().await;
        panic!("not now");
    });
    let (tree, log) = given(Supervisor::new("root").child(obedient("first")).child(a)).await;
    settle().await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert!(matches!(&a.status, Some(Exit::Panicked(panic)) if panic.message == "not now"));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "first", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_twice_is_reaped_once_and_the_first_panic_is_told() {
    let a = ChildSpec::task("a", |_| PanicsTwice(PanicsWhenDropped)).restart(Restart::Transient);
    let root = Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(obedient("first")).child(a);
    let (tree, log) = launched(root);

    let report = tree.wait().await;

    let a = report.find("root/a").unwrap();
    assert!(matches!(&a.status, Some(Exit::Panicked(panic)) if panic.message == "the first"), "{a:?}");
    assert_eq!(log.until_the_end().await.count("a", "exited"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_and_its_child_that_both_panic_in_the_stop_are_both_reaped() {
    let a = ChildSpec::task("a", |cx: rootward::TaskContext| async move {
        let child = ChildSpec::task("b", |cx: rootward::TaskContext| async move {
            cx.stopping().await;
            panic!("the child");
        });
        cx.start_child(child).await.expect("it runs");
        cx.stopping().await;
        panic!("the parent");
    });
    let (tree, log) = given(Supervisor::new("root").child(a)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(report.find("root/a/b").unwrap().outcome, Outcome::Graceful);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a/b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_when_everything_the_future_held_has_been_given_back() {
    let gone = Flag::default();
    let held = gone.clone();
    let a = ChildSpec::task("a", move |cx| {
        let held = held.raised_on_drop();
        async move {
            cx.stopping().await;
            drop(held);
        }
    });
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;

    tree.request_stop();
    log.wait_for_event("a", "stopped").await;

    assert!(gone.is_raised());
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_acknowledged_when_the_future_has_been_dropped() {
    let gone = Flag::default();
    let held = gone.clone();
    let a = ChildSpec::task("a", move |_| {
        let held = held.raised_on_drop();
        async move {
            let _held = held;
            pending::<()>().await;
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(a)).await;

    let report = tree.stop().await;

    assert!(gone.is_raised());
    assert_eq!(report.find("root/a").unwrap().status, Some(Exit::Aborted));
}

#[tokio::test]
async fn an_abort_waits_for_a_drop_that_takes_its_time() {
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let slow = Mutex::new(Some(SlowToDrop { says: says.clone(), released }));
    let a = ChildSpec::task("a", move |_| {
        let slow = slow.lock().unwrap().take();
        says.send("running").unwrap();
        async move {
            let _slow = slow;
            pending::<()>().await;
        }
    });
    let elsewhere = another_runtime();
    let builder = builder(Supervisor::new("root").child(a.shutdown(Shutdown::Kill)));
    let (tree, mut log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    assert_eq!(within("the start", said.recv()).await, Some("running"));

    tree.request_stop();
    assert_eq!(within("the drop", said.recv()).await, Some("dropping"));
    assert_eq!(log.so_far().count("a", "stopped"), 0);
    release.send(()).unwrap();

    assert_eq!(log.until_the_end().await.lines_from("a stopped"), ["a stopped", "root stopped"]);
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_task_that_blocks_its_thread_is_named_when_the_deadline_is_over_and_can_still_be_awaited() {
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let a = ChildSpec::task("a", move |_| {
        let blocked = Arc::clone(&blocked);
        says.send("running").unwrap();
        async move { drop(blocked.lock().map(|blocked| blocked.recv())) }
    });
    let elsewhere = another_runtime();
    let builder = builder(Supervisor::new("root").child(a)).deadline(Duration::from_millis(50));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    assert_eq!(within("the start", said.recv()).await, Some("running"));

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    assert_eq!(report.unreapable()[0].path, "root/a");
    release.send(()).unwrap();
    tree.wait_gone().await;
    elsewhere.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn a_task_knows_its_path_and_its_incarnation() {
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let a = ChildSpec::task("a", move |cx| {
        sender.send((cx.path().to_string(), cx.incarnation())).unwrap();
        async { Exit::Aborted }
    });

    let (_tree, _log) = launched(Supervisor::new("root").child(a));

    assert_eq!(within("a word of the task", told.recv()).await, Some(("root/a".to_owned(), 1)));
    assert_eq!(within("a word of the task", told.recv()).await, Some(("root/a".to_owned(), 2)));
}

#[tokio::test(start_paused = true)]
async fn a_task_hears_of_the_stop_in_every_way_it_likes() {
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let a = ChildSpec::task("a", move |cx| {
        let sender = sender.clone();
        async move {
            let before = cx.is_stopping();
            let token = cx.token();
            tokio::join!(cx.stopping(), token.cancelled());
            sender.send((before, cx.is_stopping())).unwrap();
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(a)).await;

    let _ = tree.stop().await;

    assert_eq!(within("a word of the task", told.recv()).await, Some((false, true)));
}

#[tokio::test(start_paused = true)]
async fn code_that_has_kept_the_context_of_a_task_is_told_when_that_is_over_however_it_ended() {
    for end in ["it ends", "it panics", "it is killed"] {
        let (sender, mut kept) = tokio::sync::mpsc::unbounded_channel();
        let go = Arc::new(Notify::new());
        let goes = Arc::clone(&go);
        let a = ChildSpec::task("a", move |cx: TaskContext| {
            let (sender, goes) = (sender.clone(), Arc::clone(&goes));
            async move {
                sender.send(cx).unwrap();
                goes.notified().await;
                assert_eq!(end, "it ends");
            }
        });
        let a = a.restart(Restart::Temporary).shutdown(Shutdown::Kill);
        let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
        let cx = within("the task", kept.recv()).await.unwrap();

        let its_end = async {
            if end == "it is killed" {
                let _ = tree.stop().await;
            } else {
                go.notify_one();
                log.wait_for_event("a", "exited").await;
            }
        };
        within("the request to stop", async { tokio::join!(cx.stopping(), its_end) }).await;

        assert!(cx.token().is_cancelled(), "{end}");
        assert_eq!(cx.grace(), Some(Duration::ZERO), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_tasks_start_and_stop_in_order() {
    let children = (0..10_000).map(|n| obedient(&format!("{n}")));
    let mut builder = Supervisor::new("root").children(children).into_tree().unwrap().event_capacity(65_536);
    let log = EventLog::of(builder.subscribe());
    let tree = builder.start().await.unwrap();

    let report = tree.stop().await;

    assert!(report.clean);
    let record = log.until_the_end().await;
    let mut stopped = record.paths("stopped");
    stopped.reverse();
    assert_eq!(stopped[1..], record.paths("started")[..10_000]);
}

#[tokio::test(start_paused = true)]
async fn tasks_without_a_care_for_the_stop_are_aborted_together_when_all_is_forced() {
    let (tree, _log) =
        given(Supervisor::new("root").children((0..100).map(|n| stubborn(&format!("{n}"))))).await;

    tree.force();

    let report = tree.wait().await;
    assert_eq!((report.forced().len(), report.elapsed.as_millis()), (101, 0));
}

/// Runs a task once and says how it ended.
async fn exit_of<F, Fut>(run: F) -> Exit
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: rootward::task::IntoExit,
{
    let a = ChildSpec::task("a", move |_| run()).restart(Restart::Transient);
    let (tree, mut log) = given(Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(a)).await;
    log.wait_for_event("a", "exited").await;
    let report = tree.stop().await;
    report.find("root/a").and_then(|a| a.status.clone()).expect("it has ended")
}

/// A runtime on which a task may block a thread without blocking the test.
fn another_runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("the system has a thread for it")
}

#[derive(Debug)]
struct Outer(fmt::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write the table")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

struct PanicsWhenDropped;

/// A future that panics when it is polled, and once more when it is dropped.
struct PanicsTwice(PanicsWhenDropped);

impl Future for PanicsTwice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("the first");
    }
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

/// Says that it is being dropped, and is not done with it until it is released.
struct SlowToDrop {
    says: tokio::sync::mpsc::UnboundedSender<&'static str>,
    released: mpsc::Receiver<()>,
}

impl Drop for SlowToDrop {
    fn drop(&mut self) {
        let _ = self.says.send("dropping");
        let _ = self.released.recv();
    }
}
