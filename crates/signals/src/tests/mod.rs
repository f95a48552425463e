//! Signals against real trees, from a source that the test holds. What these tests share stands here: small
//! trees, and a log of events to wait on.

mod added;
mod escalation;
mod handlers;
mod way_out;

use std::pin::pin;
use std::sync::{Arc, mpsc as sync_mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rootward_core::{
    ChildSpec, Event, EventKind, Events, Shutdown, SignalAction, StopCause, Supervisor, Tree,
};

use tokio::sync::mpsc;

use crate::{Listening, Signal, SignalError, SignalSender, Signals, SignalsGuard};

#[test]
fn what_the_application_holds_can_be_sent_and_shared() {
    fn assert_send<T: Send>() {}
    fn assert_send_and_sync<T: Send + Sync>() {}

    assert_send::<Signals>();
    assert_send::<Listening>();
    assert_send_and_sync::<SignalsGuard>();
    assert_send_and_sync::<SignalSender>();
    assert_send_and_sync::<SignalError>();
}

/// A task that ends as soon as it is asked to.
pub(crate) fn obedient(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

/// A task that never ends unless it is forced.
pub(crate) fn stubborn(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| std::future::pending::<()>()).shutdown(Shutdown::Infinity)
}

/// A tree with one child that has started, and its events.
pub(crate) async fn given_tree(child: ChildSpec) -> (Tree, Log) {
    let mut builder = Supervisor::new("root").child(child).into_tree().unwrap().deadline(None);
    let log = Log(builder.subscribe());
    (builder.start().await.unwrap(), log)
}

/// A handler that hangs until the last of these is dropped, and says when it begins to.
pub(crate) fn hangs<T: ?Sized>() -> (impl FnMut(&T) + Send, mpsc::UnboundedReceiver<()>, sync_mpsc::Sender<()>)
{
    let (never, blocked) = sync_mpsc::channel::<()>();
    let (entered, hanging) = mpsc::unbounded_channel();
    let hang = move |_: &T| {
        let _ = entered.send(());
        let _ = blocked.recv();
    };
    (hang, hanging, never)
}

/// How much time passes between two keys that count.
pub(crate) const AGAIN: Duration = Duration::from_millis(101);

/// Sends SIGINT, as a person does who wants to leave, and says with which status the program leaves. Three of them
/// count: others came so early that they belonged to the one before.
pub(crate) async fn three_signals_lead_out(
    signals: &SignalSender,
    guard: &SignalsGuard,
    log: &mut Log,
) -> u8 {
    // Many more than a busy machine needs.
    const MOST: usize = 600;
    for _ in 0..MOST {
        signals.send(Signal::INT);
        if let Ok(status) = tokio::time::timeout(AGAIN, guard.exit_requested()).await {
            let counted = log.counted_signals();
            let ladder = [SignalAction::Stop, SignalAction::Force, SignalAction::Leave];
            assert!((0..3).any(|from| ladder[from..].starts_with(&counted)), "{counted:?}");
            return status;
        }
    }
    panic!("{MOST} signals do not lead out");
}

/// Waits for longer than any of these tests takes, by a clock that none of them has paused.
async fn backstop() {
    // Dropped together with this future, which ends the thread.
    let (_over, is_over) = sync_mpsc::channel::<()>();
    let (bark, mut barks) = mpsc::unbounded_channel();
    thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE) == Err(sync_mpsc::RecvTimeoutError::Timeout) {
            let _ = bark.send(());
        }
    });
    let _ = barks.recv().await;
}

/// Waits for what has to happen, for as long as the backstop lets it.
pub(crate) async fn in_time<T>(happens: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        happened = happens => happened,
        () = backstop() => panic!("it does not happen"),
    }
}

/// Ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tree's events, one after the other.
pub(crate) struct Log(Events);

impl Log {
    /// Reads on until one of the events to come gives this an answer.
    pub(crate) async fn find<T>(&mut self, mut answer: impl FnMut(&Event) -> Option<T>) -> T {
        let find = async {
            loop {
                let event: Arc<Event> =
                    self.0.next().await.unwrap().expect("the event comes before the tree's last");
                if let Some(found) = answer(&event) {
                    return found;
                }
            }
        };
        in_time(find).await
    }

    /// The next signal, and what it meant.
    pub(crate) async fn signal(&mut self) -> (String, SignalAction) {
        self.find(|event| {
            if let EventKind::Signal { signal, action } = &event.what {
                return Some((signal.clone(), *action));
            }
            None
        })
        .await
    }

    /// The next failure of a handler, and of which.
    pub(crate) async fn handler_failure(&mut self) -> (String, String) {
        self.find(|event| {
            if let EventKind::HandlerFailed { handler, error } = &event.what {
                return Some((handler.clone(), error.clone()));
            }
            None
        })
        .await
    }

    /// What the signals meant that asked for an end, as far as that has been written down.
    fn counted_signals(&mut self) -> Vec<SignalAction> {
        let mut counted = Vec::new();
        let mut there = Context::from_waker(Waker::noop());
        while let Poll::Ready(Ok(Some(event))) = pin!(self.0.next()).poll(&mut there) {
            if let EventKind::Signal { action, .. } = event.what {
                let asks = matches!(action, SignalAction::Stop | SignalAction::Force | SignalAction::Leave);
                counted.extend(asks.then_some(action));
            }
        }
        counted
    }

    /// Why the root begins to stop.
    pub(crate) async fn stop_of_the_root(&mut self) -> StopCause {
        self.find(|event| {
            if let EventKind::Stopping { cause, .. } = &event.what {
                return (event.path == *"root").then_some(*cause);
            }
            None
        })
        .await
    }
}
