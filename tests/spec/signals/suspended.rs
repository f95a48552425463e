//! SIGTSTP and SIGCONT for a program that has its processes suspended together with it.

use std::fs;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rootward_tests::until;

use crate::support::Program;

#[test]
fn processes_are_suspended_and_go_on_together_with_the_program() {
    let (mut program, children) = suspends(2, "suspended");
    let all = [program.pid(), children[0], children[1]];

    for _ in 0..3 {
        until("all are suspended", || {
            // Again, because one that comes together with the last SIGCONT may have come before it.
            program.signal(Signal::SIGTSTP);
            all.iter().all(|pid| is_stopped(*pid))
        });
        program.signal(Signal::SIGCONT);
        until("all go on", || !all.iter().any(|pid| is_stopped(*pid)));
    }
    assert_eq!(program.wait_for("SIGTSTP "), "Suspend");
    program.signal(Signal::SIGTERM);

    let finished = program.finish();
    assert_eq!(finished.status.code(), Some(0), "{:#?}", finished.said);
    assert!(!finished.said.iter().any(|line| line.ends_with("restarting")), "{:#?}", finished.said);
}

#[test]
fn without_being_asked_the_program_is_suspended_alone() {
    let (program, children) = suspends(1, "alone");

    program.signal(Signal::SIGTSTP);

    until("the program is suspended", || is_stopped(program.pid()));
    assert!(!is_stopped(children[0]));
    program.signal(Signal::SIGCONT);
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().status.code(), Some(0));
}

#[test]
fn processes_that_were_stopped_by_hand_go_on_with_sigcont() {
    let (program, children) = suspends(1, "suspended");
    nix::sys::signal::kill(children[0], Signal::SIGSTOP).unwrap();
    until("the child is stopped", || is_stopped(children[0]));

    program.signal(Signal::SIGCONT);

    until("the child goes on", || !is_stopped(children[0]));
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().status.code(), Some(0));
}

#[test]
fn a_sigcont_that_follows_at_once_leaves_nothing_suspended() {
    let (mut program, children) = suspends(1, "suspended");

    for _ in 0..50 {
        program.signal(Signal::SIGTSTP);
        program.signal(Signal::SIGCONT);
    }
    // It would not be heard by a program that is suspended.
    program.signal(Signal::SIGUSR1);
    program.wait_for("snapshot");

    until("the child goes on", || !is_stopped(children[0]));
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().status.code(), Some(0));
}

/// A program with so many processes, and their process ids.
fn suspends(count: usize, how: &str) -> (Program, Vec<Pid>) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_suspends_its_children"), &[&count.to_string(), how]);
    let mut pid =
        |n| program.wait_for(&format!("child-{n} pid ")).parse().map(Pid::from_raw).expect("a number");
    let children = (1..=count).map(&mut pid).collect();
    (program, children)
}

fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with('T'))
}
