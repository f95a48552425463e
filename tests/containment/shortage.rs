//! A supervisor, or its warden, that has nothing left of what the system gives: nothing can be started for now, and
//! everything can be stopped.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::Uid;
use rootward_tests::{Heard, wait_in_time};

use crate::place::{can_be_run_by_another_user, nothing_to_show};
use crate::record::Record;

#[test]
fn without_descriptors_nothing_is_started_and_everything_stopped() {
    shortage_of("descriptors", "Too many open files (os error 24)", &["group", "tree"]);
}

#[test]
fn while_too_many_descriptors_are_on_their_way_nothing_is_started_and_everything_stopped() {
    shortage_of("descriptors on their way", "Too many references: cannot splice (os error 109)", &["tree"]);
}

#[test]
fn without_processes_nothing_is_started_and_everything_stopped() {
    shortage_of("processes", "Resource temporarily unavailable (os error 11)", &["group"]);
}

#[test]
fn if_the_warden_may_have_no_more_processes_nothing_is_started_and_everything_stopped() {
    shortage_of("processes of the warden", "Resource temporarily unavailable (os error 11)", &["tree"]);
}

#[test]
fn if_the_warden_may_have_one_more_process_and_no_second_nothing_is_started_and_everything_stopped() {
    if !Uid::effective().is_root() {
        return nothing_to_show("only root can become a user that has no other processes");
    }
    shortage_of("processes of the reaper", "Resource temporarily unavailable (os error 11)", &["tree"]);
}

#[test]
fn if_the_warden_has_no_descriptors_left_nothing_is_started_and_everything_stopped() {
    // It may not even be able to take the lines to the processes that could say what is missing.
    shortage_of("descriptors of the warden", "", &["tree"]);
}

#[test]
fn if_the_warden_has_no_memory_left_nothing_is_started_and_everything_stopped() {
    shortage_of("memory of the warden", "Cannot allocate memory (os error 12)", &["tree"]);
}

#[test]
fn a_restart_for_which_there_are_no_descriptors_is_tried_again_and_is_one_restart() {
    for level in ["group", "tree"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runs_short"));
        command.arg(level).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut supervisor = command.spawn().expect("the program has been built");
        let mut heard = Heard::of(supervisor.stdout.take().expect("it is piped"));
        heard.wait_for_the_end();

        let retrying = heard.lines_after("retrying ");
        assert!(
            matches!(retrying.as_slice(), [one] if one.contains("this program may have 256 descriptors open")),
            "{level}: {retrying:?}"
        );
        assert_eq!(heard.lines_after("restarts "), ["Some(1), clean true"], "{level}");
        assert_eq!(wait_in_time(&mut supervisor).code(), Some(0), "{level}");
    }
}

/// Lets a supervisor run out of something that three children with grandchildren in other sessions do not need.
fn shortage_of(what: &str, reason: &str, levels: &[&str]) {
    let program = Path::new(env!("CARGO_BIN_EXE_runs_out"));
    let is_of_a_user = what.starts_with("processes") || what == "descriptors on their way";
    if is_of_a_user && Uid::effective().is_root() && !can_be_run_by_another_user(program) {
        return nothing_to_show("other users cannot execute these programs, and for root there is no limit");
    }
    for level in levels {
        let mut record = Record::begin();
        let mut command = Command::new(program);
        command.args([level, what, record.path()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut supervisor = command.spawn().expect("the program has been built");
        let mut heard = Heard::of(supervisor.stdout.take().expect("it is piped"));
        heard.wait_for("started");
        for _ in 0..3 {
            record.wait_until_ready();
        }
        let members = record.processes();
        assert_eq!(members.len(), 6);

        supervisor.stdin.as_mut().expect("it is piped").write_all(b"\n").expect("it reads");
        heard.wait_for_the_end();

        let refused = heard.lines_after("late ");
        let expected = format!("refused for now: {reason}");
        assert!(matches!(refused.as_slice(), [one] if one.starts_with(&expected)), "{level}: {refused:?}");
        assert_eq!(heard.lines_after("dies "), ["exited"], "{level}");
        assert_eq!(heard.lines_after("clean "), ["true"], "{level}");
        assert_eq!(wait_in_time(&mut supervisor).code(), Some(0), "{level}");
        if *level == "tree" {
            assert_eq!(record.survivors().len(), 0, "{level}");
        }
    }
}
