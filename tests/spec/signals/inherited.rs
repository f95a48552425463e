//! What a program was started with: signals that were blocked or ignored, and wrappers that send one key press twice.

use std::process::Command;

use nix::sys::signal::{Signal, killpg};

use crate::support::Program;

const ENDS: &str = env!("CARGO_BIN_EXE_ends_as_told");

/// R4: started with a blocked mask.
#[test]
fn signals_that_were_blocked_when_the_program_began_are_heard() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let program = started(env!("CARGO_BIN_EXE_blocks_signals"), &[ENDS, "stops"]);

        program.signal(signal);

        let finished = program.finish();
        assert_eq!(
            (finished.lines_after(&format!("{signal} ")), finished.status.code()),
            (vec!["Stop"], Some(0))
        );
    }
}

#[test]
fn a_signal_that_was_blocked_when_an_embedded_tree_began_is_heard() {
    let arguments = [env!("CARGO_BIN_EXE_embeds_and_blocks"), "2", "50"];
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocks_signals"), &arguments);
    program.wait_for_all(["blocking", "listening"]);

    program.signal(Signal::SIGTERM);

    assert_eq!(program.finish().status.code(), Some(4));
}

/// R3: `nohup` has no effect.
#[test]
fn a_program_under_nohup_does_not_hear_sighup() {
    let program = started("nohup", &[ENDS, "stops"]);

    // It would be heard before the other: the lower number is looked at first.
    program.signal(Signal::SIGHUP);
    program.signal(Signal::SIGTERM);

    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGHUP "), finished.status.code()), (vec![], Some(0)));
    assert_eq!(finished.lines_after("SIGTERM "), ["Stop"]);
}

#[test]
fn a_program_in_the_background_of_a_script_does_not_hear_ctrl_c() {
    let program = started("/bin/sh", &["-c", "trap '' INT QUIT; exec \"$@\"", "sh", ENDS, "stops"]);

    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
        program.signal(signal);
    }

    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGINT "), finished.lines_after("SIGQUIT ")), (vec![], vec![]));
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn a_program_hears_a_signal_that_was_ignored_if_the_application_says_so() {
    let program = started("nohup", &[ENDS, "heeds"]);

    program.signal(Signal::SIGHUP);

    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGHUP "), finished.status.code()), (vec!["Stop"], Some(0)));
}

#[test]
fn a_sigchld_that_was_ignored_takes_no_exit_from_the_trees_own_children() {
    for fixture in [&["exits_with", "7"][..], &["dies_of", "SIGUSR1"]] {
        let script = "trap '' CHLD; exec \"$@\"";
        let program = Program::run("/bin/sh", &[&["-c", script, "sh", ENDS, "from"], fixture].concat());

        let status = if fixture[0] == "dies_of" { 128 + Signal::SIGUSR1 as i32 } else { 7 };
        assert_eq!(program.finish().status.code(), Some(status), "{fixture:?}");
    }
}

/// R6: one key press counts twice.
#[test]
fn a_ctrl_c_that_a_wrapper_passes_on_as_well_is_one_request() {
    let supervises = [env!("CARGO_BIN_EXE_supervises"), "1", "takes_its_time"];
    let wrappers = [&["timeout", "-s", "INT", "3600"][..], &[env!("CARGO_BIN_EXE_passes_on_sigint")]];
    for wrapper in wrappers {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).args(supervises).args(["0", "300"]);
        let arguments: Vec<_> = command.get_args().map(|it| it.to_str().expect("a text")).collect();
        let mut program = Program::run(wrapper[0], &arguments);
        program.wait_for_children(1);

        killpg(program.pid(), Signal::SIGINT).unwrap();

        let finished = program.finish();
        assert_eq!(finished.lines_after("SIGINT ").first(), Some(&"Stop"), "{wrapper:?}");
        assert!(!finished.lines_after("SIGINT ").contains(&"Force"), "{wrapper:?}");
        assert_eq!(finished.status.code(), Some(0), "{wrapper:?}");
    }
}

fn started(program: &str, arguments: &[&str]) -> Program {
    let mut program = Program::run(program, arguments);
    assert_eq!(program.wait_for("started "), "true");
    program
}
