//! Subscribers of `tracing` that misbehave: they cost log lines, which are counted, and nothing else.
//!
//! A subscriber is for a whole program, and so each of these is one.

use nix::sys::signal::Signal;

use crate::support::{Identity, Program, are_gone, press_again};

// --- a whole program ---

#[tokio::test]
async fn a_log_that_blocks_for_ever_keeps_no_signal_from_getting_through() {
    three_signals_get_through_a_log_that_blocks_in("event").await;
}

#[tokio::test]
async fn a_subscriber_that_blocks_for_ever_in_a_new_span_keeps_no_signal_from_getting_through() {
    three_signals_get_through_a_log_that_blocks_in("new_span").await;
}

#[tokio::test]
async fn a_subscriber_that_blocks_for_ever_when_a_span_is_entered_keeps_no_signal_from_getting_through() {
    three_signals_get_through_a_log_that_blocks_in("enter").await;
}

#[tokio::test]
async fn the_deadline_holds_wherever_a_subscriber_blocks_for_ever() {
    for place in ["event", "new_span", "enter"] {
        let (program, processes) = given_a_log_that_blocks_in(place, "1000");

        program.signal(Signal::SIGTERM);

        let finished = program.finish();
        assert_eq!(finished.status.code(), Some(4), "{place}");
        assert_eq!(finished.lines_after("report "), ["Incomplete"], "{place}");
        are_gone(&processes).await;
    }
}

async fn three_signals_get_through_a_log_that_blocks_in(place: &str) {
    let (mut program, processes) = given_a_log_that_blocks_in(place, "0");

    program.signal(Signal::SIGINT);
    program.wait_for("SIGINT Stop");
    press_again();
    program.signal(Signal::SIGINT);
    program.wait_for("SIGINT Force");
    press_again();
    program.signal(Signal::SIGINT);

    let finished = program.finish();
    assert_eq!(finished.status.code(), Some(130));
    assert_eq!(finished.lines_after("report "), ["Incomplete"]);
    are_gone(&processes).await;
}

/// The program, when it has started, and its processes. A log that blocks at a line keeps no child from being
/// restarted.
fn given_a_log_that_blocks_in(place: &str, deadline: &str) -> (Program, [Identity; 2]) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocked_log"), &[place, deadline]);
    let last = if place == "event" { "root/crashes started 101" } else { "root/crashes started 1" };
    let [keeper, descendant, _, _] =
        program.wait_for_all(["keeper pid ", "descendant pid ", "root started", last]);
    (program, [keeper, descendant].map(|pid| Identity::of(pid.parse().expect("a process id"))))
}

#[test]
fn a_program_does_not_end_before_its_log_is_complete_if_that_gets_on() {
    let said = Program::run(env!("CARGO_BIN_EXE_slow_log"), &[]).finish().said;

    assert_eq!(said, ["lines 10 written 10"]);
}

// --- an embedded tree ---

#[test]
fn every_event_becomes_a_line_before_a_log_is_complete() {
    let Account { ending, logged, written, lines, unlogged, .. } = account_of("behaves");

    assert_eq!((ending.as_str(), logged), ("Clean", true));
    assert_eq!((lines, unlogged), (written, 0));
}

#[test]
fn a_subscriber_that_blocks_for_ever_costs_lines_which_are_counted() {
    let Account { ending, logged, written, lines, unlogged, .. } = account_of("blocks");

    assert_eq!((ending.as_str(), logged, lines), ("Clean", false, 1));
    // What it has taken already, and what is held for it, is not lost yet.
    assert!((written - 64 - 16..written).contains(&unlogged), "{unlogged} of {written}");
}

#[test]
fn a_subscriber_that_panics_once_costs_one_line_and_the_log_says_so() {
    let Account { ending, logged, written, lines, unlogged, lost } = account_of("panics_once");

    assert_eq!((ending.as_str(), logged), ("Clean", true));
    assert_eq!((lines, unlogged, lost), (written, 1, vec![1]));
}

#[test]
fn a_subscriber_that_always_panics_costs_all_lines_and_nothing_else() {
    let Account { ending, logged, written, lines, unlogged, .. } = account_of("panics");

    assert_eq!((ending.as_str(), logged), ("Clean", true));
    assert_eq!((lines, unlogged), (written, written));
}

#[test]
fn a_subscriber_may_look_at_the_tree_that_it_hears_of() {
    let Account { ending, logged, written, lines, unlogged, .. } = account_of("looks_back");

    assert_eq!((ending.as_str(), logged), ("Clean", true));
    assert_eq!((lines, unlogged), (written, 0));
}

#[test]
fn a_subscriber_that_panics_in_a_childs_span_costs_the_span_and_nothing_else() {
    for place in ["new_span", "enter", "exit", "close"] {
        let account = account_of(&format!("panics_in_{place}"));

        assert_eq!((account.ending.as_str(), account.unlogged), ("Clean", 0), "{place}");
        assert_eq!(account.lines, account.written, "{place}");
    }
}

#[test]
fn a_subscriber_that_blocks_in_a_tasks_span_blocks_the_task_and_nothing_else() {
    for place in ["new_span", "enter"] {
        let account = account_of(&format!("blocks_in_{place}"));

        assert_eq!((account.ending.as_str(), account.unlogged), ("Incomplete", 0), "{place}");
        assert_eq!(account.lines, account.written, "{place}");
    }
}

/// What has become of a tree whose subscriber behaves in this manner.
struct Account {
    ending: String,
    logged: bool,
    written: u64,
    lines: u64,
    unlogged: u64,
    /// How many lost events each line told of that told of some.
    lost: Vec<u64>,
}

fn account_of(manner: &str) -> Account {
    let mut program = Program::run(env!("CARGO_BIN_EXE_hostile_log"), &[manner]);
    program.wait_for("started");
    let finished = program.finish();
    assert_eq!(finished.lines_after("abnormal "), Vec::<&str>::new());
    let last: Vec<_> = finished.said.last().expect("it has started").split(' ').collect();
    let number = |text: &str| text.parse().expect("it is a number");
    let lost = finished.lines_after("lost ").into_iter().map(number).collect();
    let [ending, logged, "written", written, "lines", lines, "unlogged", unlogged] = last[..] else {
        panic!("it ended with {last:?} and {:?}", finished.status)
    };
    let (written, lines, unlogged) = (number(written), number(lines), number(unlogged));
    Account { ending: ending.to_owned(), logged: logged == "true", written, lines, unlogged, lost }
}
