//! The application's own handlers: order, panics, and handlers that hang.

use std::sync::mpsc as sync_mpsc;
use std::time::Duration;

use rootward_core::{Ending, EventKind, SignalAction, StopCause};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{AGAIN, given_tree, hangs, in_time, obedient, stubborn, three_signals_lead_out};
use crate::{Signal, SignalReceived, SignalSource, Signals};

/// Registers this many handlers for each signal, each of which sends what it saw and its number.
fn with_handlers(
    mut signals: Signals,
    on: &[Signal],
    count: usize,
) -> (Signals, mpsc::UnboundedReceiver<(Signal, usize)>) {
    let (sender, seen) = mpsc::unbounded_channel();
    for number in 0..count {
        for signal in on {
            let sender = sender.clone();
            signals = signals.on(*signal, move |received| sender.send((received.signal, number)).unwrap());
        }
    }
    (signals, seen)
}

#[tokio::test]
async fn every_handler_sees_the_signal_in_the_order_of_registration_and_before_the_tree_stops() {
    for count in [1, 5] {
        for signal in [Signal::TERM, Signal::INT] {
            let (tree, _log) = given_tree(obedient("worker")).await;
            let (sender, source) = SignalSource::channel();
            let (signals, mut seen) =
                with_handlers(Signals::new().source(source), &[Signal::INT, Signal::TERM], count);
            let _guard = signals.attach(&tree).unwrap();

            sender.send(signal);

            assert_eq!(tree.wait().await.cause, StopCause::Signal(signal.name()));
            let order: Vec<_> = std::iter::from_fn(|| seen.try_recv().ok()).collect();
            assert_eq!(order, (0..count).map(|number| (signal, number)).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_told_what_the_signal_means() {
    let (tree, _log) = given_tree(stubborn("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (told, mut actions) = mpsc::unbounded_channel();
    let signals = Signals::new().source(source);
    let _guard =
        signals.on(Signal::INT, move |received| told.send(received.action).unwrap()).attach(&tree).unwrap();

    sender.send(Signal::INT);
    assert_eq!(actions.recv().await, Some(SignalAction::Stop));
    tokio::time::advance(AGAIN).await;
    sender.send(Signal::INT);

    assert_eq!(actions.recv().await, Some(SignalAction::Force));
}

#[tokio::test]
async fn a_handler_that_panics_does_not_keep_others_from_seeing_the_signal() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let signals = Signals::new().source(source).on(Signal::TERM, |_| panic!("a handler's own affair"));
    let (signals, mut seen) = with_handlers(signals, &[Signal::TERM], 1);
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::TERM);

    assert!(tree.wait().await.clean);
    assert_eq!(seen.recv().await, Some((Signal::TERM, 0)));
}

#[tokio::test]
async fn the_record_has_the_failures_of_handlers() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let signals = Signals::new()
        .source(source)
        .handler_timeout(Duration::from_millis(50))
        .on(Signal::USR2, |_| panic!("number {}", 7))
        .on_async(Signal::USR2, |_| std::future::pending());
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::USR2);
    let of_handlers = [log.handler_failure().await, log.handler_failure().await];

    assert_eq!(
        of_handlers.each_ref().map(|(handler, error)| (handler.as_str(), error.as_str())),
        [("SIGUSR2", "panic: number 7"), ("SIGUSR2", "it took too long and was dropped")]
    );
}

#[tokio::test]
async fn the_record_has_the_failure_of_what_shows_snapshots() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let signals = Signals::new().source(source).on_snapshot(|_| panic!("no snapshot"));
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::USR1);

    assert_eq!(log.handler_failure().await, ("snapshot".to_owned(), "panic: no snapshot".to_owned()));
    assert!(!tree.is_stopping());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_does_not_take_away_the_way_out() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let signals = Signals::new().source(source).on(Signal::INT, hang).handler_timeout(None);
    let guard = signals.attach(&tree).unwrap();
    sender.send(Signal::INT);
    hanging.recv().await;

    tokio::time::advance(AGAIN).await;
    sender.send(Signal::INT);

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Forced, StopCause::Signal("SIGINT")));
    assert_eq!((log.signal().await.1, log.signal().await.1), (SignalAction::Stop, SignalAction::Force));
    assert_eq!(three_signals_lead_out(&sender, &guard, &mut log).await, 130);
}

