//! Doors through which a run of the demo is watched.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use nix::sys::signal::Signal;

use crate::files::demo;
use crate::support::{Demo, DemoWithDoor, InTime as _, Lines, Temp, tree};

/// How often a start is tried that must not begin.
const TIMES: usize = 5;

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

    let (status, _, said) = ended(&["run", tree.to_str().unwrap(), "--observe", taken.to_str().unwrap()]);

    assert_eq!(status, 1);
    assert!(said.contains("error: cannot open a door for watchers: another program listens at"), "{said}");
}

/// A wrong place is a bad command line, as with `--events`. A place that another program has may be free the next time.
#[test]
fn a_place_that_cannot_be_had_is_an_error_before_anything_is_started() {
    let temp = Temp::new();
    let started = temp.path("started");
    let file = temp.write(
        "tree.toml",
        format!(
            "[[children]]\nid = 'job'\nrestart = 'temporary'\nprocess = {{ command = ['touch', '{}'] }}\n",
            started.display()
        ),
    );
    let (taken, path) = (temp.path("taken.sock"), temp.write("file", "no socket"));
    let _other = UnixListener::bind(&taken).unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let at = |path: &Path| path.to_str().expect("a path is text").to_owned();
    let below_a_file = at(&path.join("door"));
    for (option, place, code) in [
        ("--observe", "/no/such/directory/door".to_owned(), 2),
        ("--observe", below_a_file, 2),
        ("--observe", at(&path), 2),
        ("--observe", at(&taken), 1),
        ("--observe-port", address.port().to_string(), 1),
        ("--probes", "unix:/no/such/directory/probes".to_owned(), 2),
        ("--probes", format!("unix:{}", taken.display()), 1),
        ("--probes", address.to_string(), 1),
    ] {
        for _ in 0..TIMES {
            let args = ["run", &at(&file), option, &place, "--view", "none", "--events", "-"];

            let (status, events, said) = ended(&args);

            assert_eq!((status, &*events), (code, ""), "{option} {place}: {said}");
            assert!(said.starts_with("error: cannot ") && said.lines().count() == 1, "{said}");
            assert!(!started.exists(), "{option} {place}: nothing was started");
        }
    }
}

/// What was bound before the run failed is given up.
#[test]
fn a_door_of_a_run_that_cannot_begin_leaves_no_socket() {
    let (tree, temp) = (tree("calm.toml"), Temp::new());
    let door = temp.path("door.sock");
    let (tree, at) = (tree.to_str().unwrap(), door.to_str().unwrap());
    for (option, place) in
        [("--events", "/no/such/directory/events"), ("--probes", "unix:/no/such/directory/probes")]
    {
        let (status, _, said) = ended(&["run", tree, "--observe", at, option, place]);

        assert_eq!(status, 2, "{said}");
        assert!(!door.exists(), "{option}");
    }
}

#[test]
fn the_door_that_cannot_be_opened_is_the_only_error() {
    let tree = tree("calm.toml");
    for view in ["none", "lines"] {
        let args = ["run", tree.to_str().unwrap(), "--observe", "/no/such/directory/door", "--view", view];

        let (status, _, said) = ended(&args);

        assert!(said.starts_with("error: cannot open a door for watchers: "), "{view}: {said}");
        assert_eq!((status, said.lines().count()), (2, 1), "{view}: {said}");
    }
}

/// Runs the demo to its end: its status, and what it has written to standard output and to standard error.
fn ended(args: &[&str]) -> (i32, String, String) {
    let output = demo(args).output_in_time();
    let [out, error] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("it writes UTF-8"));
    (output.status.code().expect("it is not killed"), out, error)
}
