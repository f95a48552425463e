//! Whole programs whose standard error is a pipe that is full: it holds up neither their supervisors nor their end.

use nix::sys::signal::Signal;

use crate::support::{Finished, Program, press_again};

#[test]
fn a_program_ends_although_nothing_that_it_says_can_be_written() {
    let mut program = given_program("nothing");
    program.signal(Signal::SIGUSR1);
    program.wait_for("SIGUSR1 Snapshot");

    program.signal(Signal::SIGTERM);

    ends_with(program, 0, "Clean");
}

#[test]
fn tasks_whose_panics_cannot_be_written_keep_no_signal_from_getting_through() {
    three_signals_get_out(given_program("tasks"), "Incomplete");
}

#[test]
fn tasks_whose_panics_cannot_be_written_are_left_behind_at_the_deadline() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_full_stderr"), &["tasks", "1000"]);
    program.wait_for("root started");

    program.signal(Signal::SIGTERM);

    // What blocks is the tasks themselves, and what is told of the report is lost.
    ends_with(program, 4, "Incomplete");
}

/// A1: a log that nothing reads.
#[test]
fn a_log_of_tracing_subscriber_that_cannot_be_written_keeps_no_signal_from_getting_through() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_full_stderr"), &["log", "20000"]);
    program.wait_for_all(["root started", "begins a line"]);

    let finished = three_signals_get_out(program, "Incomplete");

    assert_eq!(finished.lines_after("begins a line").len(), 1, "the first line is never written");
}

#[test]
fn starts_whose_panics_cannot_be_written_keep_no_thread_of_the_supervisors() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_full_stderr"), &["starts", "20000"]);
    // Every supervisor has its turn, however many are blocked. Any of them may be quicker than the record.
    let panicking = ["panicking"; 8];
    let [a, b, c, d, e, f, g, h] = panicking;
    program.wait_for_all(["root started", a, b, c, d, e, f, g, h]);

    three_signals_get_out(program, "Incomplete");
}

fn three_signals_get_out(mut program: Program, ending: &str) -> Finished {
    program.signal(Signal::SIGINT);
    program.wait_for("SIGINT Stop");
    press_again();
    program.signal(Signal::SIGINT);
    program.wait_for("SIGINT Force");
    press_again();
    program.signal(Signal::SIGINT);

    ends_with(program, 130, ending)
}

fn ends_with(program: Program, status: i32, ending: &str) -> Finished {
    let finished = program.finish();
    assert_eq!((finished.status.code(), finished.lines_after("report ")), (Some(status), vec![ending]));
    finished
}

fn given_program(what: &str) -> Program {
    let mut program = Program::run(env!("CARGO_BIN_EXE_full_stderr"), &[what, "20000"]);
    program.wait_for("root started");
    program
}
