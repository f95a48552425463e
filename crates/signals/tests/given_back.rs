//! What becomes of the process's signals: they are caught as long as something listens, and then do what they did
//! before.
//!
//! Dispositions belong to the whole process, so that these tests take turns.
#![cfg(target_os = "linux")]

use std::time::Duration;

use nix::sys::signal::{self, kill};
use nix::unistd::Pid;
use rootward_core::{ChildSpec, Supervisor, Tree};
use rootward_signals::{Signal, Signals, SignalsGuard};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal as tokio_signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Mutex, MutexGuard};

#[tokio::test]
async fn each_signal_is_given_back_as_soon_as_the_guard_is_dropped() {
    let _turn = turn().await;
    let tree = given_tree().await;
    let before = caught();
    let (guard, mut heard) = listening(Signal::USR2, &tree);
    assert_ne!(caught(), before);
    send(signal::SIGUSR2);
    assert_eq!(heard.recv().await, Some(()));

    drop(guard);

    assert_eq!(caught(), before);
}

#[tokio::test]
async fn each_signal_is_given_back_when_what_was_heard_goes_to_no_tree() {
    let _turn = turn().await;
    let before = caught();
    let listening = Signals::new().on(Signal::USR2, |_| ()).listen().unwrap();
    assert_ne!(caught(), before);

    drop(listening);

    assert_eq!(caught(), before);
}

#[tokio::test]
async fn a_program_can_listen_again_and_again() {
    let _turn = turn().await;
    let tree = given_tree().await;

    for _ in 0..3 {
        let (_guard, mut heard) = listening(Signal::USR2, &tree);
        for _ in 0..2 {
            send(signal::SIGUSR2);
            assert_eq!(heard.recv().await, Some(()));
        }
    }
}

#[tokio::test]
async fn all_trees_see_a_signal_and_it_is_given_back_when_the_last_of_them_is_through() {
    let _turn = turn().await;
    let (one, other) = (given_tree().await, given_tree().await);
    let before = caught();
    let (ones, mut one_heard) = listening(Signal::USR2, &one);
    let (others, mut other_heard) = listening(Signal::USR2, &other);

    send(signal::SIGUSR2);
    assert_eq!((one_heard.recv().await, other_heard.recv().await), (Some(()), Some(())));
    drop(ones);
    send(signal::SIGUSR2);
    assert_eq!(other_heard.recv().await, Some(()));
    drop(others);

    assert_eq!(caught(), before);
}

#[test]
fn a_tree_whose_runtime_comes_late_misses_no_signal() {
    let (one, other) = (runtime(), runtime());
    let _turn = one.block_on(turn());
    let listen = |runtime: &Runtime| {
        runtime.block_on(async {
            let tree = given_tree().await;
            listening(Signal::USR2, &tree)
        })
    };
    let ((_guard, mut heard), (_other_guard, mut other_heard)) = (listen(&one), listen(&other));
    // They wait when there is nothing left to do.
    let idle = || tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>());
    one.block_on(async { idle().await.unwrap_err() });
    other.block_on(async { idle().await.unwrap_err() });

    // So many that the first that hears of them makes room for others.
    flood();

    assert_eq!(one.block_on(heard.recv()), Some(()));
    assert_eq!(other.block_on(other_heard.recv()), Some(()));
}

#[tokio::test]
async fn a_flood_of_signals_leaves_the_listener_awake() {
    let _turn = turn().await;
    let tree = given_tree().await;
    let (_guard, mut heard) = listening(Signal::USR2, &tree);

    for _ in 0..3 {
        // The runtime has no turn meanwhile, so that nothing is read.
        flood();
        assert_eq!(heard.recv().await, Some(()));
        while heard.try_recv().is_ok() {}
    }
}

#[tokio::test]
async fn what_listened_before_hears_too_and_goes_on_hearing() {
    let _turn = turn().await;
    let mut own = tokio_signal(SignalKind::user_defined1()).unwrap();
    let tree = given_tree().await;
    let (guard, mut heard) = listening(Signal::USR1, &tree);

    send(signal::SIGUSR1);
    assert_eq!((heard.recv().await, own.recv().await), (Some(()), Some(())));
    drop(guard);
    send(signal::SIGUSR1);

    assert_eq!(own.recv().await, Some(()));
}

#[tokio::test]
async fn what_began_to_listen_meanwhile_hears_too_and_goes_on_hearing_and_so_does_the_next_tree() {
    let _turn = turn().await;
    let tree = given_tree().await;
    let (guard, mut heard) = listening(Signal::WINCH, &tree);
    let mut own = tokio_signal(SignalKind::window_change()).unwrap();

    send(signal::SIGWINCH);
    assert_eq!((heard.recv().await, own.recv().await), (Some(()), Some(())));
    drop(guard);
    send(signal::SIGWINCH);
    assert_eq!(own.recv().await, Some(()));

    for _ in 0..2 {
        let (_guard, mut heard) = listening(Signal::WINCH, &tree);
        send(signal::SIGWINCH);
        assert_eq!((heard.recv().await, own.recv().await), (Some(()), Some(())));
    }
}

async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("the system has what a runtime needs")
}

async fn given_tree() -> Tree {
    let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
    Supervisor::new("root").child(worker).start().await.expect("it can be started")
}

/// What listens for this signal, and where it says that it has heard it.
fn listening(signal: Signal, tree: &Tree) -> (SignalsGuard, UnboundedReceiver<()>) {
    let (sender, heard) = unbounded_channel();
    let signals = Signals::new().on(signal, move |_| {
        // The test may be over.
        let _ = sender.send(());
    });
    (signals.attach(tree).expect("the system lets a program listen"), heard)
}

/// More signals than there is room for. All of them have been delivered when this returns.
fn flood() {
    for _ in 0..1000 {
        // To this thread, which has it when the call returns.
        signal::raise(signal::SIGUSR2).expect("a thread may signal itself");
    }
}

fn send(signal: signal::Signal) {
    kill(Pid::this(), signal).expect("a process may signal itself");
}

/// The signals that this process catches, as the kernel has it.
fn caught() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a process has a mask");
    mask.trim().to_owned()
}
