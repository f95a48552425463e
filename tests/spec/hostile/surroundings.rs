//! Whole programs with one piece of hostile code in a child, an error or a handler, under real signals: three of them
//! get out, the deadline holds, the report is written, and no process is left.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use super::blocked_programs::insist;
use crate::support::{Finished, Identity, Program, are_gone, for_each};

#[test]
fn three_signals_get_out_beside_each_piece_of_hostile_code() {
    for_all(|(place, manner)| {
        let (mut program, processes) = given_program(place, manner, "0");

        for action in ["Stop", "Force", "Leave"] {
            insist(&mut program, Signal::SIGINT, action);
        }

        let finished = program.finish();
        let what = || format!("{place:?} {manner}: {} {:#?}", finished.status, finished.said);
        assert!(has_come_to_it(&finished, manner), "{}", what());
        // The third may come when everything is gone, or while that is told: then it ends the program.
        let may_fail = manner == "panics" && finished.status.code() == Some(1);
        let is_cut_off = finished.status.signal() == Some(Signal::SIGINT as i32);
        assert!(is_cut_off || may_fail || matches!(finished.status.code(), Some(130 | 3)), "{}", what());
        assert!(is_cut_off || finished.lines_after("report ").len() == 1, "{}", what());
        assert!(manner != "blocks" || !place.holds_up || finished.status.code() == Some(130), "{}", what());
        wait(are_gone(&processes));
    });
}

#[test]
fn the_deadline_holds_beside_each_piece_of_hostile_code() {
    for_all(|(place, manner)| {
        let (program, processes) = given_program(place, manner, "2000");

        program.signal(Signal::SIGTERM);

        let finished = program.finish();
        let what = || format!("{place:?} {manner}: {} {:#?}", finished.status, finished.said);
        assert!(has_come_to_it(&finished, manner), "{}", what());
        // The keeper has to be forced, which a busy machine may take too long for.
        match finished.status.code() {
            Some(3) => assert_eq!(finished.lines_after("report "), ["Forced"], "{}", what()),
            Some(4) => assert_eq!(finished.lines_after("report "), ["Incomplete"], "{}", what()),
            // A task whose error panics may do so when it has been asked to stop: it has failed then.
            Some(1) if manner == "panics" => {
                assert_eq!(finished.lines_after("report "), ["Failed"], "{}", what());
            }
            _ => panic!("{}", what()),
        }
        assert!(manner != "blocks" || !place.holds_up || finished.status.code() == Some(4), "{}", what());
        wait(are_gone(&processes));
    });
}

#[test]
fn a_handler_that_panics_is_called_again_while_the_log_blocks() {
    for manner in MANNERS {
        let (mut program, processes) = given_program(place("subscriber", true, false), manner, "2000");

        for _ in 0..2 {
            program.signal(Signal::SIGUSR2);
            program.wait_for("handler called");
        }

        program.signal(Signal::SIGTERM);
        drop(program.finish());
        wait(are_gone(&processes));
    }
}

/// Code that misbehaves.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: &'static str,
    /// Whether it comes to its deed before the stop.
    is_before: bool,
    /// Whether a supervisor or a task cannot end while it is blocked there. What is not so has a thread of its own, or
    /// ends without it.
    holds_up: bool,
}

const fn place(name: &'static str, is_before: bool, holds_up: bool) -> Place {
    Place { name, is_before, holds_up }
}

const PLACES: [Place; 23] = [
    place("check", true, false),
    place("display", true, true),
    place("debug", true, true),
    place("source", true, true),
    place("error_drop", true, true),
    place("start_error", true, true),
    place("start_source", true, true),
    place("start", true, true),
    place("hold", false, true),
    place("stop", false, true),
    place("stop_signal", false, true),
    place("force", false, true),
    place("force_name", false, true),
    place("kill", false, true),
    place("drop", false, true),
    place("handler", false, false),
    place("async_handler", false, false),
    place("snapshot", false, false),
    place("subscriber", true, false),
    place("new_span", true, true),
    place("enter", true, true),
    place("task_drop", false, true),
    place("actor_drop", false, true),
];

const MANNERS: [&str; 3] = ["blocks", "panics", "looks_back"];

/// How many programs run at the same time.
const AT_ONCE: usize = 16;

/// Does something for each place and each manner, some of them at the same time.
fn for_all(act: impl Fn((Place, &'static str)) + Sync) {
    let all: Vec<_> = PLACES.iter().flat_map(|place| MANNERS.map(|manner| (*place, manner))).collect();
    for some in all.chunks(AT_ONCE) {
        for_each(some, &act);
    }
}

/// Whether the program has come to the code, and has come back from a look at the tree.
fn has_come_to_it(finished: &Finished, manner: &str) -> bool {
    let has_said = |word: &str| finished.said.iter().any(|line| line == word);
    has_said("reached") && (manner != "looks_back" || has_said("has looked"))
}

/// A program that has come as far as its hostile code lets it before a stop, and its processes.
fn given_program(place: Place, manner: &str, deadline: &str) -> (Program, Vec<Identity>) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_hostile_children"), &[place.name, manner, deadline]);
    let last = if place.is_before { "reached" } else { "job started" };
    let [keeper, descendant, _, _] =
        program.wait_for_all(["keeper pid ", "descendant pid ", "root started", last]);
    if place.name == "snapshot" {
        program.signal(Signal::SIGUSR1);
        program.wait_for_all(["SIGUSR1 Snapshot", "reached"]);
    }
    let processes = [keeper, descendant].map(|pid| Identity::of(pid.parse().expect("a process id")));
    (program, processes.to_vec())
}

/// Waits on the test's own thread, which is part of no runtime.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("the system has room for it").block_on(future)
}