#[tokio::test(start_paused = true)]
async fn a_stop_begins_without_handlers_that_have_not_come_to_an_end_in_time() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let timeout = Duration::from_secs(3600);
    let signals = Signals::new().source(source).on(Signal::TERM, hang).handler_timeout(timeout);
    let _guard = signals.attach(&tree).unwrap();
    let begun = Instant::now();

    sender.send(Signal::TERM);
    hanging.recv().await;

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Clean, StopCause::Signal("SIGTERM")));
    assert!(begun.elapsed() >= timeout, "{:?}", begun.elapsed());
}

/// A handler that is not async cannot be given up. It keeps its thread, and no other handler from being called.
#[tokio::test]
async fn a_handler_that_blocks_beyond_its_limit_is_told_and_keeps_no_other_handler_from_being_called() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, never) = hangs();
    let signals =
        Signals::new().source(source).handler_timeout(Duration::from_millis(50)).on(Signal::USR2, hang);
    let (signals, mut seen) = with_handlers(signals, &[Signal::HUP, Signal::WINCH], 1);
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::USR2);
    hanging.recv().await;
    let (handler, error) = log.handler_failure().await;
    sender.send(Signal::WINCH);

    assert_eq!(handler, "SIGUSR2");
    let expected =
        "it is still running beyond its limit; handlers of other signals are called on another thread";
    assert_eq!(error, expected);
    assert_eq!(seen.recv().await, Some((Signal::WINCH, 0)));

    // It is called again once it has returned.
    sender.send(Signal::USR2);
    drop(never);
    hanging.recv().await;
    tree.stop().await;
}

/// They waited for that one handler, also when there was room for it again.
#[tokio::test]
async fn handlers_that_wait_for_one_beyond_the_threads_that_may_be_kept_go_on_when_another_returns() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let mut signals = Signals::new().source(source).handler_timeout(Duration::from_millis(50));
    let blocking = [Signal::USR2, Signal::WINCH, Signal::ALRM, Signal::VTALRM, Signal::PROF];
    let mut all = Vec::new();
    for signal in blocking {
        let (hang, hanging, never) = hangs();
        signals = signals.on(signal, hang);
        all.push((signal, hanging, never));
    }
    let (signals, mut seen) = with_handlers(signals, &[Signal::URG], 1);
    let _guard = signals.attach(&tree).unwrap();
    let mut errors = Vec::new();
    for (signal, hanging, _) in &mut all {
        sender.send(*signal);
        in_time(hanging.recv()).await;
        let (handler, error) = log.handler_failure().await;
        assert_eq!(handler, signal.name());
        errors.push(error);
    }
    sender.send(Signal::URG);
    log.find(|event| {
        matches!(&event.what, EventKind::Signal { signal, .. } if signal == "SIGURG").then_some(())
    })
    .await;
    assert!(errors.pop().unwrap().contains("handlers of other signals wait for it"));
    assert!(errors.iter().all(|error| error.contains("are called on another thread")), "{errors:?}");
    assert!(seen.try_recv().is_err());

    // One of the first four returns, and the fifth does not.
    let (_, _, never) = all.remove(1);
    drop(never);

    assert_eq!(in_time(seen.recv()).await, Some((Signal::URG, 0)));
    drop(all);
    tree.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_no_handler_of_another_signal() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let signals = Signals::new().source(source).on(Signal::USR2, hang).handler_timeout(None);
    let _guard = signals.attach(&tree).unwrap();
    sender.send(Signal::USR2);
    hanging.recv().await;

    sender.send(Signal::TERM);

    assert!(tree.wait().await.clean);
}

