//! What is ended with the program of `exec`, and what is not.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use rootward_tests::Known;

use super::{KillOnDrop, escaped, known, signal, start, with};
use crate::support::{Lines, until, wait_in_time};

#[test]
fn a_daemon_lives_on_where_only_the_session_is_ended_and_all_else_is_gone() {
    // It has a child from before it left the session, which it does not wait for.
    let daemon = escaped("trap '' TERM; : & exec setsid sh -c 'echo $$; exec sleep 1000'");
    let job = escaped("trap '' TERM; echo $$; exec sleep 1000");
    let script = format!("sh -c \"{daemon}\" & read -r line; sh -c \"{job}\" & read -r line");
    for ended_by in [None, Some(Signal::SIGTERM), Some(Signal::SIGKILL)] {
        let options = ["--containment", "session", "--grace", "50ms"];
        let (mut wrapper, mut stdout) = start(&options, &script);
        let daemon = KillOnDrop(known(&mut stdout));
        wrapper.stdin.as_mut().expect("it is piped").write_all(b"go on\n").expect("it reads");
        let job = KillOnDrop(known(&mut stdout));

        match ended_by {
            Some(by) => signal(&wrapper, by),
            None => drop(wrapper.stdin.take()),
        }
        wait_in_time(&mut wrapper);

        if ended_by == Some(Signal::SIGKILL) {
            until("the guard ends the job", || !job.is_alive());
        }
        assert!(!job.is_alive(), "{ended_by:?}");
        assert!(daemon.is_alive(), "{ended_by:?}");
    }
}

/// What has ended together with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Nothing,
    Wrapper,
    Guard,
}

#[test]
fn what_a_program_leaves_in_a_session_that_it_has_begun_itself_is_ended_and_its_daemon_is_not() {
    let job = "trap '' TERM; echo $$; exec sleep 1000";
    let script = format!(
        "exec {} exec --containment session --grace 50ms -- setsid sh -c '{}'",
        env!("CARGO_BIN_EXE_rootward-demo"),
        "echo $$; sh -c \"$JOB\" & read -r line; setsid sh -c \"$JOB\" & read -r line; exit 5",
    );
    for killed in [Killed::Nothing, Killed::Wrapper, Killed::Guard] {
        let mut command = Command::new("sh");
        command.args(["-c", &script]).env("JOB", job).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut wrapper = command.spawn().expect("there is a shell");
        let mut stdout = Lines::of(wrapper.stdout.take().expect("it is piped"));
        let program = KillOnDrop(known(&mut stdout));
        let job = KillOnDrop(known(&mut stdout));
        wrapper.stdin.as_mut().expect("it is piped").write_all(b"go on\n").expect("it reads");
        let daemon = KillOnDrop(known(&mut stdout));

        match killed {
            Killed::Nothing => drop(wrapper.stdin.take()),
            Killed::Wrapper => signal(&wrapper, Signal::SIGKILL),
            Killed::Guard => {
                let guard = Known::of(wrapper.id()).expect("it runs").descendants()[0];
                guard.signal(Signal::SIGKILL).expect("it runs");
            }
        }
        let status = wait_in_time(&mut wrapper);

        if killed == Killed::Wrapper {
            until("the guard ends the job", || !job.is_alive() && !program.is_alive());
        }
        let expected = if killed == Killed::Nothing { (Some(5), None) } else { (None, Some(9)) };
        assert_eq!((status.code(), status.signal()), expected, "{killed:?}");
        assert!(!job.is_alive() && !program.is_alive(), "{killed:?}");
        assert!(daemon.is_alive(), "{killed:?}");
    }
}

#[test]
fn all_that_is_left_is_asked_although_there_may_be_fewer_descriptors() {
    let script = "for _ in $(seq 150); do sleep 1000 & done; exit 3";
    for containment in ["tree", "session"] {
        let mut command = Command::new("prlimit");
        command.arg("--nofile=40:40");
        // Those that are not asked would be there for an hour.
        let mut command = with(command, &["--grace", "1h", "--containment", containment], script);
        let mut wrapper = command.spawn().expect("util-linux is installed");

        assert_eq!(wait_in_time(&mut wrapper).code(), Some(3), "{containment}");
    }
}
