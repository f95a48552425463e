//! Commands on a running program: what scripts may rely on.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread::{self, JoinHandle};

use jsonschema::Validator;
use nix::sys::signal::Signal;
use rootward_tests::strict_schema;
use serde_json::Value;

use crate::support::{Demo, DemoWithDoor, InTime as _, Lines, Temp, tree, wait_in_time};

/// A demo to ask, in whose tree something has happened.
struct Watched(DemoWithDoor);

/// What a command has answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Watched {
    fn start(more: &[&str]) -> Self {
        let mut watched = DemoWithDoor::run(&tree("watched.toml"), more);
        let demo = &mut watched.demo;
        let restarting = demo.wait_for("restarting", "root/broken")["seq"].as_u64();
        let ended = demo.wait_for("exited", "root/team/ends")["seq"].as_u64();
        let said =
            demo.wait_until(|event| event["event"] == "output" && event["line"] == "two")["seq"].as_u64();
        let watched = Self(watched);
        // The door hears of it a moment later.
        let mut follow = watched.spawn(&["events", "--follow", "--json"]);
        let newest = restarting.max(ended).max(said).expect("events have numbers");
        Lines::of(follow.stdout.take().expect("it is piped")).wait_for(&format!("\"seq\":{newest},"));
        follow.kill().expect("it is our child");
        wait_in_time(&mut follow);
        watched
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.arg(args[0]).arg(&self.0.door).args(&args[1..]).stdout(Stdio::piped());
        command.spawn().expect("the demo has been built")
    }

    fn ask(&self, command: &str, rest: &[&str]) -> Answer {
        ask(&[&[command, self.0.door.as_str()], rest].concat())
    }

    /// The documents of an answer, each of which has to be as described.
    fn json(&self, command: &str, rest: &[&str]) -> (i32, Vec<Value>) {
        let answer = self.ask(command, &[rest, &["--json"]].concat());
        (answer.code, documents(&answer.stdout))
    }

    fn finish(self) {
        self.0.stop();
    }
}

pub(crate) fn ask(args: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    let Output { status, stdout, stderr } = command.args(args).stdin(Stdio::null()).output_in_time();
    let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
    Answer { code: status.code().expect("it exits"), stdout: text(stdout), stderr: text(stderr) }
}

static SCHEMAS: LazyLock<[Validator; 2]> = LazyLock::new(|| {
    ["observer-1.json", "commands-1.json"]
        .map(|name| jsonschema::validator_for(&strict_schema(name)).expect("the schema can be used"))
});

pub(crate) fn documents(text: &str) -> Vec<Value> {
    let read = |line| {
        let document: Value = serde_json::from_str(line).expect("a line is a document");
        assert_eq!(document["schema"], 1, "{document}");
        assert!(SCHEMAS.iter().any(|schema| schema.is_valid(&document)), "no schema has {document}");
        document
    };
    text.lines().map(read).collect()
}

#[test]
fn status_shows_the_tree() {
    let watched = Watched::start(&[]);

    let text = watched.ask("status", &[]);
    let (code, documents) = watched.json("status", &[]);

    assert_eq!((text.code, code), (0, 0), "{}", text.stderr);
    assert!(text.stdout.contains("running, up for"), "{}", text.stdout);
    let lines = [("says", "running · pid "), ("team", "running"), ("broken", "restarting · restarted once")];
    for (id, state) in lines {
        let line = text.stdout.lines().find(|line| line.trim_start().starts_with(id)).unwrap();
        assert!(line.contains(state), "{line}");
    }
    assert_eq!(documents[0]["children"][0]["path"], "root");
    watched.finish();
}

