//! By which ways a stop is asked for, and how often.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{Ending, Outcome};
use rootward::sibling::request_stop_for;
use rootward::snapshot::ChildState;
use rootward::{ChildSpec, Restart, Supervisor, Tree};

use crate::support::{
    Double, Flag, Puppet, given, given_tree, launched_tree, obedient, ready_made, settle, stubborn,
};

#[tokio::test(start_paused = true)]
async fn two_stops_at_once_are_one_stop_and_get_the_same_report() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let other = tree.clone();

    let (first, second, ()) = tokio::join!(tree.stop(), other.stop(), async {
        log.wait_for_event("a", "stopping").await;
        a.ends();
    });

    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_stop_is_fine_and_gets_the_same_report() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let first = tree.stop().await;

    let again = tree.stop().await;
    tree.force();

    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!(log.until_the_end().await.count("a", "stopping"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_tree_has_ended_by_itself_is_fine() {
    let a = Puppet::new("a");
    let (tree, _log) = given(Supervisor::new("root").intensity(0, SECOND).child(a.spec())).await;
    a.fails();
    tree.wait_gone().await;

    let report = tree.stop().await;

    assert_eq!(report.cause, StopCause::GaveUp);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_not_waited_for_any_more_goes_on() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    tokio::select! {
        biased;
        _ = tree.stop() => unreachable!("`a` never reports its end"),
        _ = log.wait_for_event("a", "stopping") => {}
    }
    a.ends();

    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_returns_at_once_and_later_ones_change_nothing() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;

    request_stop_for(&tree, StopCause::Signal("SIGTERM"));
    request_stop_for(&tree, StopCause::Signal("SIGINT"));
    tree.request_stop();

    assert_eq!(tree.wait().await.cause, StopCause::Signal("SIGTERM"));
    assert_eq!(log.until_the_end().await.count("root", "stopping"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tree_says_whether_it_is_stopping() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    assert!(!tree.is_stopping());

    tree.request_stop();
    log.wait_for_event("a", "stopping").await;

    assert!(tree.is_stopping());
    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Stopping);
    a.ends();
    let _ = tree.wait().await;
    assert!(tree.is_stopping());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_stops_the_tree_in_order() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;

    let other = tree.clone();
    drop(tree);
    settle().await;
    assert!(!other.is_stopping());
    drop(other);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_the_root_inside_the_tree_does_not_keep_it_from_stopping() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = tree.root().expect("it runs");
    let holder = ChildSpec::task("holder", move |cx| {
        let siblings = root.clone();
        async move {
            cx.stopping().await;
            drop(siblings);
        }
    });
    tree.root().expect("it runs").start_child(holder).await.expect("a task always runs");

    drop(tree);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["holder", "a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_force_ends_every_grace_at_once() {
    let a = Double::running("a");
    let inner = Supervisor::new("inner").child(stubborn("b"));
    let root = Supervisor::new("root").child(a.spec()).child(inner).child(stubborn("c"));
    let (tree, mut log) = given(root).await;
    tree.request_stop();
    log.wait_for_event("c", "stopping").await;

    tree.force();
    log.wait_for_event("inner/b", "stopped").await;
    assert_eq!(a.calls(), ["start", "force"]);
    a.ends();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.elapsed.as_millis()), (Ending::Forced, 0));
    assert!(report.root.walk().iter().all(|node| node.outcome == Outcome::Killed && node.forced));
}

#[tokio::test(start_paused = true)]
async fn a_force_without_a_stop_begins_one() {
    let (tree, log) = given(Supervisor::new("root").child(stubborn("a"))).await;

    tree.force();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Forced, StopCause::Api));
    assert_eq!(log.until_the_end().await.of_child("root")[2..], ["stopping", "escalated", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_last_kill_reaches_every_child_and_waits_for_none() {
    let (a, b) = (Double::running("a"), Double::running("b"));
    let inner = Supervisor::new("inner").child(b.spec());
    let (tree, _log) = given(Supervisor::new("root").child(a.spec()).child(inner)).await;

    let from_elsewhere = tree.clone();
    thread::spawn(move || from_elsewhere.kill_processes()).join().unwrap();

    assert_eq!((a.calls(), b.calls()), (vec!["start", "last kill"], vec!["start", "last kill"]));
    a.ends();
    b.ends();
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_is_to_stop_when_idle_stops_when_nothing_runs_or_could_be_restarted() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").child(ready_made("done")).child(a.spec().restart(Restart::Transient));
    let (tree, mut log) = given_tree(root.into_tree().unwrap().stop_when_idle(true)).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    settle().await;
    assert!(!tree.is_stopping());
    a.ends();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Clean, StopCause::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_tree_in_which_nothing_ever_runs_is_idle_once_it_has_started() {
    let inner = Supervisor::new("inner").child(ready_made("done"));
    let builder = Supervisor::new("root").child(inner).into_tree().unwrap().stop_when_idle(true);

    let (tree, log) = launched_tree(builder);

    assert_eq!(tree.wait().await.cause, StopCause::Idle);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["inner", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_is_idle_goes_on_unless_it_was_told_otherwise() {
    let (tree, mut log) = given(Supervisor::new("root").child(ready_made("done"))).await;

    log.wait_for_event("done", "exited").await;
    settle().await;

    assert!(!tree.is_stopping());
}

#[tokio::test(start_paused = true)]
async fn a_task_may_stop_the_tree_it_is_part_of() {
    let asked = Flag::default();
    let stop = Arc::new(std::sync::Mutex::new(None::<Tree>));
    let (its_stop, its_flag) = (Arc::clone(&stop), asked.clone());
    let a = rootward::ChildSpec::task("a", move |cx| {
        let (stop, asked) = (Arc::clone(&its_stop), its_flag.clone());
        async move {
            cx.stopping().await;
            let tree = stop.lock().unwrap().take();
            tree.expect("the tree is in there").request_stop();
            asked.raise();
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(a)).await;
    *stop.lock().unwrap() = Some(Tree::clone(&tree));

    let report = tree.stop().await;

    assert!(report.clean && asked.is_raised());
}

const SECOND: Duration = Duration::from_secs(1);
