//! Handlers that come and go while signals are heard.

use std::sync::{Arc, Mutex, mpsc as sync_mpsc};

use tokio::sync::mpsc;

use super::{given_tree, hangs, obedient};
use crate::{Signal, SignalError, SignalHandlers, SignalReceived, SignalSender, SignalSource, Signals};

/// A handler that says that it was called, and under which name.
fn says(
    name: &'static str,
    to: &mpsc::UnboundedSender<&'static str>,
) -> impl FnMut(&SignalReceived) + Send + use<> {
    let to = to.clone();
    move |_| to.send(name).unwrap()
}

/// Signals that were not described to have any handler.
fn described() -> (Signals, SignalHandlers, SignalSender) {
    let (sender, source) = SignalSource::channel();
    let signals = Signals::new().source(source);
    let handlers = signals.handlers();
    (signals, handlers, sender)
}

#[tokio::test]
async fn a_handler_that_is_added_while_signals_are_heard_sees_the_next_one() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (signals, handlers, sender) = described();
    let (told, mut heard) = mpsc::unbounded_channel();
    let _guard = signals.attach(&tree).unwrap();

    let _first = handlers.add(Signal::TERM, says("added", &told)).unwrap();
    let _second = handlers.add_async(Signal::TERM, move |_| {
        let told = told.clone();
        async move { told.send("async").unwrap() }
    });
    sender.send(Signal::TERM);

    assert!(tree.wait().await.clean);
    assert_eq!(
        (heard.try_recv(), heard.try_recv()),
        (Ok("added"), Ok("async")),
        "before the stop, and in order"
    );
}

#[tokio::test]
async fn handlers_are_called_in_the_order_in_which_they_were_registered_whichever_way_that_was() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (signals, handlers, sender) = described();
    let (told, mut heard) = mpsc::unbounded_channel();
    let before = handlers.add(Signal::USR2, says("added before", &told)).unwrap();
    let signals = signals.on(Signal::USR2, says("described", &told));
    let _guard = signals.attach(&tree).unwrap();
    handlers.add(Signal::USR2, says("added after", &told)).unwrap().keep();

    sender.send(Signal::USR2);
    let order = [heard.recv().await, heard.recv().await, heard.recv().await];
    drop(before);
    sender.send(Signal::USR2);

    assert_eq!(order, [Some("added before"), Some("described"), Some("added after")]);
    assert_eq!((heard.recv().await, heard.recv().await), (Some("described"), Some("added after")));
}

#[tokio::test]
async fn a_handler_that_was_removed_is_called_no_more_and_is_dropped_by_what_removed_it() {
    struct Dropped(Arc<Mutex<Option<std::thread::ThreadId>>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Some(std::thread::current().id());
        }
    }
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, handlers, sender) = described();
    let (told, mut heard) = mpsc::unbounded_channel();
    let by = Arc::new(Mutex::new(None));
    let dropped = Dropped(Arc::clone(&by));
    let mut says_it = says("called", &told);
    let _guard = signals.attach(&tree).unwrap();
    let added = handlers
        .add(Signal::USR2, move |received| {
            let _held = &dropped;
            says_it(received);
        })
        .unwrap();

    drop(added);
    sender.send(Signal::USR2);
    log.signal().await;
    assert!(tree.stop().await.clean);

    assert_eq!(*by.lock().unwrap(), Some(std::thread::current().id()));
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_handler_may_remove_itself_and_add_another() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (signals, handlers, sender) = described();
    let (told, mut heard) = mpsc::unbounded_channel();
    let slot = Arc::new(Mutex::new(None));
    let (own, adds) = (Arc::clone(&slot), handlers.clone());
    let _guard = signals.attach(&tree).unwrap();
    let first = handlers.add(Signal::USR2, move |_| {
        told.send("first").unwrap();
        *own.lock().unwrap() = Some(adds.add(Signal::USR2, says("second", &told)).unwrap());
    });
    *slot.lock().unwrap() = Some(first.unwrap());

    sender.send(Signal::USR2);
    assert_eq!(heard.recv().await, Some("first"));
    log.signal().await;
    sender.send(Signal::USR2);

    assert_eq!(heard.recv().await, Some("second"));
}

#[tokio::test]
async fn a_handler_can_be_added_and_removed_while_another_one_hangs() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (signals, handlers, sender) = described();
    let (hang, mut hanging, never) = hangs();
    let (told, mut heard) = mpsc::unbounded_channel();
    let _guard = signals.on(Signal::USR2, hang).attach(&tree).unwrap();
    sender.send(Signal::USR2);
    hanging.recv().await;

    let removed = handlers.add(Signal::USR2, says("removed", &told)).unwrap();
    let _added = handlers.add(Signal::USR2, says("added", &told)).unwrap();
    drop(removed);
    sender.send(Signal::USR2);
    drop(never);

    assert_eq!(heard.recv().await, Some("added"), "once the thread is free again");
}

#[tokio::test]
async fn a_handler_can_be_added_when_nothing_listens_any_more() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (signals, handlers, _sender) = described();
    drop(signals.attach(&tree).unwrap());

    let (called, is_called) = sync_mpsc::channel::<()>();
    let added = handlers.add(Signal::USR2, move |_| called.send(()).unwrap());

    assert!(added.is_ok());
    drop(added);
    assert!(is_called.recv().is_err(), "it is gone");
}

#[tokio::test]
async fn a_signal_that_cannot_be_caught_is_refused_also_while_signals_are_heard() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let signals = Signals::new();
    let handlers = signals.handlers();
    let _guard = signals.attach(&tree).unwrap();

    for signal in [Signal::KILL, Signal::STOP, Signal::SEGV] {
        let error = handlers.add(signal, |_| {}).unwrap_err();

        assert!(matches!(error, SignalError::Listen { signal: refused, .. } if refused == signal), "{error}");
    }
}