#[test]
fn status_shows_what_the_processes_use_if_that_is_asked_for() {
    let watched = Watched::start(&[]);

    let plain = watched.ask("status", &[]);
    let text = watched.ask("status", &["--usage"]);
    let (code, documents) = watched.json("status", &["--usage"]);

    assert_eq!((text.code, code), (0, 0), "{}", text.stderr);
    assert!(!plain.stdout.contains(" of memory"), "{}", plain.stdout);
    let lines: Vec<&str> = text.stdout.lines().collect();
    let process = lines.iter().position(|line| line.contains(" says ")).expect("it is there");
    assert!(lines[process + 1].trim_start().starts_with("uses "), "{}", text.stdout);
    assert!(lines[process + 1].contains(" of memory · 1 process · 1 thread"), "{}", text.stdout);
    let children = documents[0]["children"].as_array().expect("they are a list");
    for child in children {
        let is_process = child["kind"] == "process" && child.get("pid").is_some();
        assert_eq!(child.get("usage").is_some(), is_process, "{child}");
    }
    assert!(children.iter().any(|child| child["usage"]["processes"] == 1), "{documents:?}");
    watched.finish();
}

#[test]
fn why_names_the_crash_and_what_is_waited_for_though_no_watcher_was_there() {
    let watched = Watched::start(&[]);

    let text = watched.ask("why", &["root/broken"]);
    let (_, documents) = watched.json("why", &["root/broken"]);
    let none = watched.ask("why", &["root/none"]);

    for part in
        ["restarting: attempt 1, in 600000 ms", "exited: exit code 7", "its restart, attempt 1", "due in 9m"]
    {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
    assert_eq!(documents[0]["waits_for"][0]["what"], "restart");
    assert_eq!((none.code, none.stdout.as_str()), (2, ""));
    watched.finish();
}

#[test]
fn wait_tells_by_its_status_what_it_has_come_to() {
    let watched = Watched::start(&[]);
    let result = |code, documents: Vec<Value>| (code, documents[0]["waited"]["result"].clone());
    let wait = |rest: &[&str]| {
        let (code, documents) = watched.json("wait", rest);
        result(code, documents)
    };

    assert_eq!(wait(&["root/team/runs"]), (0, "reached".into()));
    assert_eq!(wait(&["root"]), (0, "reached".into()));
    assert_eq!(wait(&["root/team/ends", "--until", "gone"]), (0, "reached".into()));
    assert_eq!(wait(&["root/team/ends", "--until", "ready"]), (1, "never".into()));
    assert_eq!(wait(&["root/broken", "--timeout", "50ms"]), (124, "timeout".into()));
    assert_eq!(wait(&["root/team/runs", "--until", "gone", "--timeout", "50ms"]), (124, "timeout".into()));
    assert_eq!(watched.ask("wait", &["elsewhere/a"]).code, 2);
    assert_eq!(watched.ask("wait", &["root", "--until", "late"]).code, 2);
    watched.finish();
}

/// A door that answers with a snapshot, and then with these messages, and closes.
fn door_that_says(socket: &Path, messages: &'static str) -> JoinHandle<()> {
    let snapshot = r#"{"schema":1,"as_of":3,"at":1.0,"tree":{"state":"running"},"newest":[],"children":[
        {"path":"root","kind":"supervisor","state":"running","incarnation":1,"restarts":0},
        {"path":"root/a","kind":"task","state":"restarting","incarnation":1,"restarts":1}]}"#;
    let listener = UnixListener::bind(socket).expect("the place is free");
    thread::spawn(move || {
        for body in [snapshot, messages] {
            let (mut watcher, _) = listener.accept().expect("a watcher comes");
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            // Its request is one short packet.
            let _ = watcher.read(&mut [0; 4096]).expect("it asks");
            watcher.write_all(format!("{head}{body}").as_bytes()).expect("it reads");
        }
    })
}

