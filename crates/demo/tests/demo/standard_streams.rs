//! Standard output and error under all of their names, and where they are closed.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{InTime as _, Temp, tree};

const DEMO: &str = env!("CARGO_BIN_EXE_rootward-demo");

/// R23: whatever is written, and whatever name it is given, what a log holds stays.
#[test]
fn a_log_that_is_appended_to_keeps_what_it_holds() {
    let temp = Temp::new();
    let idle = tree("idle.toml");
    let events = temp.path("events");
    let idle = idle.to_str().expect("a text");
    let recorded = demo(&["run", idle, "--view=none", "--events", events.to_str().expect("a text")]);
    assert_eq!(output(recorded).status.code(), Some(0));

    for stream in ["/dev/stdout", "/dev/stderr"] {
        for (words, expected) in [
            (&["run", idle, "--view=none", "--timeline", stream][..], "</svg>"),
            (&["run", idle, "--view=none", "--termination-message", stream], "root"),
            (&["timeline", events.to_str().expect("a text"), "-o", stream], "</svg>"),
        ] {
            let log = temp.write("log", "before\n");
            let file = append(&log);
            let mut command = demo(words);
            command.stdout(file.try_clone().expect("a descriptor")).stderr(file);

            assert_eq!(output(command).status.code(), Some(0), "{words:?}");

            let text = std::fs::read_to_string(&log).expect("it is UTF-8");
            assert!(text.starts_with("before\n") && text.contains(expected), "{words:?}: {text:?}");
        }
    }
}

#[test]
fn a_termination_message_is_refused_where_a_record_or_a_timeline_is_written() {
    let temp = Temp::new();
    let idle = tree("idle.toml");
    let run = ["run", idle.to_str().expect("a text"), "--view=none"];
    let both = temp.path("both").to_str().expect("a text").to_owned();
    for (option, target, message) in [
        ("--events", "-", "/dev/stdout"),
        ("--report", "-", "/dev/stdout"),
        ("--report", "/dev/stdout", "/dev/stdout"),
        ("--events", &both, &both),
        ("--timeline", &both, &both),
    ] {
        let log = temp.write("log", "before\n");
        let mut command = demo(&[&run[..], &[option, target, "--termination-message", message]].concat());
        command.stdout(append(&log)).stderr(Stdio::piped());

        let output = output(command);

        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{option} {target}: {said}");
        assert!(said.contains("something else is written there"), "{said}");
        assert_eq!(std::fs::read_to_string(&log).expect("it is UTF-8"), "before\n");
        assert!(!Path::new(&both).exists(), "nothing has been opened");
    }
}

#[test]
fn what_is_to_be_written_to_a_closed_standard_output_is_an_error() {
    let temp = Temp::new();
    let idle = tree("idle.toml");
    let idle = idle.to_str().expect("a text");
    let events = temp.path("events");
    let events = events.to_str().expect("a text");
    let recorded = demo(&["run", idle, "--view=none", "--events", events]);
    assert_eq!(output(recorded).status.code(), Some(0));

    for (words, code) in [
        (&["run", idle, "--view=none", "--events", "-"][..], 2),
        (&["run", idle, "--view=none", "--events", "/dev/stdout"], 2),
        (&["run", idle, "--view=none", "--report", "-"], 2),
        (&["run", idle, "--view=none", "--timeline", "/dev/stdout"], 2),
        (&["check", idle], 1),
        (&["timeline", events], 1),
        // Nothing is to be written there.
        (&["run", idle, "--view=none"], 0),
        (&["run", idle, "--view=none", "--events", "/dev/null"], 0),
    ] {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" >&-", "sh", DEMO]).args(words).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());

        let output = output(command);

        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert_eq!(said.contains("it is closed"), code != 0, "{words:?}: {said}");
    }
}

fn demo(words: &[&str]) -> Command {
    let mut command = Command::new(DEMO);
    command.args(words).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn output(mut command: Command) -> Output {
    command.run_in_time()
}

fn append(log: &Path) -> File {
    OpenOptions::new().append(true).open(log).expect("it is the test's own file")
}