#[tokio::test]
async fn the_handlers_of_a_stop_are_called_in_order_while_those_of_another_signal_hang() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, never) = hangs();
    let signals = Signals::new().source(source).on(Signal::USR2, hang).handler_timeout(None);
    let (signals, mut seen) = with_handlers(signals, &[Signal::TERM, Signal::HUP], 3);
    let _guard = signals.attach(&tree).unwrap();
    sender.send(Signal::USR2);
    hanging.recv().await;

    sender.send(Signal::TERM);
    sender.send(Signal::HUP);

    assert!(tree.wait().await.clean);
    for number in 0..3 {
        assert_eq!(seen.recv().await, Some((Signal::TERM, number)));
    }
    // What does not stop the tree waits for its turn.
    assert!(seen.try_recv().is_err());
    drop(never);
    for number in 0..3 {
        assert_eq!(seen.recv().await, Some((Signal::HUP, number)));
    }
}

#[tokio::test]
async fn equal_signals_that_arrive_while_a_handler_is_busy_are_one_call() {
    const MANY: u32 = 1000;
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (told, mut calls) = mpsc::unbounded_channel();
    let (release, blocked) = sync_mpsc::channel::<()>();
    let busy = move |received: &SignalReceived| {
        told.send(received.times).unwrap();
        let _ = blocked.recv();
    };
    let _guard = Signals::new().source(source).on(Signal::USR2, busy).attach(&tree).unwrap();
    sender.send(Signal::USR2);
    assert_eq!(calls.recv().await, Some(1));
    log.signal().await;

    for _ in 0..MANY {
        sender.send(Signal::USR2);
        assert_eq!(log.signal().await.1, SignalAction::Ignore);
    }
    drop(release);

    assert_eq!(calls.recv().await, Some(MANY));
    assert!(tree.stop().await.clean);
    assert_eq!(calls.try_recv().ok(), None);
}

#[tokio::test]
async fn a_handler_may_spawn_what_it_has_to_await() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (done, mut results) = mpsc::unbounded_channel();
    let reload = move |_: &_| {
        let done = done.clone();
        #[expect(clippy::disallowed_methods, reason = "this is what applications do")]
        tokio::spawn(async move { done.send("reloaded") });
    };
    let _guard = Signals::new().source(source).on(Signal::USR2, reload).attach(&tree).unwrap();

    sender.send(Signal::USR2);

    assert_eq!(results.recv().await, Some("reloaded"));
    assert_eq!(log.signal().await, ("SIGUSR2".to_owned(), SignalAction::Ignore));
}

#[tokio::test]
async fn handlers_that_are_async_take_their_turn_and_the_stop_waits_for_them() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (told, mut heard) = mpsc::unbounded_channel();
    let (before, after) = (told.clone(), told.clone());
    let seen = std::sync::Arc::new(tree.downgrade());
    let signals = Signals::new()
        .source(source)
        .on(Signal::TERM, move |_| before.send("before").unwrap())
        .on_async(Signal::TERM, move |received| {
            let (told, tree) = (told.clone(), std::sync::Arc::clone(&seen));
            async move {
                tokio::task::yield_now().await;
                assert_eq!((received.signal, tree.stop_requested()), (Signal::TERM, false));
                told.send("async").unwrap();
            }
        })
        .on(Signal::TERM, move |_| after.send("after").unwrap());
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::TERM);

    assert!(tree.wait().await.clean);
    let order: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
    assert_eq!(order, ["before", "async", "after"]);
}

#[tokio::test]
async fn a_handler_that_awaits_for_ever_or_panics_is_dropped_and_the_next_one_sees_the_signal() {
    struct Dropped(mpsc::UnboundedSender<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (told, mut heard) = mpsc::unbounded_channel();
    let drops = told.clone();
    let signals = Signals::new()
        .source(source)
        .handler_timeout(Duration::from_millis(50))
        .on_async(Signal::USR2, |_| async { panic!("a handler's own affair") })
        .on_async(Signal::USR2, move |_| {
            let dropped = Dropped(drops.clone());
            async move {
                std::future::pending::<()>().await;
                drop(dropped);
            }
        })
        .on(Signal::USR2, move |_| told.send("next").unwrap());
    let _guard = signals.attach(&tree).unwrap();

    sender.send(Signal::USR2);

    assert_eq!((heard.recv().await, heard.recv().await), (Some("dropped"), Some("next")));
    assert!(!tree.is_stopping());
}
