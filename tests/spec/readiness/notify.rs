//! systemd's notify protocol.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rootward::process::{Process, Ready};
use rootward::{EventKind, Restart, Supervisor};

use super::{HOUR, SHORT, record_of, start_error, starts};
use crate::support::{fixture, launched, line_in, obedient, runs};

#[tokio::test]
async fn a_process_is_ready_when_it_sends_ready_and_what_else_it_tells_is_an_event() {
    let a = fixture!("notifies").args(["STATUS=Loading", "READY=1;STATUS=Serving;MAINPID=7", "STOPPING=1"]);
    let a = a.ready(Ready::notify()).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a).child(obedient("b")));

    tree.started().await.unwrap();
    let is_notice =
        |event: &rootward::Event| matches!(&event.what, EventKind::Notified(notice) if notice.stopping);
    log.wait_for(is_notice).await;

    assert!(tree.stop().await.clean);
    let record = log.until_the_end().await;
    let told = record.events().iter().filter_map(|event| {
        let EventKind::Notified(notice) = &event.what else { return None };
        Some((notice.status.as_deref(), notice.main_pid))
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(Some("Loading"), None), (Some("Serving"), Some(7)), (None, None)]);
}

#[tokio::test]
async fn a_message_of_a_process_that_the_child_has_started_counts() {
    let script = format!("{} READY=1; exit 1", env!("CARGO_BIN_EXE_notifies"));
    let a = Process::new("sh").args(["-c", &script]).ready(Ready::notify()).ready_timeout(HOUR);

    starts(a.into_child("a")).await;
}

/// Case P18.
#[tokio::test]
async fn a_message_that_was_sent_before_the_exit_counts() {
    for run in 0..runs() {
        let a = fixture!("notifies").args(["READY=1", "exit"]).ready(Ready::notify()).ready_timeout(HOUR);
        let a = a.into_child("a").restart(Restart::Temporary);
        let record = record_of(a).await;

        let order: Vec<_> = record.of_child("a").into_iter().filter(|name| *name != "output").collect();
        assert_eq!(order, ["starting", "started", "exited"], "run {run}");
    }
}

#[tokio::test]
async fn a_message_of_a_stranger_does_not_count_and_the_error_says_so() {
    let a = fixture!("notifies").ready(Ready::notify()).ready_timeout(SHORT).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    let told = log.wait_for_line("a", "socket @").await;
    let name = line_in(&told).and_then(|line| line.strip_prefix("socket @")).unwrap();

    let socket = UnixDatagram::unbound().unwrap();
    socket.send_to_addr(b"READY=1", &SocketAddr::from_abstract_name(name).unwrap()).unwrap();

    let error = format!("{:?}", tree.started().await.unwrap_err());
    assert!(error.contains(&format!("a message came from process {}", std::process::id())), "{error}");
}

#[tokio::test]
async fn the_last_status_of_a_start_that_failed_is_in_its_error() {
    let a = fixture!("notifies").arg("STATUS=No database").ready(Ready::notify()).ready_timeout(SHORT);

    let error = start_error(a.into_child("a")).await.describe();

    assert!(error.contains("waited for READY=1") && error.contains("No database"), "{error}");
}
