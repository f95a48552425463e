//! What many starts leave behind. In a program of its own, because the descriptors are the whole program's.
//!
//! `STARTS=10000 cargo test -p rootward-procs --release --test many_starts -- --nocapture` takes longer, and shows the
//! counts.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]

use std::time::Duration;

use rootward_core::{EventKind, Restart, Supervisor};
use rootward_procs::{Containment, Output, Pipes, Process, Ready, Stdin, Terminal, Warden};
use tokio::time::Instant;

/// Far longer than anything here takes: it ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many programs are started at each level.
fn starts() -> usize {
    std::env::var("STARTS").map_or(300, |starts| starts.parse().unwrap())
}

#[tokio::test]
async fn supervisor_and_warden_have_as_many_descriptors_after_many_starts_as_before() {
    let warden = Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap();
    for containment in [Containment::group(), Containment::tree(&warden)] {
        // What is made once is made by these.
        start(&containment, 40).await;
        let before = descriptors(&containment);

        let begin = Instant::now();
        start(&containment, starts()).await;
        let took = begin.elapsed();

        // Reapers to spare come and go.
        let as_few = async {
            while descriptors(&containment).iter().zip(&before).any(|(now, before)| now > before) {
                tokio::task::yield_now().await;
            }
        };
        let is_over = tokio::time::timeout(PATIENCE, as_few).await.is_err();
        let (after, level) = (descriptors(&containment), containment.name());
        eprintln!(
            "{level}: {} starts in {took:?}, {before:?} descriptors before and {after:?} after",
            starts()
        );
        assert!(!is_over, "{before:?} have become {after:?} at {level}");
    }
}

/// Starts as many programs, each of which ends at once, in the ways that take descriptors, as restarts of one tree.
async fn start(containment: &Containment, count: usize) {
    let pipes = Pipes::new();
    let quick = || Process::new("/bin/true");
    let processes = [
        quick(),
        Process::new("/bin/sh").args(["-c", "echo >&3"]).stdin(Stdin::Open).ready(Ready::descriptor(3)),
        quick().stdin(Stdin::Piped).stdout(Output::Piped).pipes(&pipes),
        quick().tty(&Terminal::new()),
        Process::new("/no/such/program").retry_start(Duration::ZERO),
    ];
    let restarts = u32::try_from(count / processes.len()).unwrap();
    for process in processes {
        let child = process.into_child("child").restart(Restart::Permanent);
        let root = Supervisor::new("root").intensity(restarts, Duration::from_secs(3600)).child(child);
        let mut tree = containment.apply(root.into_tree().unwrap());
        let mut events = tree.subscribe();
        let tree = tree.launch();
        let mut starts = 0;
        while let Ok(Some(event)) = tokio::time::timeout(PATIENCE, events.next()).await.expect("it goes on") {
            starts += usize::from(matches!(event.what, EventKind::Starting));
        }
        assert!(starts > 0);
        let _ = tree.wait().await;
        // Those that are not taken are kept.
        while tokio::time::timeout(Duration::ZERO, pipes.next()).await.is_ok_and(|ends| ends.is_some()) {}
    }
}

/// How many descriptors this program and its warden have.
fn descriptors(containment: &Containment) -> Vec<usize> {
    let of = |process: &str| std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    let warden = containment.warden().map(|warden| of(&warden.pid().to_string()));
    std::iter::once(of("self")).chain(warden).collect()
}
