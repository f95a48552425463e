//! Where events and the report are written, and that none of these places can hold up the tree.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

use crate::support::{InTime as _, Lines, Temp, check_order, tree, wait_in_time};

#[test]
fn events_and_report_may_both_go_to_standard_output_in_this_order() {
    let output = demo()
        .args(["run", tree("idle.toml").to_str().unwrap(), "--events=-", "--report=-"])
        .output_in_time();
    let text = String::from_utf8(output.stdout).unwrap();

    let (report, events) = split_report(&text);
    check_order(&events);
    assert_eq!((output.status.code(), &report["clean"]), (Some(0), &true.into()));
}

#[test]
fn events_and_report_may_both_go_to_one_file() {
    let temp = Temp::new();
    let file = temp.write("both", "what stood there before");
    let both = file.to_str().unwrap();
    let run = tree("idle.toml");

    let status =
        demo().args(["run", run.to_str().unwrap(), "--events", both, "--report", both]).run_in_time().status;

    let text = std::fs::read_to_string(&file).unwrap();
    check_order(&split_report(&text).1);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_program_ends_when_the_last_event_is_written() {
    let burst = tree("burst.toml");
    let output = demo().args(["run", burst.to_str().unwrap(), "--view=none", "--events=-"]).output_in_time();
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    check_order(&events);
    let lines =
        events.iter().filter(|event| event["event"] == "output").map(|event| event["line"].as_str().unwrap());
    // Fewer than the record keeps for a reader that is behind, so that none may be missing.
    assert!(lines.eq((1..=12_000).map(|n| n.to_string())), "every line is there, in order");
}

#[test]
fn a_reader_that_has_gone_does_not_end_the_tree() {
    let temp = Temp::new();
    let mut child = demo()
        .args(["run", tree("talks.toml").to_str().unwrap(), "--events=-", "--report"])
        .arg(temp.path("report.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begin = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    let mut lines = Lines::of(child.stderr.take().unwrap());
    lines.wait_for("│ end");

    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();

    assert_eq!(wait_in_time(&mut child).code(), Some(0));
    assert_eq!(temp.json("report.json")["clean"], true);
}

#[test]
fn a_reader_that_never_reads_does_not_hold_up_the_tree() {
    let temp = Temp::new();
    let mut child = demo()
        .args(["run", tree("talks.toml").to_str().unwrap(), "--events=-", "--report"])
        .arg(temp.path("report.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(child.stderr.take().unwrap());
    lines.wait_for("│ end");

    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();

    assert_eq!(wait_in_time(&mut child).code(), Some(0));
    assert_eq!(temp.json("report.json")["clean"], true);
}

#[test]
fn a_pipe_without_a_reader_does_not_hold_up_the_tree() {
    let temp = Temp::new();
    let pipe = temp.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();

    let status =
        demo().args(["run", tree("idle.toml").to_str().unwrap(), "--events"]).arg(&pipe).run_in_time().status;

    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_pipe_that_is_opened_late_gets_every_event() {
    let temp = Temp::new();
    let pipe = temp.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();

    let mut child =
        demo().args(["run", tree("idle.toml").to_str().unwrap(), "--events"]).arg(&pipe).spawn().unwrap();
    // Without waiting for the demo, which may never open it.
    let reader = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&pipe).unwrap();
    let text = Lines::of(reader).rest();

    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    check_order(&events);
    assert_eq!(wait_in_time(&mut child).code(), Some(0));
}

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    // As the other tests start it.
    command.process_group(0).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// The report, and the events in front of it.
fn split_report(text: &str) -> (Value, Vec<Value>) {
    let mut documents: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .map(|document| document.expect("JSON documents, one after the other"))
        .collect();
    let report = documents.pop().expect("the report is the last document");
    assert!(report.get("clean").is_some(), "{report}");
    (report, documents)
}
