//! Processes that start, end by themselves, and are started again.

use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::process::Signal;
use rootward::report::Outcome;
use rootward::{EventKind, Exit, Restart, Supervisor};

use super::{forever, signal, status_of};
use crate::support::{Identity, fixture, given, identity_of, launched};

#[tokio::test]
async fn a_process_runs_when_it_has_started_and_its_id_is_told() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;

    let process = identity_of(&*log.wait_for_event("a", "started").await);

    assert!(process.is_alive());
    assert_eq!(tree.snapshot().find("root/a").unwrap().pid, Some(process.pid()));
    assert_eq!(tree.stop().await.find("root/a").unwrap().pid, Some(process.pid()));
}

#[tokio::test]
async fn a_process_that_exits_cleanly_is_left_down_if_it_is_transient() {
    let a = fixture!("exits_with").arg("0").into_child("a").restart(Restart::Transient);
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for_event("a", "exited").await;
    let report = tree.stop().await;

    let node = report.find("root/a").unwrap();
    assert_eq!((node.outcome, &node.status), (Outcome::AlreadyGone, &Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.count("a", "starting"), 1);
}

#[tokio::test]
async fn a_process_that_fails_is_started_again_as_another_process() {
    let a = fixture!("exits_with").arg("1").into_child("a").restart(Restart::Transient);
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));

    let first = log.wait_for_event("a", "started").await;
    let second = log.wait_for_event("a", "started").await;

    assert_eq!((first.incarnation, second.incarnation), (1, 2));
    assert_ne!(first.what, second.what, "another process has another id");
}

#[tokio::test]
async fn a_permanent_process_is_started_again_also_after_a_clean_exit() {
    let a = fixture!("exits_with").arg("0").into_child("a");
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for_event("a", "exited").await;

    assert_eq!(log.wait_for_event("a", "started").await.incarnation, 2);
}

#[tokio::test]
async fn a_process_that_another_process_kills_is_started_again_when_it_is_gone() {
    let (_tree, mut log) =
        given(Supervisor::new("root").child(forever("a").restart(Restart::Transient))).await;
    let first = identity_of(&*log.wait_for_event("a", "started").await);

    first.signal(Sent::SIGKILL);

    let exited = log.wait_for_event("a", "exited").await;
    assert_eq!(status_of(&exited.what), Some(&signal(Signal::KILL)));
    assert!(!first.is_there());
    assert_eq!(log.wait_for_event("a", "started").await.incarnation, 2);
}

#[tokio::test]
async fn a_start_is_one_process_and_a_restart_never_leaves_two() {
    let (tree, mut log) = given(Supervisor::new("root").intensity(9, SECOND).child(forever("a"))).await;
    let mut before: Vec<Identity> = Vec::new();

    for _ in 0..5 {
        let process = identity_of(&*log.wait_for_event("a", "started").await);
        assert!(before.iter().all(|before| !before.is_there()));
        before.push(process);
        process.signal(Sent::SIGKILL);
    }

    log.wait_for_event("a", "started").await;
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.count("a", "started"), 6);
}

#[tokio::test]
async fn processes_that_die_together_are_all_started_again() {
    let children = (0..10).map(|n| forever(&format!("{n}")));
    let (tree, mut log) = given(Supervisor::new("root").intensity(10, 60 * SECOND).children(children)).await;
    let processes: Vec<_> =
        log.so_far().events().iter().filter(|event| started(event)).map(|event| identity_of(event)).collect();

    for process in &processes {
        process.signal(Sent::SIGKILL);
    }
    for _ in &processes {
        log.wait_for(|event| started(event) && event.incarnation == 2).await;
    }

    assert!(processes.iter().all(|process| !process.is_there()));
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn an_exit_code_is_told_exactly() {
    for code in [0, 1, 2, 42, 126, 127, 128, 255] {
        let a = fixture!("exits_with").arg(code.to_string()).into_child("a").restart(Restart::Temporary);
        let (_tree, mut log) = launched(Supervisor::new("root").child(a));

        let exited = log.wait_for_event("a", "exited").await;

        assert_eq!(status_of(&exited.what), Some(&Exit::Code(code)));
    }
}

#[tokio::test]
async fn a_deadly_signal_is_told_exactly() {
    for name in ["SIGHUP", "SIGINT", "SIGABRT", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGTERM", "SIGXCPU"] {
        let a = fixture!("dies_of").arg(name).into_child("a").restart(Restart::Temporary);
        let (_tree, mut log) = launched(Supervisor::new("root").child(a));

        let exited = log.wait_for_event("a", "exited").await;

        assert_eq!(status_of(&exited.what), Some(&signal(name.parse().unwrap())));
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn started(event: &rootward::Event) -> bool {
    matches!(event.what, EventKind::Started { pid: Some(_) })
}
