//! Signals that a program sends to its process children by itself.

use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit};
use rootward::error::SignalChildError;
use rootward::process::Process;
use rootward::{Exit, Restart, Signal, Supervisor};

use super::{forever, signal};
use crate::support::{fixture, given, obedient};

#[tokio::test]
async fn a_signal_reaches_the_program_and_changes_nothing_else() {
    let program = fixture!("prints_signals").into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(program)).await;
    log.wait_for_line("a", "ready").await;
    let root = tree.supervisor("root").unwrap();

    root.signal_child("a", Signal::HUP).unwrap();
    log.wait_for_line("a", "got SIGHUP").await;
    root.signal_child("a", Signal::USR1).unwrap();
    log.wait_for_line("a", "got SIGUSR1").await;

    let report = tree.stop().await;
    assert!(report.clean);
    assert!(!log.until_the_end().await.of_child("a").contains(&"restarting"));
}

/// What the program has started is not told: it would have ended by SIGUSR1.
#[tokio::test]
async fn a_signal_reaches_nothing_that_the_program_has_started() {
    let script =
        "sleep 1000 & trap 'echo told; kill -0 $! && echo there' USR1; echo ready; while :; do wait; done";
    let shell = rootward::Process::new("sh").args(["-c", script]).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(shell)).await;
    log.wait_for_line("a", "ready").await;

    tree.supervisor("root").unwrap().signal_child("a", Signal::USR1).unwrap();

    log.wait_for_line("a", "told").await;
    log.wait_for_line("a", "there").await;
    let _ = tree.stop().await;
    log.until_the_end().await;
}

#[tokio::test]
async fn a_process_that_ends_by_a_signal_of_the_program_has_ended_by_itself() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;
    log.wait_for_event("a", "started").await;

    tree.supervisor("root").unwrap().signal_child("a", Signal::KILL).unwrap();

    let exited = log.wait_for_event("a", "exited").await;
    let rootward::EventKind::Exited { status, .. } = &exited.what else { panic!("{exited:?}") };
    assert_eq!(*status, Some(signal(Signal::KILL)));
    log.wait_for_event("a", "restarting").await;
    let _ = tree.stop().await;
    log.until_the_end().await;
}

#[tokio::test]
async fn a_process_that_has_left_a_core_image_is_told_to_have() {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).unwrap();
    if pattern.trim().is_empty() || pattern.contains(['|', '/', '@']) || hard != RLIM_INFINITY {
        eprintln!("left out: no core image may be left in a test's own directory here");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let script = "ulimit -c unlimited; kill -SEGV $$";
    let a = Process::new("sh").args(["-c", script]).current_dir(directory.path());
    let (tree, mut log) =
        given(Supervisor::new("root").child(a.into_child("a").restart(Restart::Temporary))).await;

    let exited = log.wait_for_event("a", "exited").await;

    let rootward::EventKind::Exited { status: Some(status), .. } = &exited.what else { panic!("{exited:?}") };
    assert!(matches!(status, Exit::Signal { number: 11, core_dumped: true, .. }), "{status:?}");
    assert_eq!(status.to_string(), "killed by SIGSEGV (core dumped)");
    let _ = tree.stop().await;
    log.until_the_end().await;
}

#[tokio::test]
async fn a_signal_that_cannot_be_sent_is_an_error_that_says_why() {
    let gone = fixture!("exits_with").arg("0").into_child("gone").restart(Restart::Transient);
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("task")).child(gone)).await;
    log.wait_for_event("gone", "exited").await;
    let root = tree.supervisor("root").unwrap();

    let send = |id| root.signal_child(id, Signal::HUP);

    assert!(matches!(send("none"), Err(SignalChildError::NotFound)));
    assert!(matches!(send("task"), Err(SignalChildError::NotAProcess)));
    assert!(matches!(send("gone"), Err(SignalChildError::NotRunning)));
    let _ = tree.stop().await;
    log.until_the_end().await;
}
