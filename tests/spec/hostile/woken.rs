//! A supervisor that is blocked has woken others just before: they get their turn all the same, on another thread of
//! the runtime.

use std::time::Duration;

use rootward::{DynamicSupervisor, StopOrder, Supervisor};

use crate::support::{Blocked, Hostile, Place, Puppet, blocks, given, obedient, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parent_of_a_supervisor_that_gives_up_and_is_blocked_goes_on() {
    let (blocked, release) = Blocked::new();
    let fails = Puppet::new("fails");
    let inner = Supervisor::new("inner").intensity(0, Duration::from_secs(1));
    let inner = inner.child(Hostile::child("a", Place::Stop, blocks(&blocked))).child(fails.spec());
    let (tree, _log) = given(Supervisor::new("root").child(inner)).await;

    fails.fails();
    blocked.is_there().await;

    let root = tree.root().unwrap();
    within("a start above", root.start_child(obedient("b"))).await.unwrap();
    drop(release);
    let _ = tree.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_asked_together_with_a_sibling_that_blocks_stops() {
    let (blocked, release) = Blocked::new();
    let inner = Supervisor::new("inner").child(obedient("b"));
    let root = Supervisor::new("root").stop_order(StopOrder::Concurrent);
    let root = root.child(Hostile::child("a", Place::Stop, blocks(&blocked))).child(inner);
    let (tree, mut log) = given(root).await;

    tree.request_stop();
    blocked.is_there().await;

    log.wait_for_event("inner/b", "stopped").await;
    drop(release);
    assert!(tree.wait().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_on_the_same_runtime_is_answered_although_the_next_start_blocks() {
    let (blocked, release) = Blocked::new();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let jobs = tree.supervisor("root/jobs").unwrap();
    let hostile = Hostile::child("b", Place::Start, blocks(&blocked));
    let (both, offered) = (jobs.clone(), jobs.clone());

    // Both calls are in the mailbox before the supervisor has its turn.
    let calls = tokio::runtime::Handle::current().spawn(async move {
        let (first, second) = (both.start_child(obedient("a")), offered.start_child(hostile));
        tokio::select! {
            biased;
            first = first => first.is_ok(),
            _ = second => false,
        }
    });
    blocked.is_there().await;

    assert!(within("the first answer", calls).await.unwrap());
    drop(release);
    let _ = tree.stop().await;
}
