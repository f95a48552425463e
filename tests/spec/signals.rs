//! What signals do to a whole program.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::support::{Finished, Program, press_again};

mod added;
mod broken_pipe;
mod embedded;
mod endings;
mod inherited;
mod process_1;
mod suspended;
mod whole_unit;
mod wrappers;

#[test]
fn one_handler_for_sigterm_is_called_and_the_program_leaves_with_status_0() {
    handlers_are_called_in_order(1, Signal::SIGTERM);
}

#[test]
fn one_handler_for_sigint_is_called_and_the_program_leaves_with_status_0() {
    handlers_are_called_in_order(1, Signal::SIGINT);
}

#[test]
fn five_handlers_for_sigterm_are_called_in_the_order_of_their_registration() {
    handlers_are_called_in_order(5, Signal::SIGTERM);
}

#[test]
fn five_handlers_for_sigint_are_called_in_the_order_of_their_registration() {
    handlers_are_called_in_order(5, Signal::SIGINT);
}

#[test]
fn sighup_stops_like_sigterm() {
    let mut program = supervises(1, "prints_signals");

    program.signal(Signal::SIGHUP);

    assert_eq!(program.wait_for("SIGHUP "), "Stop");
    assert_eq!(program.finish().status.code(), Some(0));
}

/// Whatever sends them: a program is not ended by a pipe that one of its threads has written to in vain.
#[test]
fn a_broken_pipe_and_a_window_that_changes_end_no_program_around_a_tree() {
    let mut program = supervises(1, "prints_signals");

    program.signal(Signal::SIGPIPE);
    program.signal(Signal::SIGWINCH);
    program.signal(Signal::SIGTERM);

    assert_eq!(program.wait_for("SIGTERM "), "Stop");
    assert_eq!(program.finish().status.code(), Some(0));
}

#[test]
fn sigusr1_shows_the_snapshot_and_changes_nothing() {
    let mut program = supervises(1, "prints_signals");

    program.signal(Signal::SIGUSR1);
    program.wait_for("root · supervisor running");
    program.wait_for("  child-1 · process running · pid ");
    program.signal(Signal::SIGTERM);

    assert_eq!(program.finish().status.code(), Some(0));
}

#[test]
fn a_second_sigint_forces_and_the_status_says_so() {
    let mut program = supervises(2, "ignores_sigterm");

    program.signal(Signal::SIGINT);
    // In any order: a signal is acted upon first and written down afterwards.
    program.wait_for_all(["SIGINT Stop", "child-2 got SIGTERM and stays"]);
    press_again();
    program.signal(Signal::SIGINT);

    assert_eq!(program.wait_for("SIGINT "), "Force");
    let Finished { status, said, .. } = program.finish();
    assert_eq!(
        (status.code(), said.last().map(String::as_str)),
        (Some(3), Some("supervisor exiting cleanly"))
    );
}

#[test]
fn a_third_sigint_leaves_at_once_with_128_and_its_number() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocks_a_thread"), &["3600000"]);
    program.wait_for("blocking");

    for action in ["Stop", "Force"] {
        program.signal(Signal::SIGINT);
        assert_eq!(program.wait_for("SIGINT "), action);
        press_again();
    }
    program.signal(Signal::SIGINT);

    assert_eq!(program.finish().status.code(), Some(128 + Signal::SIGINT as i32));
}

#[test]
fn what_does_not_go_before_the_deadline_does_not_keep_the_program() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocks_a_thread"), &["50"]);
    program.wait_for("blocking");

    program.signal(Signal::SIGTERM);

    assert_eq!(program.finish().status.code(), Some(4));
}

/// R22: after `run` has returned.
#[test]
fn after_the_run_each_signal_does_what_it_did_before() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1] {
        let mut program = Program::run(env!("CARGO_BIN_EXE_goes_on_after_its_tree"), &[]);
        let [before, during, after] = ["before ", "during ", "after "].map(|when| program.wait_for(when));

        program.signal(signal);

        assert_eq!((before == during, before == after), (false, true), "{before}, {during}, {after}");
        assert_eq!(program.finish().status.signal(), Some(signal as i32));
    }
}

#[test]
fn a_signal_that_was_ignored_before_the_run_is_ignored_after_it() {
    let ignores_some = "trap '' HUP USR1; exec \"$0\"";
    let fixture = env!("CARGO_BIN_EXE_goes_on_after_its_tree");
    let mut program = Program::run("/bin/sh", &["-c", ignores_some, fixture]);
    let [before, after] = ["before ", "after "].map(|when| program.wait_for(when));

    // The first two do nothing.
    for signal in [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGTERM] {
        program.signal(signal);
    }

    assert_eq!(before, after);
    assert_eq!(program.finish().status.signal(), Some(Signal::SIGTERM as i32));
}

fn handlers_are_called_in_order(count: usize, signal: Signal) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_signal_handlers"), &[&count.to_string()]);
    program.wait_for("ready");

    program.signal(signal);

    let Finished { status, said, .. } = program.finish();
    let calls = (1..=count).map(|handler| format!("handler {handler} received {signal}"));
    let expected: Vec<_> = ["ready".to_owned()].into_iter().chain(calls).chain(["bye".to_owned()]).collect();
    assert_eq!((said, status.code()), (expected, Some(0)));
}

/// A program around so many processes of this kind, all of which are ready.
fn supervises(count: usize, child: &str) -> Program {
    let mut program = Program::run(env!("CARGO_BIN_EXE_supervises"), &[&count.to_string(), child]);
    program.wait_for_children(count);
    program
}
