//! Which signals stop a whole program, and how it ends.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::support::Program;

const ENDS: &str = env!("CARGO_BIN_EXE_ends_as_told");

#[test]
fn sigquit_shows_the_snapshot_and_stops_in_order() {
    let mut program = Program::run(ENDS, &["stops"]);
    program.wait_for("started true");

    program.signal(Signal::SIGQUIT);

    program.wait_for("  worker · task running");
    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGQUIT "), finished.status.code()), (vec!["Stop"], Some(0)));
}

/// R24: lost as process 1.
#[test]
fn a_stop_that_reaches_process_1_before_it_has_described_its_tree_is_not_lost() {
    if !can_be_process_1() {
        return;
    }
    let program = Program::run("unshare", &[&ALONE[..], &[ENDS, "early"]].concat());

    let finished = program.finish();
    assert_eq!((finished.lines_after("started "), finished.status.code()), (vec![], Some(143)));
}

/// R7: stop signals of images.
#[test]
fn process_1_stops_on_every_signal_that_container_managers_send() {
    if !can_be_process_1() {
        return;
    }
    for (number, name) in [(3, "SIGQUIT"), (15, "SIGTERM"), (37, "SIGRTMIN+3"), (30, "SIGPWR")] {
        let mut program = Program::run("unshare", &[&ALONE[..], &[ENDS, "stops"]].concat());
        program.wait_for("started true");

        let sent =
            Command::new("kill").args([format!("-{number}"), child_of(program.pid().as_raw())]).status();
        assert!(sent.unwrap().success());

        let finished = program.finish();
        assert_eq!(
            (finished.lines_after(&format!("{name} ")), finished.status.code()),
            (vec!["Stop"], Some(0))
        );
    }
}

#[test]
fn a_program_may_end_by_the_signal_that_has_stopped_it() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut program = Program::run(ENDS, &["dies"]);
        program.wait_for("started true");

        program.signal(signal);

        let finished = program.finish();
        assert_eq!((finished.status.signal(), finished.status.core_dumped()), (Some(signal as i32), false));
        assert_eq!(finished.lines_after(&format!("{signal} ")), ["Stop"]);
    }
}

#[test]
fn a_program_may_end_as_the_child_has_that_brought_its_tree_down() {
    let endings = [(["exits_with", "7"], 7), (["exits_with", "0"], 0), (["dies_of", "SIGTERM"], 143)];
    for (child, status) in endings {
        let program = Program::run(ENDS, &[&["from"][..], &child].concat());

        assert_eq!(program.finish().status.code(), Some(status), "{child:?}");
    }
}

/// Makes what follows process 1 of a namespace.
const ALONE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

#[expect(clippy::print_stdout, reason = "the test's output says what has not been tested")]
fn can_be_process_1() -> bool {
    let allowed = Command::new("unshare").args(ALONE).arg("true").stderr(Stdio::null()).status();
    let allowed = allowed.is_ok_and(|it| it.success());
    if !allowed {
        println!("there are no namespaces for this user, so that nothing can be process 1 here");
    }
    allowed
}

/// The only child of a process, as the process that runs the test sees it.
fn child_of(parent: i32) -> String {
    let children =
        fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).expect("Linux says that");
    children.trim().to_owned()
}
