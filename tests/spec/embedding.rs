//! A tree as a part of a program that has its own ways to stop: handles, tokens, futures that are dropped.

use std::sync::Arc;
use std::time::Duration;

use rootward::error::{StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{ChildSpec, Supervisor};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Double, EventLog, Flag, builder, given, given_tree, launched_tree, obedient, settle, stubborn, takes,
    within,
};

#[tokio::test(start_paused = true)]
async fn a_token_of_the_program_stops_the_tree() {
    let token = CancellationToken::new();
    let tree = builder(Supervisor::new("root").child(obedient("a"))).stop_on(token.clone());
    let (tree, log) = given_tree(tree).await;
    settle().await;
    assert!(!tree.is_stopping());

    token.cancel();

    let report = tree.wait().await;
    assert_eq!((report.clean, report.cause), (true, StopCause::Token));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_cancelled_before_the_start_keeps_the_tree_from_starting() {
    let token = CancellationToken::new();
    token.cancel();
    let a = Double::new("a");

    let (tree, _log) = launched_tree(builder(Supervisor::new("root").child(a.spec())).stop_on(token));

    let Err(TreeStartError::Start { error, report }) = tree.started().await else { panic!("it was stopped") };
    assert!(matches!(error, StartError::Stopped), "{error}");
    assert_eq!(report.cause, StopCause::Token);
    assert!(a.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_cancelled_during_a_stop_changes_nothing() {
    let token = CancellationToken::new();
    let a = Double::running("a");
    let (tree, mut log) =
        given_tree(builder(Supervisor::new("root").child(a.spec())).stop_on(token.clone())).await;
    tree.request_stop();
    log.wait_for_event("a", "stopping").await;

    token.cancel();
    settle().await;
    a.ends();

    assert_eq!(tree.wait().await.cause, StopCause::Api);
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_stops_leaves_the_programs_token_alone() {
    let token = CancellationToken::new();
    let (tree, _log) = given_tree(builder(Supervisor::new("root")).stop_on(token.clone())).await;

    tree.stop().await;

    assert!(!token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_begins_to_stop_says_so_by_a_token_before_anything_is_gone() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let token = tree.token();
    assert!(!token.is_cancelled());

    tree.request_stop();
    token.cancelled().await;
    tree.stopping().await;

    log.wait_for_event("a", "stopping").await;
    assert!(tree.token().is_cancelled());
    a.ends();
    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_gives_up_or_cannot_be_started_says_so_by_its_token_too() {
    let fails = || ChildSpec::task("a", |_| async { Err::<(), _>("no") });
    let (gives_up, _log) = given(Supervisor::new("root").child(fails())).await;
    gives_up.token().cancelled().await;

    let (unstartable, _log) =
        launched_tree(builder(Supervisor::new("root").child(crate::support::broken("a"))));
    unstartable.token().cancelled().await;
    assert!(unstartable.started().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_trees_token_says_nothing_to_the_tree() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;

    tree.token().cancel();
    settle().await;

    assert!(!tree.is_stopping() && !tree.token().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn the_trees_token_does_not_keep_it_from_being_dropped() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let token = tree.token();

    drop(tree);

    token.cancelled().await;
    assert_eq!(log.until_the_end().await.cause("root"), StopCause::Dropped);
}

#[test]
fn a_caller_that_waits_for_a_stop_gets_what_is_known_when_the_runtime_is_shut_down_first() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tree = runtime.block_on(Supervisor::new("root").child(obedient("a")).start()).unwrap();

    drop(runtime);

    assert!(tree.token().is_cancelled());
    let other = tokio::runtime::Builder::new_current_thread().build().expect("the system has room for it");
    let waited =
        async { (tree.wait().await, tree.stop().await, tree.wait_gone().await, tree.started().await) };
    let (waited, stopped, gone, started) = other.block_on(within("an answer", waited));
    assert_eq!((waited.ending, waited.cause), (Ending::Incomplete, StopCause::Failed));
    assert!(Arc::ptr_eq(&waited, &stopped) && Arc::ptr_eq(&waited, &gone));
    assert!(started.is_ok(), "it had started");
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_runtime_without_timers_is_refused_before_anything_starts() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();

    let _ = Supervisor::new("root").into_tree().unwrap().launch();
}

#[tokio::test(start_paused = true)]
async fn a_tree_below_a_task_can_stop_when_the_task_is_asked_to() {
    let stopped = Flag::default();
    let its_flag = stopped.clone();
    let host = ChildSpec::task("host", move |cx| {
        let stopped = its_flag.clone();
        async move {
            let inner = Supervisor::new("inner").child(obedient("a")).into_tree()?;
            let inner = inner.stop_on(cx.token()).start().await?;
            if inner.wait().await.clean {
                stopped.raise();
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(host)).await;

    let report = tree.stop().await;

    assert!(report.clean && stopped.is_raised());
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_given_up_stops_what_had_been_started() {
    let b = Double::new("b");
    let mut builder = builder(Supervisor::new("root").child(obedient("a")).child(b.spec()));
    let log = EventLog::of(builder.subscribe());

    assert!(timeout(SECOND, builder.start()).await.is_err());
    settle().await;
    b.ends();

    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["b", "a", "root"]);
    assert_eq!(record.cause("root"), StopCause::Dropped);
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_takes_its_tree_with_it_in_order() {
    let mut builder = builder(Supervisor::new("root").child(obedient("a")).child(takes("b", SECOND)));
    let log = EventLog::of(builder.subscribe());
    let host = async {
        let tree = builder.start().await.unwrap();
        tree.wait().await;
    };

    assert!(timeout(SECOND, host).await.is_err());

    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_waiting_changes_nothing() {
    let (tree, log) = given(Supervisor::new("root").child(stubborn("a").shutdown(10 * SECOND))).await;
    assert!(timeout(SECOND, tree.wait()).await.is_err());
    assert!(timeout(SECOND, tree.stopping()).await.is_err());
    assert!(!tree.is_stopping());

    for _ in 0..3 {
        assert!(timeout(SECOND, tree.stop()).await.is_err());
    }

    // Its grace runs from the first request, and the callers that gave up waiting have not shortened it.
    assert_eq!(tree.stop().await.elapsed, 10 * SECOND);
    assert_eq!(log.until_the_end().await.count("a", "stopping"), 1);
}

const SECOND: Duration = Duration::from_secs(1);
