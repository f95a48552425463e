//! Signals in a tree that lives in a runtime of its host's.

use nix::sys::signal::Signal;

use crate::support::{Program, press_again};

/// A tree that leaves signals alone, with and without a warden.
#[test]
fn a_broken_pipe_and_a_window_that_changes_end_no_program_that_embeds_a_tree() {
    for level in ["group", "tree"] {
        let mut program = Program::run(env!("CARGO_BIN_EXE_embeds_a_tree"), &[level]);
        program.wait_for("during ");

        program.signal(Signal::SIGPIPE);
        program.signal(Signal::SIGWINCH);

        program.wait_for("after ");
        assert_eq!(program.wait_for("clean "), "true", "{level}");
    }
}

#[test]
fn a_task_that_never_yields_on_one_of_a_few_threads_takes_no_stop_away() {
    for threads in ["1", "2"] {
        let mut program = Program::run(env!("CARGO_BIN_EXE_embeds_and_blocks"), &[threads, "50"]);
        program.wait_for_all(["blocking", "listening"]);

        program.signal(Signal::SIGTERM);

        assert_eq!(program.finish().status.code(), Some(4), "{threads} threads");
    }
}

#[test]
fn a_task_that_never_yields_on_one_of_a_few_threads_takes_no_third_signal_away() {
    for threads in ["1", "2"] {
        let mut program = Program::run(env!("CARGO_BIN_EXE_embeds_and_blocks"), &[threads, "3600000"]);
        program.wait_for_all(["blocking", "listening"]);

        for action in ["Stop", "Force"] {
            program.signal(Signal::SIGINT);
            assert_eq!(program.wait_for("SIGINT "), action);
            press_again();
        }
        program.signal(Signal::SIGINT);

        assert_eq!(program.finish().status.code(), Some(130), "{threads} threads");
    }
}
