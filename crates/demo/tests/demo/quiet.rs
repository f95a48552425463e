//! Rust's own words about a panic are not shown, and neither is anything else that was not asked for.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::support::{Demo, InTime as _, tree};

#[test]
fn a_panic_is_an_event_and_not_a_message() {
    let finished = Demo::run(&tree("panics.toml")).finish();

    assert!(!finished.stderr.contains("panicked at"), "{}", finished.stderr);
    assert!(finished.stderr.contains("this sample task panics on purpose"), "{}", finished.stderr);
}

#[test]
fn the_view_none_shows_nothing() {
    let mut demo = Demo::start(["run", tree("calm.toml").to_str().unwrap(), "--view", "none"]);
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
}

#[test]
fn the_view_lines_shows_what_happens_without_colours_where_there_is_no_terminal() {
    let mut demo = Demo::run(&tree("calm.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    let stderr = &finished.stderr;
    assert!(stderr.contains("press Ctrl-C to stop"), "{stderr}");
    assert!(stderr.contains("exit status 0"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}

#[test]
fn a_closed_terminal_holds_nothing_up() {
    let mut demo = Demo::start_with(["run", tree("calm.toml").to_str().unwrap()], |command| {
        command.stderr(broken_pipe());
    });
    demo.wait_for_start();

    demo.signal(Signal::SIGHUP);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0);
}

#[test]
fn a_tree_that_could_not_be_started_is_an_error_also_where_nothing_is_shown() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    let output = demo.arg("run").arg(tree("no_program.toml")).args(["--view", "none"]).output_in_time();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.matches("error: the tree could not be started: ").count(), 1, "{said}");
}

#[test]
fn check_survives_a_reader_that_has_gone() {
    let status = Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
        .args(["check", tree("calm.toml").to_str().unwrap()])
        .stdout(broken_pipe())
        .run_in_time()
        .status;

    assert_eq!(status.code(), Some(0));
}

/// A pipe whose reader has gone already.
fn broken_pipe() -> Stdio {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().expect("true");
    let writer = reader.stdin.take().expect("its standard input is piped");
    reader.wait().expect("it is our child");
    writer.into()
}