#[test]
fn a_wait_that_stands_there_hears_of_the_end_of_the_tree() {
    let end = "event: end\ndata: {\"schema\":1,\"end\":{\"as_of\":3}}\n\n";
    for (until, says, code) in [("gone", end, 0), ("ready", end, 1), ("gone", "", 1), ("ready", "", 1)] {
        let temp = Temp::new();
        let socket = temp.path("door.sock");
        let door = door_that_says(&socket, says);

        let answer = ask(&["wait", socket.to_str().unwrap(), "root/a", "--until", until, "--timeout", "10m"]);

        assert_eq!(answer.code, code, "{until} {says}: {}{}", answer.stdout, answer.stderr);
        door.join().unwrap();
    }
}

#[test]
fn a_wait_for_a_program_that_is_suspended_is_not_over_in_time_and_says_why() {
    let temp = Temp::new();
    let socket = temp.path("door.sock");
    // As that of a program that is suspended: the system connects, and nothing reads.
    let _door = UnixListener::bind(&socket).expect("the place is free");

    for until in ["ready", "gone"] {
        let args =
            ["wait", socket.to_str().unwrap(), "root/a", "--until", until, "--timeout", "50ms", "--json"];
        let answer = ask(&args);

        let waited = &documents(&answer.stdout)[0]["waited"];
        assert_eq!((answer.code, &waited["result"]), (124, &"timeout".into()), "{until}: {}", answer.stderr);
        assert_eq!(waited["says"], "the door does not answer");
    }
}

#[test]
fn a_wait_may_begin_before_the_program() {
    let temp = Temp::new();
    let socket = temp.path("door.sock");
    let mut wait = Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
        .args(["wait", socket.to_str().unwrap(), "root", "--timeout", "10m"])
        .spawn()
        .expect("the demo has been built");
    let file = tree("watched.toml");
    let mut demo = Demo::start(["run", file.to_str().unwrap(), "--observe", socket.to_str().unwrap()]);
    demo.wait_for_start();

    assert_eq!(wait_in_time(&mut wait).code(), Some(0));

    demo.signal(Signal::SIGTERM);
    assert_eq!(demo.finish().code(), 0);
}

#[test]
fn restart_and_stop_change_the_tree_where_that_is_allowed() {
    let mut watched = Watched::start(&["--allow-control"]);

    let (restarted, documents) = watched.json("restart", &["root/team/runs"]);
    assert_eq!((restarted, &documents[0]["done"]), (0, &"restart".into()));
    watched.0.demo.wait_until(|event| {
        event["event"] == "started" && event["path"] == "root/team/runs" && event["incarnation"] == 2
    });
    let (terminated, documents) = watched.json("stop", &["root/team/runs"]);
    assert_eq!((terminated, &documents[0]["done"]), (0, &"terminate".into()));
    watched.0.demo.wait_for("stopped", "root/team/runs");
    assert_eq!(watched.ask("restart", &["root/team/none"]).code, 2);
    assert_eq!(watched.ask("restart", &["root"]).code, 2, "a root has no supervisor");

    let stopped = watched.ask("stop", &[]);

    assert_eq!((stopped.code, stopped.stdout.as_str()), (0, "the tree is gone\n"));
    assert_eq!(watched.0.demo.finish().code(), 0);
}

#[test]
fn a_program_that_lets_watchers_only_look_refuses() {
    let watched = Watched::start(&[]);

    let (code, documents) = watched.json("stop", &[]);
    let text = watched.ask("restart", &["root/says"]);

    assert_eq!((code, &documents[0]["refused"]["code"]), (1, &"control".into()));
    assert_eq!(text.code, 1);
    assert!(text.stderr.starts_with("error: the door of the program:"), "{}", text.stderr);
    watched.finish();
}

