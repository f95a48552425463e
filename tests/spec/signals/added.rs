//! Handlers that a task adds and removes while the program runs.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::support::Program;

const ADDS: &str = env!("CARGO_BIN_EXE_adds_handlers");

#[test]
fn a_handler_that_a_task_has_added_hears_the_signal_until_it_is_removed() {
    let mut program = Program::run(ADDS, &[]);
    assert_eq!([program.wait_for("before "), program.wait_for("during ")], ["false", "true"]);

    program.signal(Signal::SIGUSR2);
    assert_eq!(program.wait_for("received "), "SIGUSR2");
    assert_eq!(program.wait_for("after "), "false", "the signal does again what it did before");
    program.signal(Signal::SIGUSR2);

    assert_eq!(program.finish().status.signal(), Some(Signal::SIGUSR2 as i32));
}

#[test]
fn a_handler_that_a_task_has_added_hears_a_signal_that_was_blocked_when_the_program_began() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocks_signals"), &[ADDS]);
    assert_eq!(program.wait_for("during "), "true");

    program.signal(Signal::SIGUSR2);

    assert_eq!(program.wait_for("received "), "SIGUSR2");
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().status.code(), Some(0));
}
