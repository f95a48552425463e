//! What a handle shows, and how long it is of use.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rootward::error::{DeleteChildError, RestartChildError, StartChildError, TerminateChildError};
use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor};

use super::root_of;
use crate::support::{Puppet, given, ignored, obedient};

/// OTP rule 43.
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

/// OTP rule 46.
#[tokio::test(start_paused = true)]
async fn the_spec_of_a_temporary_child_is_there_until_its_end_and_what_it_captured_is_given_back_then() {
    let captured = Arc::new(());
    let held = Arc::downgrade(&captured);
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);
    root.start_child(holds("b", captured)).await.unwrap();
    assert!(root.child_spec("b").is_some() && Weak::strong_count(&held) > 0);

    root.terminate_child("b").await.unwrap();

    assert!(root.child_spec("b").is_none() && Weak::strong_count(&held) == 0);
}

/// OTP rule 21, OTP rule 44.
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
    let Err(StartChildError::NotRunning { spec }) = late else { panic!("{late:?}") };
    assert_eq!(spec.id(), "b", "what was offered comes back");
    assert!(tree.supervisor("root/inner").unwrap().start_child(obedient("b")).await.is_ok());
}

/// OTP rule 44.
#[tokio::test(start_paused = true)]
async fn a_handle_of_a_supervisor_does_not_keep_its_tree_from_being_stopped() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);

    drop(tree);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
    assert!(!root.is_running());
    assert!(matches!(root.terminate_child("a").await, Err(TerminateChildError::NotRunning)));
    assert!(matches!(root.restart_child("a").await, Err(RestartChildError::NotRunning)));
    assert!(matches!(root.delete_child("a").await, Err(DeleteChildError::NotRunning)));
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_supervisor_that_is_over_keeps_nothing_of_what_its_children_had_captured() {
    let (fixed, added, last) = (Arc::new(()), Arc::new(()), Arc::new(()));
    let captured = [&fixed, &added, &last].map(Arc::downgrade);
    let inner = Supervisor::new("inner").child(holds("a", fixed));
    let jobs = DynamicSupervisor::new("jobs").intensity(0, Duration::from_secs(1));
    let (tree, mut log) = given(Supervisor::new("root").child(inner).child(jobs)).await;
    let handles = ["root", "root/inner", "root/jobs"].map(|path| tree.supervisor(path).unwrap());
    let fails = Puppet::new("fails");
    handles[2].start_child(fails.spec()).await.unwrap();
    handles[2].start_child(holds("b", added)).await.unwrap();

    fails.fails();
    log.wait_for_event("jobs", "gave_up").await;
    log.wait_for_event("jobs", "started").await;
    assert_eq!(captured.each_ref().map(|held| Weak::strong_count(held) > 0), [true, false, true]);
    tree.supervisor("root/jobs").unwrap().start_child(holds("c", last)).await.unwrap();
    assert!(tree.stop().await.clean);

    assert_eq!(captured.each_ref().map(Weak::strong_count), [0; 3]);
    assert!(handles.iter().all(|handle| !handle.is_running() && handle.count_children().specs == 0));
}

#[test]
fn a_handle_of_a_supervisor_whose_runtime_went_before_its_first_turn_keeps_nothing_of_its_children() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let captured = Arc::new(());
    let held = Arc::downgrade(&captured);
    let tree = {
        let _inside = runtime.enter();
        Supervisor::new("root").child(holds("a", captured)).into_tree().unwrap().launch()
    };
    let root = tree.root().expect("it is there");

    drop(runtime);

    assert_eq!(Weak::strong_count(&held), 0);
    assert!(!root.is_running());
}

/// A task that waits until it is asked to stop, and whose description has captured something.
fn holds(id: &str, captured: Arc<()>) -> ChildSpec {
    let run = move |cx: rootward::TaskContext| {
        let _ = &captured;
        async move { cx.stopping().await }
    };
    ChildSpec::task(id, run).restart(Restart::Temporary)
}
