//! When the end of a child ends its supervisor (OTP rules 37 to 41).

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::snapshot::ChildState;
use rootward::{AutoShutdown, ChildSpec, Restart, Supervisor};

use crate::support::{Puppet, given, obedient, settle, stubborn};

/// OTP rule 38.
#[tokio::test(start_paused = true)]
async fn the_first_significant_child_that_ends_stops_the_supervisor() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let (tree, log) = given(root.child(significant(&a)).child(significant(&b)).child(obedient("c"))).await;

    a.ends();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Clean, StopCause::AutoShutdown));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["c", "b", "root"]);
}

/// OTP rule 39.
#[tokio::test(start_paused = true)]
async fn the_last_significant_child_that_ends_stops_the_supervisor() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AllSignificant);
    let (tree, mut log) =
        given(root.child(significant(&a)).child(significant(&b)).child(obedient("c"))).await;

    a.ends();
    log.wait_for_event("a", "exited").await;
    settle().await;
    assert!(!tree.is_stopping());
    b.ends();

    assert_eq!(tree.wait().await.cause, StopCause::AutoShutdown);
}

/// OTP rule 37, OTP rule 40.
#[tokio::test(start_paused = true)]
async fn a_significant_child_that_is_restarted_stops_nothing() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let (tree, mut log) = given(root.child(significant(&a))).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    settle().await;

    assert!(!tree.is_stopping());
}

/// OTP rule 37.
#[tokio::test(start_paused = true)]
async fn a_significant_temporary_child_stops_the_supervisor_however_it_ends() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let (tree, _log) = given(root.child(significant(&a).restart(Restart::Temporary))).await;

    a.panics();

    let report = tree.wait().await;
    assert_eq!((report.cause, report.ending), (StopCause::AutoShutdown, Ending::Failed));
}

/// OTP rule 40.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_child_that_is_not_significant_stops_nothing() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let (tree, mut log) =
        given(root.child(a.spec().restart(Restart::Transient)).child(significant(&b))).await;

    a.ends();
    log.wait_for_event("a", "exited").await;
    settle().await;

    assert!(!tree.is_stopping());
}

/// OTP rule 41.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_nested_supervisor_is_a_normal_end_to_its_parent() {
    let a = Puppet::new("a");
    let inner = Supervisor::new("inner").auto_shutdown(AutoShutdown::AnySignificant).child(significant(&a));
    let inner = inner.into_child().restart(Restart::Transient);
    let (tree, mut log) = given(Supervisor::new("root").child(inner).child(obedient("b"))).await;

    a.ends();
    log.wait_for_event("inner", "exited").await;
    settle().await;

    assert_eq!(tree.snapshot().find("root/inner").unwrap().state, ChildState::Down);
    assert!(!tree.is_stopping());
}

/// OTP rule 41.
#[tokio::test(start_paused = true)]
async fn an_auto_shutdown_cascades_through_significant_supervisors() {
    let a = Puppet::new("a");
    let any = AutoShutdown::AnySignificant;
    let inner = Supervisor::new("inner").auto_shutdown(any).child(significant(&a)).into_child();
    let root = Supervisor::new("root").auto_shutdown(any);
    let (tree, _log) = given(root.child(inner.restart(Restart::Transient).significant(true))).await;

    a.ends();

    assert_eq!(tree.wait().await.cause, StopCause::AutoShutdown);
}

/// Case P22.
#[tokio::test(start_paused = true)]
async fn what_a_nested_supervisor_had_to_force_when_it_ended_by_itself_does_not_decide_a_later_stop() {
    let a = Puppet::new("a");
    let (tree, mut log) =
        given(Supervisor::new("root").child(forces_when_it_ends(&a)).child(obedient("b"))).await;
    a.ends();
    log.wait_for_event("inner", "exited").await;

    let report = tree.stop().await;

    assert!(report.find("root/inner/stubborn").unwrap().forced, "it is told all the same");
    assert_eq!((report.ending, report.forced().len()), (Ending::Clean, 0));
}

/// Case P22.
#[tokio::test(start_paused = true)]
async fn what_a_nested_supervisor_had_to_force_decides_the_stop_that_its_end_brings_about() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant);
    let (tree, _log) = given(root.child(forces_when_it_ends(&a).significant(true))).await;

    a.ends();

    let report = tree.wait().await;
    assert_eq!((report.cause, report.ending), (StopCause::AutoShutdown, Ending::Forced));
}

/// A supervisor that ends with this child, and has to force another one then.
fn forces_when_it_ends(a: &Puppet) -> ChildSpec {
    let inner = Supervisor::new("inner").auto_shutdown(AutoShutdown::AnySignificant).child(significant(a));
    let stubborn = stubborn("stubborn").shutdown(Duration::from_secs(1));
    inner.child(stubborn).into_child().restart(Restart::Transient)
}

fn significant(puppet: &Puppet) -> ChildSpec {
    puppet.spec().restart(Restart::Transient).significant(true)
}
