//! Which listener counts: that of a process of the child's set.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use rootward::Supervisor;
use rootward::process::{HttpGet, Ready};

use super::{HOUR, SHORT, start_error, starts};
use crate::support::{fixture, launched, obedient};

/// Case P3.
#[tokio::test]
async fn a_listener_that_belongs_to_another_process_does_not_count_and_is_named() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    let a = fixture!("runs_forever").ready(Ready::tcp(&address)).ready_timeout(SHORT).into_child("a");
    let (tree, log) = launched(Supervisor::new("root").child(a).child(obedient("b")));

    let error = tree.started().await.unwrap_err();

    let me = format!("process {} (`", std::process::id());
    let error = format!("{error:?}");
    assert!(error.contains(&me) && error.contains("listens there"), "{error}");
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a"]);
}

#[tokio::test]
async fn a_listener_of_another_process_counts_where_any_will_do() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let ready = Ready::tcp(stranger.local_addr().unwrap().to_string()).any_owner();

    starts(fixture!("runs_forever").ready(ready).ready_timeout(HOUR).into_child("a")).await;
}

#[tokio::test]
async fn a_listener_of_a_process_that_the_child_has_started_counts() {
    let address = free_address();
    let script = format!("{} tcp {address}; exit 1", env!("CARGO_BIN_EXE_listens"));
    let a = rootward::process::Process::new("sh").args(["-c", &script]);

    starts(a.ready(Ready::tcp(address)).ready_timeout(HOUR).into_child("a")).await;
}

/// Case P2, of a socket.
#[tokio::test]
async fn a_socket_that_was_left_behind_does_not_count_and_the_childs_own_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("S");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let deaf = fixture!("runs_forever").ready(Ready::unix(&path)).ready_timeout(SHORT);
    let error = start_error(deaf.into_child("a")).await.describe();
    let own = fixture!("listens").arg("unix").arg(&path).ready(Ready::unix(&path)).ready_timeout(HOUR);
    starts(own.into_child("a")).await;

    assert!(error.contains("a listener at ") && error.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_socket_of_a_sibling_does_not_count_and_the_sibling_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("S");
    let a = fixture!("listens").arg("unix").arg(&path).ready(Ready::line_containing("listening"));
    let b =
        fixture!("runs_forever").ready(Ready::unix("S")).current_dir(directory.path()).ready_timeout(SHORT);
    let (tree, log) = launched(Supervisor::new("root").child(a.into_child("a")).child(b.into_child("b")));

    let error = format!("{:?}", tree.started().await.unwrap_err());

    let record = log.until_the_end().await;
    let pid = crate::support::pid_in(record.find("a", "started")).unwrap();
    assert!(error.contains(&format!("process {pid} (`")), "{error}");
}

#[tokio::test]
async fn a_process_is_ready_when_its_answer_has_the_status_that_is_expected() {
    let address = free_address();
    let url = format!("http://{address}/health");
    let server = |ready: Ready| fixture!("listens").args(["http", &address, "503"]).ready(ready);

    let unwell = server(Ready::http(&*url)).ready_timeout(SHORT).into_child("a");
    let error = start_error(unwell).await.describe();
    starts(server(Ready::http(HttpGet::new(&url).status(503))).ready_timeout(HOUR).into_child("a")).await;
    let asked = HttpGet::new(&url).header("X-Status", "204");
    starts(server(Ready::http(asked)).ready_timeout(HOUR).into_child("a")).await;

    assert!(error.contains(&format!("HTTP status 200 to 299 from {url}")), "{error}");
    assert!(error.contains("it answered with status 503"), "{error}");
}

/// An address at which no process listens. Another may take it before the child does, which fails the test.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").to_string()
}
