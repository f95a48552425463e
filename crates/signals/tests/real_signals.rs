//! Signals as the system delivers them.
//!
//! One test alone: signals and their dispositions belong to the whole process, and so does this file's
//! program.
#![cfg(target_os = "linux")]

use nix::sys::signal::{self, kill};
use nix::unistd::Pid;
use rootward_core::{ChildSpec, StopCause, Supervisor};
use rootward_signals::{Signal, Signals};
use tokio::sync::mpsc;

#[tokio::test]
async fn nothing_is_caught_before_it_is_asked_for_and_nothing_is_lost_afterwards() {
    let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
    let tree = Supervisor::new("root").child(worker).start().await.unwrap();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let signals = Signals::new()
        .heed_ignored(true)
        .on(Signal::USR2, move |received| sender.send(received.signal).unwrap())
        .on_snapshot(|_| ());
    // Rust's own runtime and the C library catch some.
    let before = caught();

    let listening = signals.listen().unwrap();
    kill(Pid::this(), signal::SIGUSR2).unwrap();
    let _guard = listening.attach(&tree);

    assert_eq!(seen.recv().await, Some(Signal::USR2));
    let asked_for = [Signal::HUP, Signal::INT, Signal::USR1, Signal::USR2, Signal::TERM];
    let taken: Vec<Signal> = caught().into_iter().filter(|signal| !before.contains(signal)).collect();
    assert_eq!(taken, asked_for);
    assert!(asked_for.iter().all(|signal| !before.contains(signal)));
    kill(Pid::this(), signal::SIGTERM).unwrap();
    assert_eq!(tree.wait().await.cause, StopCause::Signal("SIGTERM"));
}

/// The signals that this process catches, as the kernel has it.
fn caught() -> Vec<Signal> {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a process has a mask");
    let mask = u64::from_str_radix(mask.trim(), 16).expect("the mask is a hexadecimal number");
    (1..=64)
        .filter_map(Signal::from_number)
        .filter(|signal| mask & (1 << (signal.number() - 1)) != 0)
        .collect()
}
