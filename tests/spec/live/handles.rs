//! What a handle shows, and how long it is of use.

use std::time::Duration;

use rootward::{StartChildError, Supervisor, TerminateChildError};

use super::root_of;
use crate::support::{Puppet, given, ignored, obedient};

#[tokio::test(start_paused = true)]
async fn children_are_listed_in_start_order_and_counted() {
    let inner = Supervisor::new("inner").child(obedient("b"));
    let (tree, _log) =
        given(Supervisor::new("root").child(obedient("a")).child(inner).child(ignored("c"))).await;
    let root = root_of(&tree);

    let ids: Vec<_> = root.which_children().iter().map(|child| child.path.id().to_owned()).collect();

    assert_eq!(ids, ["a", "inner", "c"]);
    let count = root.count_children();
    assert_eq!((count.specs, count.active, count.supervisors, count.workers), (3, 2, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_handle_means_one_incarnation() {
    let a = Puppet::new("a");
    let inner = Supervisor::new("inner").intensity(0, Duration::from_secs(1)).child(a.spec());
    let (tree, mut log) = given(Supervisor::new("root").child(inner)).await;
    let before = tree.supervisor("root/inner").unwrap();

    a.fails();
    log.wait_for_event("inner", "exited").await;
    log.wait_for_event("inner", "started").await;

    assert!(!before.is_running());
    let late = before.start_child(obedient("b")).await;
    assert!(matches!(late, Err(StartChildError::Stopping { .. })), "{late:?}");
    assert!(tree.supervisor("root/inner").unwrap().start_child(obedient("b")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_supervisor_does_not_keep_its_tree_from_being_stopped() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);

    drop(tree);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
    assert!(!root.is_running());
    assert!(matches!(root.terminate_child("a").await, Err(TerminateChildError::Stopping)));
}
