//! `--timeline` and the command `timeline`: what is drawn of a run, and what is said when it cannot be.

use std::fs::{self, OpenOptions};
use std::process::{Command, Output};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::{Demo, InTime as _, Temp, example, tree};

fn demo(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rootward-demo")).args(args).output_in_time()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the demo writes UTF-8")
}

#[test]
fn the_picture_of_a_run_is_that_of_its_recording_and_names_what_the_stop_waited_for() {
    let temp = Temp::new();
    let [events, picture, drawn] = ["events", "run.svg", "drawn.svg"].map(|name| temp.path(name));
    let mut run = Demo::start([
        "run",
        example("stubborn.toml").to_str().unwrap(),
        "--timeline",
        picture.to_str().unwrap(),
        "--view=none",
    ]);
    run.wait_for_start();
    run.signal(Signal::SIGTERM);
    let finished = run.finish();
    let lines: Vec<String> = finished.events.iter().map(|event| format!("{event}\n")).collect();
    fs::write(&events, lines.concat()).unwrap();

    let output = demo(&["timeline", events.to_str().unwrap(), "--output", drawn.to_str().unwrap()]);

    assert_eq!((finished.code(), output.status.code()), (3, Some(0)), "{}", text(output.stderr));
    let svg = fs::read_to_string(&picture).unwrap();
    assert_eq!(svg, fs::read_to_string(&drawn).unwrap());
    for words in
        ["The stop took", "(signal SIGTERM). It waited for:", "root/process", "not gone within its grace"]
    {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn a_recording_is_shown_as_text_unless_another_format_is_asked_for() {
    let temp = Temp::new();
    let events = temp.path("events");
    let events = events.to_str().unwrap();
    assert!(demo(&["run", tree("idle.toml").to_str().unwrap(), "--events", events]).status.success());

    let [shown, svg, trace] = [&[][..], &["--format", "svg"], &["--format", "perfetto"]]
        .map(|more| text(demo(&[&["timeline", events], more].concat()).stdout));

    assert!(shown.starts_with("root: ") && shown.contains("The start took"), "{shown}");
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(serde_json::from_str::<serde_json::Value>(&trace).unwrap()["traceEvents"].is_array());
}

#[test]
fn a_picture_that_cannot_be_written_is_told_and_makes_a_failure_of_the_run() {
    let output =
        demo(&["run", tree("idle.toml").to_str().unwrap(), "--view=none", "--timeline", "/dev/full"]);

    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).starts_with("error: cannot write the timeline to /dev/full: "));
}

/// The pipe has its reader, which reads nothing.
#[test]
fn a_picture_in_a_pipe_that_is_not_read_is_given_up() {
    let temp = Temp::new();
    let [events, pipe] = ["events", "pipe"].map(|name| temp.path(name));
    let [events, pipe] = [&events, &pipe].map(|path| path.to_str().unwrap());
    mkfifo(pipe, Mode::S_IRWXU).unwrap();
    let reader = OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    let capacity = fcntl(&reader, FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    let idle = tree("idle.toml");
    let idle = idle.to_str().unwrap();
    assert!(demo(&["run", idle, "--events", events]).status.success());
    let svg = demo(&["timeline", events, "--format=svg"]).stdout.len();
    assert!(svg > capacity.try_into().unwrap(), "{svg} bytes fill {capacity}");

    for args in [
        &["run", idle, "--view=none", "--timeline", pipe][..],
        &["timeline", events, "--format=svg", "--output", pipe],
    ] {
        let output = demo(args);

        let message = text(output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {message}");
        assert!(message.starts_with(&format!("error: cannot write the timeline to {pipe}: ")), "{message}");
    }
}

#[test]
fn what_cannot_be_drawn_or_written_to_is_refused_before_anything_is_started() {
    let temp = Temp::new();
    let idle = tree("idle.toml");
    let idle = idle.to_str().unwrap();
    let nothing = temp.write("nothing", "");
    let other = temp.write("other", "id = 'root'\n");
    let [nothing, other] = [&nothing, &other].map(|path| path.to_str().unwrap());
    let nowhere = temp.path("none/run.svg");

    for (args, said) in [
        (&["timeline", nothing][..], "there are no events in it"),
        (&["timeline", other], "line 1 is no event"),
        (&["timeline", nowhere.to_str().unwrap()], "cannot read"),
        (&["run", idle, "--timeline", nowhere.to_str().unwrap()], "cannot write the timeline to"),
        (&["run", idle, "--timeline", other, "--events", other], "something else is written there"),
        (&["run", idle, "--timeline", idle], "it is the tree file"),
    ] {
        let output = demo(args);
        let message = text(output.stderr);

        assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.starts_with("error: ") && message.contains(said), "{args:?}: {message}");
    }
    assert_eq!(fs::read_to_string(other).unwrap(), "id = 'root'\n");
}
