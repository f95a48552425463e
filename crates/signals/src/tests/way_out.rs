//! What stands still and must not take the way out away: a snapshot, a start, a last kill.

use std::io;
use std::sync::{Mutex, mpsc as sync_mpsc};

use rootward_core::{
    ChildKind, ChildSpec, Launch, SignalAction, StartChild, StartContext, StartError, StopCause, Supervisor,
};
use tokio::sync::mpsc;

use super::{Log, given_tree, hangs, obedient, stubborn, three_signals_lead_out};
use crate::last_kill::LastKill;
use crate::{Hangup, Signal, SignalSource, Signals};

#[tokio::test]
async fn a_snapshot_whose_show_hangs_holds_up_no_stop() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let signals = Signals::new().source(source).on_snapshot(hang).handler_timeout(None);
    let _guard = signals.attach(&tree).unwrap();
    sender.send(Signal::USR1);
    hanging.recv().await;

    sender.send(Signal::USR1);
    sender.send(Signal::TERM);

    assert!(tree.wait().await.clean);
}

#[tokio::test]
async fn a_snapshot_whose_show_hangs_holds_up_no_stop_that_has_handlers_and_shows_the_snapshot() {
    for stop in [Signal::TERM, Signal::QUIT] {
        let (tree, _log) = given_tree(obedient("worker")).await;
        let (sender, source) = SignalSource::channel();
        let (hang, mut hanging, _never) = hangs();
        let (told, mut called) = mpsc::unbounded_channel();
        let signals = Signals::new().source(source).stop_signals([Signal::QUIT]).on_snapshot(hang);
        let signals = signals.on(stop, move |received| told.send(received.action).unwrap());
        let _guard = signals.handler_timeout(None).attach(&tree).unwrap();
        sender.send(Signal::USR1);
        hanging.recv().await;

        sender.send(Signal::USR1);
        sender.send(stop);

        assert_eq!(called.recv().await, Some(SignalAction::Stop), "{stop}");
        assert!(tree.wait().await.clean);
    }
}

#[tokio::test]
async fn a_snapshot_whose_show_hangs_holds_up_no_handler() {
    let (tree, _log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let (told, mut called) = mpsc::unbounded_channel();
    let signals = Signals::new().source(source).hangup(Hangup::Reload).on_snapshot(hang);
    let signals = signals.on(Signal::HUP, move |received| told.send(received.action).unwrap());
    let _guard = signals.attach(&tree).unwrap();
    sender.send(Signal::USR1);
    hanging.recv().await;

    sender.send(Signal::USR1);
    sender.send(Signal::HUP);

    assert_eq!(called.recv().await, Some(SignalAction::Ignore));
    assert!(!tree.is_stopping());
}

#[tokio::test]
async fn a_snapshot_whose_show_hangs_keeps_no_tree() {
    let (tree, mut log) = given_tree(obedient("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let guard = Signals::new().source(source).on_snapshot(hang).attach(&tree).unwrap();
    sender.send(Signal::USR1);
    hanging.recv().await;
    sender.send(Signal::USR1);
    log.signal().await;
    log.signal().await;

    drop((tree, guard));

    assert_eq!(log.stop_of_the_root().await, StopCause::Dropped);
}

/// The start has a thread of the runtime, and a snapshot may have to wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_of_a_tree_that_stands_still_does_not_take_the_way_out() {
    let (started, mut starting) = mpsc::unbounded_channel();
    let (never, blocked) = sync_mpsc::channel::<()>();
    let blocks = ChildSpec::new("blocks", Blocks { started, blocked: Mutex::new(blocked) });
    let mut builder = Supervisor::new("root").child(blocks).into_tree().unwrap();
    let mut log = Log(builder.subscribe());
    let tree = builder.launch();
    let (sender, source) = SignalSource::channel();
    let guard = Signals::new().source(source).on_snapshot(|_| ()).attach(&tree).unwrap();
    starting.recv().await;

    sender.send(Signal::USR1);

    assert_eq!(three_signals_lead_out(&sender, &guard, &mut log).await, 130);
    drop(never);
}

#[tokio::test(start_paused = true)]
async fn a_last_kill_that_is_held_up_does_not_keep_the_program_for_long() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (hang, mut hanging, _never) = hangs();
    let hang = Mutex::new(hang);
    let mut listening = Signals::new().source(source).listen().unwrap();
    listening.last_kill = LastKill::with(move |tree| hang.lock().unwrap()(tree)).unwrap();
    let guard = listening.attach(&tree);

    assert_eq!(three_signals_lead_out(&sender, &guard, &mut log).await, 130);

    hanging.recv().await;
}

#[tokio::test]
async fn a_third_ctrl_c_does_one_last_kill() {
    let (tree, mut log) = given_tree(stubborn("worker")).await;
    let (sender, source) = SignalSource::channel();
    let (killed, mut kills) = mpsc::unbounded_channel();
    let mut listening = Signals::new().source(source).listen().unwrap();
    listening.last_kill = LastKill::with(move |_| killed.send(()).unwrap()).unwrap();
    let guard = listening.attach(&tree);

    assert_eq!(three_signals_lead_out(&sender, &guard, &mut log).await, 130);

    assert_eq!(kills.recv().await, Some(()));
}

/// A child whose start blocks its thread until the other end is dropped.
struct Blocks {
    started: mpsc::UnboundedSender<()>,
    blocked: Mutex<sync_mpsc::Receiver<()>>,
}

impl StartChild for Blocks {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, _: StartContext) -> Launch {
        self.started.send(()).unwrap();
        let _ = self.blocked.lock().unwrap().recv();
        Launch::Failed(StartError::new(io::Error::other("it was only there to block")))
    }
}