#[test]
fn events_and_logs_show_what_was_before_and_go_on_to_the_end() {
    let watched = Watched::start(&["--allow-control"]);

    let logs = watched.ask("logs", &["root/says"]);
    let all = watched.ask("logs", &["root"]);
    let events = watched.ask("events", &[]);
    let (code, documents_so_far) = watched.json("events", &[]);

    assert_eq!(
        (logs.code, logs.stdout.as_str()),
        (0, "one \ntwo\n"),
        "nothing takes control of the terminal"
    );
    assert!(all.stdout.contains("says │ two\n"), "{}", all.stdout);
    assert!(
        events.stdout.contains("✗   broken            ended by itself: exit code 7"),
        "{}",
        events.stdout
    );
    assert_eq!(code, 0);
    assert!(
        documents_so_far.iter().any(|event| event["event"] == "restarting" && event["delay_ms"] == 600_000)
    );
    assert_eq!(watched.ask("logs", &["root/none"]).code, 2);

    let mut follow = watched.spawn(&["events", "--follow", "--json"]);
    let mut lines = Lines::of(follow.stdout.take().unwrap());
    lines.wait_for("\"event\":\"restarting\"");
    let (stopped, done) = watched.json("stop", &[]);
    assert_eq!((stopped, done.len(), &done[0]["done"]), (0, 1, &"stop".into()));
    let rest = documents(&lines.rest());
    assert!(rest.last().unwrap()["end"]["as_of"].is_u64(), "the last document is the end");
    assert!(wait_in_time(&mut follow).success());
    assert_eq!(watched.0.demo.finish().code(), 0);
}

#[test]
fn a_path_of_another_root_is_told_from_a_child_that_is_not_there() {
    let watched = Watched::start(&["--allow-control"]);

    for (command, more) in [
        ("why", &[][..]),
        ("wait", &[]),
        ("logs", &[]),
        ("restart", &[]),
        ("stop", &[]),
        ("signal", &["SIGHUP"]),
    ] {
        // A path without a slash has no supervisor above, as the root has none.
        for path in ["rot/team", "roo"] {
            let other = watched.ask(command, &[&[path], more].concat());
            let says = format!("there is no {path}: the root of this tree is root");
            assert!(other.code == 2 && other.stderr.contains(&says), "{command}: {}", other.stderr);
        }
        if command != "wait" {
            let none = watched.ask(command, &[&["root/none"], more].concat());
            let says = "there is no such child";
            assert!(none.code == 2 && none.stderr.contains(says), "{command}: {}", none.stderr);
        }
    }

    watched.finish();
}

#[test]
fn a_path_that_no_child_can_have_is_a_bad_command_line() {
    let watched = Watched::start(&["--allow-control"]);

    for path in ["", "/", "root/", "/root", "root//says"] {
        for command in ["why", "wait", "restart", "stop", "logs"] {
            let answer = watched.ask(command, &[path]);
            assert_eq!(answer.code, 2, "{command} {path:?}: {}", answer.stderr);
            assert!(answer.stderr.contains("PATH"), "{command} {path:?}: {}", answer.stderr);
        }
    }

    assert_eq!(watched.ask("status", &[]).code, 0, "the tree is still there");
    watched.finish();
}

#[test]
fn where_no_program_is_the_commands_say_so() {
    let temp = Temp::new();
    let socket = temp.path("none.sock");
    let socket = socket.to_str().unwrap();

    let status = ask(&["status", socket, "--json"]);
    let waited = ask(&["wait", socket, "root", "--timeout", "50ms", "--json"]);
    let gone = ask(&["wait", socket, "root", "--until", "gone"]);
    let port = ask(&["why", "http://127.0.0.1:1", "root", "--json"]);

    assert_eq!((status.code, &documents(&status.stdout)[0]["failed"]["code"]), (1, &"no_door".into()));
    assert!(
        status.stderr.starts_with("error: the door of the program: cannot connect to "),
        "{}",
        status.stderr
    );
    let result = &documents(&waited.stdout)[0]["waited"];
    assert_eq!((waited.code, &result["result"]), (124, &"timeout".into()));
    assert_eq!(result["says"], "the program has no door there yet");
    assert_eq!(gone.code, 1);
    assert_eq!((port.code, &documents(&port.stdout)[0]["failed"]["code"]), (2, &"command_line".into()));
}
