//! The program as process 1, for which default dispositions do not apply: the kernel drops what it does not catch.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use rootward_tests::until_some;

use super::endings::ENDS;
use crate::support::Program;

/// R24: lost as process 1.
#[test]
fn a_stop_that_reaches_process_1_before_it_has_described_its_tree_is_not_lost() {
    if !can_be_process_1() {
        return;
    }
    let program = Program::run("unshare", &[alone(), &[ENDS, "early"]].concat());

    let finished = program.finish();
    assert_eq!((finished.lines_after("started "), finished.status.code()), (vec![], Some(143)));
}

/// R24: with a runtime there are threads, and no init can be forked.
#[test]
fn a_stop_that_reaches_process_1_before_it_has_a_runtime_stops_its_tree() {
    if !can_be_process_1() {
        return;
    }
    let program = Program::run("unshare", &[alone(), &[ENDS, "early_async"]].concat());

    let finished = program.finish();
    let because = finished.lines_after("because of ");
    assert_eq!((because, finished.status.code()), (vec!["signal SIGTERM"], Some(0)));
}

#[test]
fn process_1_that_embeds_a_tree_without_signals_catches_none() {
    if !can_be_process_1() {
        return;
    }
    const EMBEDS: &str = env!("CARGO_BIN_EXE_embeds_a_tree");
    let caught = |line: &str| {
        let masks = line.split(' ').nth(2).map(|mask| u64::from_str_radix(mask, 16));
        // Those that are sent in order to stop a program.
        masks.expect("it says so").expect("a mask")
            & [1, 2, 3, 15, 30, 37].map(|n| 1 << (n - 1)).iter().sum::<u64>()
    };
    let mut program = Program::run("unshare", &[alone(), &[EMBEDS]].concat());

    assert_ne!(caught(&program.wait_for("before ")), 0, "what comes early is noted");
    assert_eq!(caught(&program.wait_for("during ")), 0);
}

/// R7: stop signals of images.
#[test]
fn process_1_stops_on_every_signal_that_container_managers_send() {
    if !can_be_process_1() {
        return;
    }
    for (number, name) in [(3, "SIGQUIT"), (15, "SIGTERM"), (37, "SIGRTMIN+3"), (30, "SIGPWR")] {
        let mut program = Program::run("unshare", &[alone(), &[ENDS, "stops"]].concat());
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

/// R24: the moments are spread over the time in which the program is loaded, makes its init and starts its tree.
#[test]
fn each_sigterm_that_reaches_process_1_behind_the_first_code_of_the_program_ends_it() {
    const STARTS: u32 = 200;
    const AT_ONCE: u32 = 4;
    if !can_be_process_1() {
        return;
    }
    let too_early = AtomicU32::new(0);
    thread::scope(|scope| {
        for first in 0..AT_ONCE {
            let too_early = &too_early;
            scope.spawn(move || {
                for start in (first..STARTS).step_by(AT_ONCE as usize) {
                    let moment = Duration::from_millis(50) * start / STARTS;
                    if !ends_when_it_has_run(moment) {
                        too_early.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    say_how_many(too_early.into_inner(), STARTS);
}

/// Sends SIGTERM to process 1 a moment after it was forked, and waits for the end. Says whether the program had run by
/// then. Before that the signal may be lost, and one that comes later ends the program.
#[expect(clippy::disallowed_methods, reason = "the moment of the signal is what is tested")]
fn ends_when_it_has_run(moment: Duration) -> bool {
    let mut program = Program::run("unshare", &[alone(), &[ENDS, "obeys"]].concat());
    // `unshare` has no child before it has forked.
    let first = until_some("`unshare` starts the program", || child_of(program.pid().as_raw()).parse().ok());
    thread::sleep(moment);

    let has_run = program.has_said("main") || has_run(first);
    kill(Pid::from_raw(first), Signal::SIGTERM).expect("it is there until it hears this");

    if !has_run {
        while let Some(line) = program.next_line() {
            if line == "started true" {
                // If the first was heard all the same, this one is a part of the same request, or comes too late.
                let _ = kill(Pid::from_raw(first), Signal::SIGTERM);
                break;
            }
        }
    }
    // One that hangs says nothing any more, and the test fails here.
    let finished = program.finish();
    // In order, or plainly: process 1 ends with 128 + 15 then.
    let status = finished.status.code();
    assert!(matches!(status, Some(0 | 143)), "after {moment:?}: {status:?} {:?}", finished.said);
    has_run
}

/// Whether code of the program's own has run: it catches SIGTERM, then blocks it, and then it is the init. While an
/// init waits for signals the kernel does not show that they are blocked.
fn has_run(pid: i32) -> bool {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let executes = fs::read_link(format!("/proc/{pid}/exe"));
    // `unshare`, which was there before, blocks signals as well.
    if !executes.is_ok_and(|program| program == *std::path::Path::new(ENDS)) {
        return false;
    }
    let status = read("status");
    let masks =
        status.lines().filter_map(|line| line.strip_prefix("SigBlk:").or(line.strip_prefix("SigCgt:")));
    let masks = masks.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let has_sigterm = masks.fold(0, |all, mask| all | mask) & 1 << (Signal::SIGTERM as i32 - 1) != 0;
    has_sigterm || read("comm") == "rootward-init\n"
}

#[expect(clippy::print_stdout, reason = "the test's output says how wide the gap is")]
fn say_how_many(too_early: u32, of: u32) {
    println!("{too_early} of {of} were sent before the program had run");
}

/// What makes the program behind it process 1 of a namespace. A user makes a user namespace for that.
fn alone() -> &'static [&'static str] {
    const ALONE: [&str; 6] = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if Uid::effective().is_root() { &ALONE[2..] } else { &ALONE }
}

#[expect(clippy::print_stdout, reason = "the test's output says what has not been tested")]
fn can_be_process_1() -> bool {
    let allowed = Command::new("unshare").args(alone()).arg("true").stderr(Stdio::null()).status();
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
