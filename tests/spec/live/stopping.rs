//! Children that are stopped, restarted and deleted (OTP's `terminate_child`, `restart_child` and
//! `delete_child`).

use std::time::Duration;

use rootward::error::{DeleteChildError, RestartChildError, TerminateChildError};
use rootward::event::StopCause;
use rootward::snapshot::ChildState;
use rootward::{Exit, Restart, Strategy, Supervisor};

use super::root_of;
use crate::support::{Double, Puppet, fixture, given, identity_of, obedient, settle};

/// OTP rule 42.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_terminated_is_gone_when_that_is_said_and_not_started_again() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    let (terminated, ()) = tokio::join!(root.terminate_child("a"), async {
        log.wait_for_event("a", "stopping").await;
        assert_eq!(log.so_far().cause("a"), StopCause::Api);
        a.ends_with(Exit::Aborted);
    });

    terminated.unwrap();
    settle().await;
    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Down);
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test]
async fn a_process_that_is_terminated_is_gone() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("runs_forever").into_child("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    root_of(&tree).terminate_child("a").await.unwrap();

    assert!(!process.is_there());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn all_callers_that_terminate_a_child_wait_for_the_same_end() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    let (first, second, ()) = tokio::join!(root.terminate_child("a"), root.terminate_child("a"), async {
        log.wait_for_event("a", "stopping").await;
        settle().await;
        a.ends();
    });

    assert_eq!((first, second, root.terminate_child("a").await), (Ok(()), Ok(()), Ok(())));
    assert_eq!(a.calls(), ["start", "stop"]);
}

/// OTP rule 42.
#[tokio::test(start_paused = true)]
async fn a_temporary_child_that_is_terminated_is_forgotten() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a").restart(Restart::Temporary))).await;
    let root = root_of(&tree);

    root.terminate_child("a").await.unwrap();

    assert_eq!(root.terminate_child("a").await, Err(TerminateChildError::NotFound));
    assert_eq!(root.count_children().specs, 0);
}

/// OTP rule 35.
#[tokio::test(start_paused = true)]
async fn a_child_that_was_terminated_can_be_restarted_and_that_does_not_count() {
    let root = Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(obedient("a"));
    let (tree, _log) = given(root).await;
    let root = root_of(&tree);

    for incarnation in 2..5 {
        root.terminate_child("a").await.unwrap();
        let started = root.restart_child("a").await.unwrap();
        assert_eq!(started.incarnation, incarnation);
    }

    assert!(!tree.is_stopping());
}

/// OTP rule 24, OTP rule 42.
#[tokio::test(start_paused = true)]
async fn a_child_that_was_terminated_is_revived_by_a_group_restart() {
    let b = Puppet::new("b");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(obedient("a")).child(b.spec());
    let (tree, mut log) = given(root).await;
    root_of(&tree).terminate_child("a").await.unwrap();

    b.fails();
    log.wait_for_event("b", "restarting").await;
    log.wait_for_event("b", "started").await;

    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_runs_can_be_neither_restarted_nor_deleted() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);

    let restarted = root.restart_child("a").await;

    assert!(matches!(restarted, Err(RestartChildError::Running)), "{restarted:?}");
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::Running));
}

/// OTP rule 27.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_deleted_is_forgotten_and_its_id_is_free_again() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;
    let root = root_of(&tree);
    root.terminate_child("a").await.unwrap();

    root.delete_child("a").await.unwrap();

    assert!(root.child_spec("a").is_none());
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::NotFound));
    root.start_child(obedient("a")).await.unwrap();
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.paths("stopped")[1..], ["a", "b", "root"], "it is the last one now");
}

/// OTP rule 44.
#[tokio::test(start_paused = true)]
async fn a_caller_that_names_an_unknown_child_is_told_so() {
    let (tree, _log) = given(Supervisor::new("root")).await;
    let root = root_of(&tree);

    assert_eq!(root.terminate_child("a").await, Err(TerminateChildError::NotFound));
    assert!(matches!(root.restart_child("a").await, Err(RestartChildError::NotFound)));
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::NotFound));
    assert!(root.child_spec("a").is_none() && root.supervisor("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_waited_for_any_more_is_carried_out() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    tokio::select! {
        biased;
        _ = root.terminate_child("a") => unreachable!("`a` never reports its end"),
        _ = log.wait_for_event("a", "stopping") => {}
    }
    a.ends();

    log.wait_for_event("a", "stopped").await;
}
