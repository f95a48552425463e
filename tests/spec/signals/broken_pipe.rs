//! SIGPIPE ends no program that hears its signals by the library, also if the program has given it its default effect.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::support::Program;

const FIXTURE: &str = env!("CARGO_BIN_EXE_writes_to_a_broken_pipe");

#[test]
fn a_write_to_a_broken_pipe_ends_no_program_that_hears_its_signals_and_ends_it_again_afterwards() {
    for mode in ["runs", "attaches"] {
        for level in ["group", "tree"] {
            let finished = Program::run(FIXTURE, &[mode, level]).finish();

            // The write after the tree says nothing any more.
            assert_eq!(finished.lines_after("written "), ["Err(EPIPE)"], "{mode} {level}");
            assert_eq!(finished.status.signal(), Some(Signal::SIGPIPE as i32), "{mode} {level}");
            assert_eq!(finished.lines_after("before "), finished.lines_after("after "), "{mode} {level}");
        }
    }
}

#[test]
fn a_handler_for_sigpipe_is_called_although_it_ends_no_program() {
    let finished = Program::run(FIXTURE, &["handles", "group"]).finish();

    assert_eq!(finished.lines_after("heard "), ["SIGPIPE"]);
    assert_eq!(finished.lines_after("written "), ["Err(EPIPE)"]);
    assert_eq!(finished.status.signal(), Some(Signal::SIGPIPE as i32));
}

#[test]
fn a_program_that_has_no_signals_heard_keeps_the_default_effect_of_sigpipe() {
    for level in ["group", "tree"] {
        let finished = Program::run(FIXTURE, &["embeds", level]).finish();

        assert_eq!(finished.lines_after("before "), finished.lines_after("during "), "{level}");
        assert_eq!(finished.lines_after("before "), finished.lines_after("after "), "{level}");
        assert_eq!(finished.status.signal(), Some(Signal::SIGPIPE as i32), "{level}");
    }
}

#[test]
fn a_process_begins_with_the_default_effect_of_sigpipe() {
    for mode in ["runs", "attaches", "embeds", "ignores"] {
        for level in ["group", "tree"] {
            let finished = Program::run(FIXTURE, &[mode, level]).finish();

            let ignored = finished.lines_after("process SigIgn:");
            assert_eq!(ignored, ["\t0000000000000000"], "{mode} {level}");
        }
    }
}
