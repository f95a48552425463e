//! Commands on a running program that follow it, and the signals that they send: as text and as documents.

use std::fs;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::remote::{Answer, ask, documents};
use crate::support::{DemoWithDoor, Lines, Temp, until, wait_in_time};

/// A program with a door, one child of which writes a line at each SIGHUP.
struct Chatty {
    program: DemoWithDoor,
    /// Has the tree file.
    _temp: Temp,
}

impl Chatty {
    fn start() -> Self {
        let temp = Temp::new();
        let script =
            "trap 'printf \"again\\\\033]0;evil\\\\007\\\\n\"' HUP; echo up; while :; do sleep 0.02; done";
        let file = format!(
            "id = 'root'\n[[children]]\nid = 'quiet'\ntask = {{ run = 'forever' }}\n\
             [[children]]\nid = 'talks'\nprocess = {{ command = ['sh', '-c', \"\"\"{script}\"\"\"], ready = {{ line = 'up' }} }}\n"
        );
        let file = temp.write("tree.toml", file);
        Self { program: DemoWithDoor::run(&file, &["--allow-control"]), _temp: temp }
    }

    fn ask(&self, command: &str, rest: &[&str]) -> Answer {
        ask(&[&[command, self.program.door.as_str()], rest].concat())
    }

    fn follow(&self, command: &str, rest: &[&str]) -> (Child, Lines<ChildStdout>) {
        let mut watcher = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        watcher.arg(command).arg(&self.program.door).args(rest).arg("--follow").stdout(Stdio::piped());
        let mut watcher = watcher.spawn().expect("the demo has been built");
        let lines = Lines::of(watcher.stdout.take().expect("it is piped"));
        (watcher, lines)
    }

    /// Stops the program, after which each of these has come to its end.
    fn ends(self, watchers: impl IntoIterator<Item = Child>) {
        self.program.stop();
        for mut watcher in watchers {
            assert!(wait_in_time(&mut watcher).success());
        }
    }
}

#[test]
fn a_signal_reaches_the_program_of_a_process_and_the_answer_says_so() {
    let mut chatty = Chatty::start();
    let pid = chatty.program.demo.wait_for("started", "root/talks")["pid"].as_u64().expect("it is a process");
    let is_stopped = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with('T'))
    };

    let text = chatty.ask("signal", &["root/talks", "STOP"]);
    assert_eq!((text.code, text.stdout.as_str()), (0, "SIGSTOP has been sent to root/talks\n"));
    until("it is suspended", is_stopped);
    let json = chatty.ask("signal", &["root/talks", "SIGCONT", "--json"]);
    let answers = documents(&json.stdout);
    assert_eq!((json.code, answers.len()), (0, 1), "{}", json.stdout);
    assert!(answers[0]["done"].is_string(), "{}", json.stdout);
    until("it goes on", || !is_stopped());
    let task = chatty.ask("signal", &["root/quiet", "HUP", "--json"]);
    assert_eq!(task.code, 1, "{}", task.stdout);
    assert_eq!(documents(&task.stdout)[0]["refused"]["code"], "process", "{}", task.stdout);

    chatty.ends([]);
}

#[test]
fn logs_are_followed_to_the_end_as_text_and_as_documents() {
    let chatty = Chatty::start();
    let (watcher, mut text) = chatty.follow("logs", &["root/talks"]);
    let (other, mut json) = chatty.follow("logs", &["root", "--json"]);
    text.wait_for("up");
    json.wait_for("\"line\":\"up\"");

    assert_eq!(chatty.ask("signal", &["root/talks", "HUP"]).code, 0);
    assert_eq!(text.wait_for("again"), "again\n", "nothing takes control of the terminal");
    json.wait_for("again");

    chatty.ends([watcher, other]);
    let (text, seen) = (text.rest(), json.seen().to_owned());
    assert!(text.is_empty(), "{text:?}");
    let documents = documents(&format!("{seen}{}", json.rest()));
    let (end, lines) = documents.split_last().expect("there are some");
    assert!(lines.iter().all(|line| line["event"] == "output" && line["path"] == "root/talks"), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(end["end"]["as_of"].is_u64(), "{end}");
}

#[test]
fn events_are_followed_to_the_end_as_text_and_as_documents() {
    let chatty = Chatty::start();
    let (watcher, mut text) = chatty.follow("events", &[]);
    let (other, json) = chatty.follow("events", &["--json"]);
    text.wait_for("● root                started");
    assert_eq!(chatty.ask("restart", &["root/talks"]).code, 0);
    text.wait_for("for the 2nd time");

    chatty.ends([watcher, other]);
    assert!(text.rest().contains("↑ root                gone after "));
    let documents = documents(&json.rest());
    let (end, events) = documents.split_last().expect("there are some");
    let numbers: Vec<Option<u64>> = events.iter().map(|event| event["seq"].as_u64()).collect();
    let all: Vec<Option<u64>> = (1..).take(events.len()).map(Some).collect();
    assert_eq!(numbers, all, "each event once, and in order");
    assert_eq!(
        events.last().map(|event| (&event["event"], &event["path"])),
        Some((&"stopped".into(), &"root".into()))
    );
    assert_eq!(end["end"]["as_of"], Value::from(events.len()), "{end}");
}
