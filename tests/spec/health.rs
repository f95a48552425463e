//! Whether processes that run are healthy.

use std::net::TcpListener;
use std::time::Duration;

use rootward::process::{Health, HttpGet, Ready};
use rootward::{EventKind, Exit, Restart, Supervisor};

use crate::support::{EventLog, fixture, launched};

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_server_that_answers_with_the_wrong_status_is_unhealthy_and_is_started_again() {
    let address = free_address();
    let url = format!("http://{address}/");
    let get = HttpGet::new(&url).header("X-Status", "500");
    let a = fixture!("listens").args(["http", &address, "204"]).ready(Ready::http(url.as_str()));
    let a = a.health(Health::http(get).interval(SOON).threshold(2)).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").intensity(1, HOUR).child(a));

    let error = exit(&mut log).await;
    let expected = format!("unhealthy: HTTP status 200 to 299 from {url}: it answered with status 500");
    assert_eq!(error, expected + "; stopped: killed by SIGTERM");
    log.wait_for_event("a", "started").await;

    tree.stop().await;
    log.until_the_end().await;
}

#[tokio::test]
async fn a_server_that_answers_is_healthy() {
    let address = free_address();
    let url = format!("http://{address}/");
    let health = Health::http(url.as_str()).interval(SOON).timeout(HOUR).threshold(1);
    let a = fixture!("listens").args(["http", &address, "204"]).ready(Ready::http(url.as_str()));
    let b = fixture!("runs_forever").ready(Ready::command(["sleep", "0.2"]));
    let (tree, log) =
        launched(Supervisor::new("root").child(a.health(health).into_child("a")).child(b.into_child("b")));

    // Meanwhile it is checked a few times.
    tree.started().await.unwrap();

    assert!(tree.stop().await.clean);
    assert_eq!(log.until_the_end().await.count("a", "unhealthy"), 0);
}

#[tokio::test]
async fn a_process_that_says_in_time_that_it_is_alive_goes_on_and_one_that_falls_silent_does_not() {
    let timeout = Duration::from_secs(1);
    let a = fixture!("says_it_is_alive").arg("15").health(Health::watchdog(timeout));
    let (_tree, mut log) =
        launched(Supervisor::new("root").child(a.into_child("a").restart(Restart::Temporary)));

    // That is longer than the time of the watchdog.
    log.wait_for_line("a", "alive 15").await;

    let silence = "WATCHDOG=1 at its NOTIFY_SOCKET: none within 1s; stopped: killed by SIGTERM";
    assert_eq!(exit(&mut log).await, format!("unhealthy: {silence}"));
}

#[tokio::test]
async fn a_process_may_say_by_itself_that_it_is_not_well_or_how_often_it_is_to_be_expected() {
    let cases = [
        ("WATCHDOG=trigger", "it sent WATCHDOG=trigger"),
        ("WATCHDOG_USEC=20000", "none within 20ms"),
        ("WATCHDOG=1;WATCHDOG_USEC=30000;READY=1", "none within 30ms"),
    ];

    for (message, found) in cases {
        let a = fixture!("notifies").arg(message).health(Health::watchdog(HOUR));
        let (_tree, mut log) =
            launched(Supervisor::new("root").child(a.into_child("a").restart(Restart::Temporary)));

        let error = exit(&mut log).await;
        assert!(error.contains(&format!("NOTIFY_SOCKET: {found};")), "{message}: {error}");
    }
}

/// How `root/a` ends, which is because it is unhealthy.
async fn exit(log: &mut EventLog) -> String {
    let event = log.wait_for_event("a", "exited").await;
    let EventKind::Exited { status: Some(Exit::Failed { error }), .. } = &event.what else {
        panic!("it was unhealthy: {event:?}")
    };
    error.clone()
}

/// An address at which no process listens. Another may take it before the child does, which fails the test.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("there is a free port")
        .to_string()
}
