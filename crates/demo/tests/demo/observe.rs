//! Doors through which a run of the demo is watched.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use nix::sys::signal::Signal;

use crate::support::{Demo, DemoWithDoor, Lines, Temp, tree};

/// The answer to a request, as it was sent.
fn ask(mut door: impl AsFd + Read + Write, request: &str, headers: &str) -> String {
    let text = format!("{request} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    door.write_all(text.as_bytes()).expect("the door reads");
    Lines::of(door).rest()
}

#[test]
fn a_door_at_a_port_is_told_with_its_token_and_has_the_page() {
    let tree = tree("calm.toml");
    let mut demo = Demo::start(["run", tree.to_str().unwrap(), "--observe-port", "0", "--view", "none"]);
    let url = demo.wait_for_line("watch at http://");
    let (address, token) = url.split_once("/#token=").unwrap();
    let ask = |request: &str, more: &str| {
        let door = TcpStream::connect(address).unwrap();
        ask(door, request, &format!("host: {address}\r\n{more}"))
    };
    demo.wait_for_start();

    let bearer = format!("authorization: Bearer {token}\r\n");
    assert!(ask("GET /", "").contains("role=\"tree\""));
    assert!(ask("GET /snapshot", "").contains("\"code\":\"token\""));
    assert!(ask("GET /snapshot", &bearer).contains("\"control\":false"));
    assert!(ask("POST /stop", &bearer).contains("\"code\":\"control\""));

    demo.signal(Signal::SIGTERM);
    assert_eq!(demo.finish().code(), 0);
    assert!(TcpStream::connect(address).is_err(), "the door goes with the tree");
}

#[test]
fn a_watcher_stops_the_tree_where_that_is_allowed() {
    let watched = DemoWithDoor::run(&tree("calm.toml"), &["--allow-control"]);
    assert_eq!(watched.demo.wait_for_line("watch at "), watched.door);

    let answer = ask(UnixStream::connect(&watched.door).unwrap(), "POST /stop", "host: door\r\n");

    assert!(answer.contains("\"done\":\"stop\""), "{answer}");
    assert_eq!(watched.demo.finish().code(), 0);
    assert!(!Path::new(&watched.door).exists());
}

#[test]
fn a_door_that_cannot_be_opened_ends_the_run() {
    let (tree, temp) = (tree("calm.toml"), Temp::new());
    let taken = temp.path("taken.sock");
    let _other = UnixListener::bind(&taken).unwrap();

    let demo = Demo::start(["run", tree.to_str().unwrap(), "--observe", taken.to_str().unwrap()]);
    let finished = demo.finish();

    assert_eq!(finished.code(), 1);
    assert!(
        finished.stderr.contains("error: cannot open a door for watchers: another program listens at"),
        "{}",
        finished.stderr
    );
}

/// The tree is stopped then, before it has started, which is no second error.
#[test]
fn the_door_that_cannot_be_opened_is_the_only_error() {
    let tree = tree("calm.toml");
    for view in ["none", "lines"] {
        let args = ["run", tree.to_str().unwrap(), "--observe", "/no/such/directory/door", "--view", view];

        let finished = Demo::start(args).finish();

        let errors: Vec<_> = finished.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors.as_slice() else { panic!("{view}: {}", finished.stderr) };
        assert!(error.starts_with("error: cannot open a door for watchers: "), "{error}");
        assert!(!finished.stderr.contains("could not be started"), "{view}: {}", finished.stderr);
        assert!(view != "none" || finished.stderr.lines().count() == 1, "{}", finished.stderr);
        assert_eq!(finished.code(), 1);
    }
}
