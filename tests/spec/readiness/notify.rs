//! systemd's notify protocol.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::sys::signal::Signal as Sent;
use rootward::event::Notice;
use rootward::process::{Process, Ready, ReadyError};
use rootward::{EventKind, Restart, Supervisor};

use super::{HOUR, SHORT, record_of, start_error, starts};
use crate::support::{cause_of, fixture, identity_of, launched, line_in, obedient, runs};

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

/// Another process has the same time and asks for no more, so that the time is known to be over.
#[tokio::test]
async fn a_process_that_asks_for_more_time_to_get_ready_has_it() {
    let messages = ["EXTEND_TIMEOUT_USEC=3600000000", "wait", "READY=1"];
    let a = fixture!("notifies").args(messages).ready(Ready::notify()).ready_timeout(SHORT).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    let process = identity_of(&*log.wait_for_line("a", "warming up").await);

    let patient = fixture!("notifies").ready(Ready::notify()).ready_timeout(SHORT).into_child("a");
    let error = start_error(patient).await;
    process.signal(Sent::SIGUSR1);

    assert!(cause_of::<ReadyError>(&error).is_some(), "{}", error.describe());
    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn with_which_error_and_which_code_a_process_is_about_to_exit_is_told() {
    let messages = ["READY=1", "ERRNO=2;STATUS=No such file", "STOPPING=1;EXIT_STATUS=66"];

    let told = told_by(messages, |notice| notice.stopping).await;

    let told: Vec<_> = told.iter().map(|notice| (notice.errno, notice.exit_status)).collect();
    assert_eq!(told, [(Some(2), None), (None, Some(66))]);
}

#[tokio::test]
async fn when_a_process_began_to_read_its_configuration_again_is_told_with_that_it_does() {
    // A time beside anything else says nothing.
    let messages = ["READY=1;MONOTONIC_USEC=5", "RELOADING=1;MONOTONIC_USEC=1234567", "READY=1"];

    let told = told_by(messages, |notice| notice.reloaded).await;

    let told: Vec<_> = told.iter().map(|it| (it.reloading, it.monotonic_usec, it.reloaded)).collect();
    assert_eq!(told, [(true, Some(1_234_567), false), (false, None, true)]);
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

/// The events of a process that sends these messages, up to the one that is meant.
async fn told_by(messages: [&str; 3], is_last: fn(&Notice) -> bool) -> Vec<Notice> {
    let a = fixture!("notifies").args(messages).ready(Ready::notify()).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    log.wait_for(|event| matches!(&event.what, EventKind::Notified(notice) if is_last(notice))).await;
    tree.stop().await;
    let record = log.until_the_end().await;
    let notices = record.events().iter().filter_map(|event| {
        if let EventKind::Notified(notice) = &event.what {
            return Some(Notice::clone(notice));
        }
        None
    });
    notices.collect()
}
