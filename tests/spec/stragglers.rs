//! What processes leave behind in their group.

use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::process::Process;
use rootward::report::{Ending, Outcome, Straggler};
use rootward::{EventKind, Exit, Restart, Shutdown, Supervisor};

use crate::support::{EventLog, Identity, fixture, given, identity_of, launched};

#[tokio::test]
async fn a_process_that_ends_by_itself_is_gone_when_what_it_left_behind_is() {
    let a = exits_and_leaves("obedient").into_child("a").restart(Restart::Temporary);
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    let descendant = identity_of(&*log.wait_for_line("a", "descendant").await);

    let exited = log.wait_for_event("a", "exited").await;

    assert!(!descendant.is_alive());
    let [straggler] = stragglers_in(&exited.what) else { panic!("there is one straggler: {exited:?}") };
    assert_eq!((straggler.pid, straggler.outcome), (descendant.pid(), Outcome::Graceful));
    assert!(straggler.command.contains("forks_grandchild"), "{straggler:?}");
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn what_does_not_go_when_it_is_asked_is_killed_after_a_grace() {
    let a = exits_and_leaves("stubborn").straggler_grace(SHORT).into_child("a").restart(Restart::Temporary);
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));
    let descendant = identity_of(&*log.wait_for_line("a", "descendant").await);

    let exited = log.wait_for_event("a", "exited").await;

    assert!(!descendant.is_alive());
    let [straggler] = stragglers_in(&exited.what) else { panic!("there is one straggler: {exited:?}") };
    assert_eq!((straggler.pid, straggler.outcome), (descendant.pid(), Outcome::Killed));
}

#[tokio::test]
async fn a_process_is_started_again_when_what_it_left_behind_is_gone() {
    let a = exits_and_leaves("stubborn").straggler_grace(SHORT).into_child("a");
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));
    let descendant = identity_of(&*log.wait_for_line("a", "descendant").await);

    log.wait_for_event("a", "starting").await;

    assert!(!descendant.is_alive());
}

#[tokio::test]
async fn a_stop_reaches_the_whole_group() {
    let (tree, mut log) = given(Supervisor::new("root").child(stays_with("obedient").into_child("a"))).await;
    let processes = both(&mut log).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert!(processes.iter().all(|process| !process.is_alive()));
}

#[tokio::test]
async fn a_process_that_is_gone_does_not_vouch_for_its_group() {
    let a = stays_with("stubborn").into_child("a").shutdown(NOTICED);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let [process, descendant] = both(&mut log).await;

    let report = tree.stop().await;

    assert!(!process.is_there() && !descendant.is_alive());
    let node = report.find("root/a").unwrap();
    assert_eq!((report.ending, node.outcome), (Ending::Forced, Outcome::Killed));
    assert!(matches!(&node.status, Some(Exit::Signal { name, .. }) if name == "SIGTERM"), "{node:?}");
    let [straggler] = &node.stragglers[..] else { panic!("there is one straggler: {node:?}") };
    assert_eq!((straggler.pid, straggler.outcome), (descendant.pid(), Outcome::Killed));
}

#[tokio::test]
async fn what_is_started_during_the_stop_is_stopped_as_well() {
    let a = fixture!("forks_in_its_handler").into_child("a").shutdown(SECOND);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    tree.request_stop();
    let descendant = identity_of(&*log.wait_for_line("a", "descendant").await);
    let report = tree.wait().await;

    assert!(!descendant.is_alive());
    let node = report.find("root/a").unwrap();
    assert_eq!((report.ending, &node.status), (Ending::Forced, &Some(Exit::Code(0))));
    assert_eq!(node.stragglers.len(), 1, "{node:?}");
}

#[tokio::test]
async fn a_kill_reaches_the_whole_group() {
    let a = stays_with("stubborn").into_child("a").shutdown(Shutdown::Kill);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let processes = both(&mut log).await;

    let _ = tree.stop().await;

    assert!(processes.iter().all(|process| !process.is_alive()));
}

#[tokio::test]
async fn when_another_process_kills_the_process_its_group_goes_as_well() {
    let a = stays_with("obedient").into_child("a").restart(Restart::Temporary);
    let (_tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let [process, descendant] = both(&mut log).await;

    process.signal(Sent::SIGKILL);
    log.wait_for_event("a", "exited").await;

    assert!(!process.is_there() && !descendant.is_alive());
}

#[tokio::test]
async fn a_zombie_that_its_living_parent_does_not_reap_does_not_hold_up_the_stop() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("keeps_a_zombie").into_child("a"))).await;
    let zombie = identity_of(&*log.wait_for_line("a", "descendant").await);
    log.wait_for_line("a", "ready").await;
    assert!(zombie.is_there() && !zombie.is_alive());

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.find("root/a").unwrap().stragglers, []);
}

/// P22: the status speaks of the stop, and not of what an end long before it has left behind.
#[tokio::test]
async fn what_had_to_be_killed_before_the_stop_does_not_decide_its_status() {
    let a = exits_and_leaves("stubborn").straggler_grace(SHORT).into_child("a").restart(Restart::Transient);
    let (tree, mut log) =
        launched(Supervisor::new("root").child(a).child(stays_with("obedient").into_child("b")));
    // What `a` has left has its grace first, so that this is the later of the two.
    log.wait_for_event("b", "started").await;
    log.wait_for_event("a", "exited").await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.stragglers[0].outcome), (Outcome::AlreadyGone, Outcome::Killed));
    assert_eq!((report.ending, report.forced().len()), (Ending::Clean, 0));
}

const SECOND: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(50);

/// Within this grace the end of the process itself is noticed, also on a busy machine. Otherwise all are killed
/// together, and it has left nothing behind.
const NOTICED: Duration = Duration::from_secs(3);

fn exits_and_leaves(descendant: &str) -> Process {
    fixture!("forks_grandchild").args(["exits", descendant])
}

fn stays_with(descendant: &str) -> Process {
    fixture!("forks_grandchild").args(["stays", descendant])
}

/// The process `a` and its descendant, once both are there.
async fn both(log: &mut EventLog) -> [Identity; 2] {
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    let descendant = identity_of(&*log.wait_for_line("a", "descendant").await);
    log.wait_for_line("a", "ready").await;
    [process, descendant]
}

fn stragglers_in(what: &EventKind) -> &[Straggler] {
    let EventKind::Exited { stragglers, .. } = what else { panic!("not an exit: {what:?}") };
    stragglers
}
