//! Processes that are asked to stop, and made to.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::event::StopCause;
use rootward::process::{Signal, Step};
use rootward::report::{Ending, Outcome};
use rootward::{EventKind, Exit, Restart, Shutdown, Supervisor};

use super::{forever, signal, status_of, stopped};
use crate::support::{fixture, given, identity_of, launched, until};

#[tokio::test]
async fn a_stop_asks_with_sigterm_and_says_how_the_process_ended_when_it_is_gone() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.forced, a.status), (Outcome::Graceful, false, Some(signal(Signal::TERM))));
    assert!(!process.is_there());
    let record = log.until_the_end().await;
    let grace = Some(Duration::from_secs(5));
    let asked = EventKind::Stopping { cause: StopCause::Parent, signal: Some("SIGTERM".into()), grace };
    assert_eq!(record.find("a", "stopping").what, asked);
}

#[tokio::test]
async fn a_process_may_answer_the_stop_in_its_own_way() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("prints_signals").into_child("a"))).await;
    log.wait_for_line("a", "ready").await;

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.output("a")[1..], ["got SIGTERM", "bye"]);
}

#[tokio::test]
async fn a_process_that_is_to_be_killed_is_killed_at_once_and_that_is_clean() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(Shutdown::Kill);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, false, &Some(signal(Signal::KILL))));
    assert!(report.clean && !process.is_there());
    assert_eq!(log.until_the_end().await.output("a"), ["ready"]);
}

#[tokio::test]
async fn a_process_that_ignores_sigterm_is_killed_when_its_grace_is_over() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(SHORT);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, true, &Some(signal(Signal::KILL))));
    assert!(report.ending == Ending::Forced && a.elapsed >= SHORT && !process.is_there());
    let escalated = EventKind::Escalated { to: "SIGKILL".into() };
    assert_eq!(log.until_the_end().await.find("a", "escalated").what, escalated);
}

#[tokio::test]
async fn a_force_kills_a_process_that_has_time_left() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(Shutdown::Infinity);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;
    tree.request_stop();
    log.wait_for_line("a", "got SIGTERM and stays").await;

    tree.force();

    let report = tree.wait().await;
    assert_eq!(report.ending, Ending::Forced);
    assert_eq!(report.find("root/a").unwrap().status, Some(signal(Signal::KILL)));
}

#[tokio::test]
async fn two_stops_at_once_ask_a_process_once() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(SHORT);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let other = tree.clone();
    let (first, second) = tokio::join!(tree.stop(), other.stop());

    assert!(Arc::ptr_eq(&first, &second));
    let record = log.until_the_end().await;
    assert!(record.output("a").len() <= 2, "{record}");
    assert_eq!(record.count("a", "stopping"), 1);
}

#[tokio::test]
async fn a_process_that_is_suspended_is_woken_to_be_stopped() {
    let a = fixture!("stops_itself").into_child("a").shutdown(Shutdown::Infinity);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    until("the process suspends itself", || process.is_suspended()).await;

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.output("a"), ["ready", "continued", "got SIGTERM"]);
}

#[tokio::test]
async fn a_process_that_is_suspended_still_counts_as_running() {
    let root =
        Supervisor::new("root").child(forever("a")).child(fixture!("exits_with").arg("1").into_child("b"));
    let (tree, mut log) = launched(root.intensity(3, Duration::from_secs(60)));
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    process.signal(Sent::SIGSTOP);
    until("the process is suspended", || process.is_suspended()).await;

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp, "its sibling is restarted until that is too much");
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("a").last(), Some(&"stopped"));
    assert_eq!(record.count("a", "exited"), 0);
}

#[tokio::test]
async fn a_process_is_asked_with_the_signal_that_it_wants() {
    let a = fixture!("prints_signals").stop_signal(Signal::INT).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let _ = tree.stop().await;

    assert_eq!(log.until_the_end().await.output("a")[1..], ["got SIGINT", "bye"]);
}

#[tokio::test]
async fn a_process_is_asked_with_one_signal_after_the_other() {
    let step = |signal| Step::new(signal, Duration::from_millis(10));
    let last = Step::new(Signal::TERM, Duration::from_secs(3600));
    let ladder = [step(Signal::HUP), step(Signal::USR1), last];
    let a = fixture!("prints_signals").ladder(ladder).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    assert!(report.clean);
    let record = log.until_the_end().await;
    assert_eq!(record.output("a").last(), Some(&"bye"));
    assert!(record.output("a").contains(&"got SIGTERM"), "{record}");
}

#[tokio::test]
async fn a_last_kill_ends_a_process_without_a_caller_that_waits() {
    let a = fixture!("ignores_sigterm").into_child("a").restart(Restart::Temporary);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    tree.kill_processes();

    let exited = log.wait_for_event("a", "exited").await;
    assert_eq!(status_of(&exited.what), Some(&signal(Signal::KILL)));
}

/// Long enough to be measured, and short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);
