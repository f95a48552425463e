//! What signals do to a tree: stop, force, leave, show.

use std::time::Duration;

use rootward_core::{Ending, SignalAction, StopCause, TreeSnapshot};
use tokio::sync::mpsc;

use super::{AGAIN, given_tree, obedient, stubborn, three_signals_lead_out};
use crate::{Hangup, Signal, SignalSource, Signals};

#[tokio::test]
async fn the_first_signal_stops_the_tree_and_is_the_cause_that_the_report_names() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).attach(&tree).unwrap();

    signals.send(Signal::TERM);

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Clean, StopCause::Signal("SIGTERM")));
    assert_eq!(log.signal().await, ("SIGTERM".to_owned(), SignalAction::Stop));
    assert_eq!(
        log.stop_of_the_root().await,
        StopCause::Signal("SIGTERM"),
        "the signal comes before what it causes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_ctrl_c_ends_every_grace() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).attach(&tree).unwrap();
    signals.send(Signal::INT);
    log.stop_of_the_root().await;

    tokio::time::advance(AGAIN).await;
    signals.send(Signal::INT);

    assert_eq!(tree.wait().await.ending, Ending::Forced);
    assert_eq!(log.signal().await, ("SIGINT".to_owned(), SignalAction::Force));
}

#[tokio::test(start_paused = true)]
async fn a_ctrl_c_that_arrives_twice_within_a_tenth_of_a_second_is_one_request() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).attach(&tree).unwrap();

    signals.send(Signal::INT);
    signals.send(Signal::INT);

    assert_eq!(tree.wait().await.ending, Ending::Clean);
    assert_eq!((log.signal().await.1, log.signal().await.1), (SignalAction::Stop, SignalAction::Ignore));
}

#[tokio::test]
async fn a_third_ctrl_c_tells_every_waiter_to_leave_with_130() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (signals, source) = SignalSource::channel();
    let guard = Signals::new().source(source).attach(&tree).unwrap();

    let presses = three_signals_lead_out(&signals, &guard, &mut log);

    assert_eq!(tokio::join!(presses, guard.exit_requested()), (130, 130));
    assert_eq!(guard.exit_requested().await, 130, "a later caller hears it as well");
}

#[tokio::test(start_paused = true)]
async fn sigterms_of_one_second_are_one_request() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (signals, source) = SignalSource::channel();
    let guard = Signals::new().source(source).attach(&tree).unwrap();
    let mut actions = Vec::new();

    for pause in [0, 400, 400, 400] {
        tokio::time::advance(Duration::from_millis(pause)).await;
        signals.send(Signal::TERM);
        actions.push(log.signal().await.1);
    }
    assert!(!tree.wait().await.clean);
    tokio::time::advance(Duration::from_millis(1001)).await;
    signals.send(Signal::TERM);

    use SignalAction::{Force, Ignore, Stop};
    assert_eq!(actions, [Stop, Ignore, Ignore, Force]);
    assert_eq!(guard.exit_requested().await, 143);
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_joins_a_stop_that_the_program_has_asked_for() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).attach(&tree).unwrap();
    tree.request_stop();
    log.stop_of_the_root().await;

    signals.send(Signal::INT);
    let first = log.signal().await.1;
    tokio::time::advance(AGAIN).await;
    signals.send(Signal::INT);

    let report = tree.wait().await;
    assert_eq!((first, log.signal().await.1), (SignalAction::Stop, SignalAction::Force));
    assert_eq!((report.ending, report.cause), (Ending::Forced, StopCause::Api));
}

#[tokio::test]
async fn a_signal_that_comes_before_the_tree_is_kept_for_it() {
    let (signals, source) = SignalSource::channel();
    let listening = Signals::new().source(source).listen().unwrap();
    signals.send(Signal::HUP);

    let (tree, _log) = given_tree(obedient("worker")).await;
    let _guard = listening.attach(&tree);

    assert_eq!(tree.wait().await.cause, StopCause::Signal("SIGHUP"));
}

#[tokio::test]
async fn a_sighup_that_reloads_leaves_the_tree_alone() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).hangup(Hangup::Reload).attach(&tree).unwrap();

    signals.send(Signal::HUP);

    assert_eq!(log.signal().await, ("SIGHUP".to_owned(), SignalAction::Ignore));
    assert!(!tree.is_stopping());
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_sigusr1_shows_the_snapshot_and_changes_nothing() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let (shown, mut shows) = mpsc::unbounded_channel();
    let show = move |snapshot: &TreeSnapshot| shown.send(snapshot.to_string()).unwrap();
    let _guard = Signals::new().source(source).on_snapshot(show).attach(&tree).unwrap();

    signals.send(Signal::USR1);

    assert!(shows.recv().await.unwrap().contains("worker"));
    assert_eq!(log.signal().await, ("SIGUSR1".to_owned(), SignalAction::Snapshot));
    assert!(!tree.is_stopping());
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_stop_signal_of_the_applications_shows_the_snapshot_and_then_stops() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let (shown, mut shows) = mpsc::unbounded_channel();
    let show = move |snapshot: &TreeSnapshot| shown.send(snapshot.to_string()).unwrap();
    let rules = Signals::new().source(source).on_snapshot(show).stop_signals([Signal::QUIT]);
    let _guard = rules.attach(&tree).unwrap();

    signals.send(Signal::QUIT);

    assert!(shows.recv().await.unwrap().contains("worker · task running"));
    assert_eq!(tree.wait().await.cause, StopCause::Signal("SIGQUIT"));
}

#[tokio::test]
async fn the_guard_holds_the_tree_and_lets_go_of_it_when_it_is_dropped() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, source) = SignalSource::channel();
    let guard = Signals::new().source(source).on(Signal::USR2, |_| ()).attach(&tree).unwrap();
    drop(tree);
    signals.send(Signal::USR2);
    assert_eq!(log.signal().await, ("SIGUSR2".to_owned(), SignalAction::Ignore));

    drop(guard);

    assert_eq!(log.stop_of_the_root().await, StopCause::Dropped);
}
