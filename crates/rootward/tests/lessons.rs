//! The lessons in `examples/` run to their end, and what they promise is what they print.
//!
//! `cargo test` builds the examples before it runs this; on its own (`--test lessons`) it takes those that
//! were built last.
#![cfg(all(feature = "signals", feature = "procs", target_os = "linux"))]

use std::path::PathBuf;
use std::process::{Command, Output};

#[test]
fn the_clock_has_its_last_tick_when_the_countdown_is_over() {
    let printed = run("01_hello_tree");

    assert!(printed.ends_with("root/clock: the last tick\n"), "{printed}");
}

#[test]
fn the_client_starts_when_the_server_listens_and_the_server_says_goodbye() {
    let printed = run("02_processes");

    assert!(printed.starts_with("the server listens"), "{printed}");
    assert!(
        printed.ends_with("wrote to stdout: goodbye\nroot/server was graceful: exit code 0\n"),
        "{printed}"
    );
}

#[test]
fn each_strategy_restarts_the_children_that_it_says() {
    let printed = run("03_strategies");

    let restarted: Vec<_> =
        printed.lines().filter_map(|line| line.strip_suffix(" started, incarnation 2")).collect();
    let [config, connection, session] = ["  root/config", "  root/connection", "  root/session"];
    assert_eq!(restarted, [connection, config, connection, session, connection, session]);
}

#[test]
fn the_embedded_server_answers_and_is_gone_afterwards() {
    let printed = run("04_embedding");

    assert!(
        printed.ends_with("the server says: hello\nstopped, and everything is gone: true\n"),
        "{printed}"
    );
}

#[test]
fn the_handlers_are_called_in_order_and_before_the_tree_stops() {
    let printed = run("05_signals");

    let order = ["reading the configuration", "server · task", "first: SIGTERM", "second: ", "gone, because"];
    let found: Vec<_> = order.iter().map(|text| printed.find(text)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{printed}");
}

#[test]
fn the_report_names_the_child_that_had_to_be_forced() {
    let printed = run("06_events_and_report");

    assert!(printed.ends_with("root/deaf had to be forced\n"), "{printed}");
}

#[test]
fn the_address_leads_to_the_till_that_was_opened_after_the_first_had_failed() {
    let printed = run("07_actors");

    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines,
        [
            "the till opens with 50",
            "there is 57 in it",
            "the till opens with 50",
            "the first till answers: false",
            "the same address, another till: true",
            "there is 50 in it",
            "the till closes with 50",
            "closed, and everything is gone: true",
        ]
    );
}

#[test]
fn the_web_server_of_the_tested_shop_stops_before_its_database() {
    let printed = run("09_testing");

    assert!(
        printed.ends_with("answered its last request\nthe database is closed\nit has ended: Clean\n"),
        "{printed}"
    );
}

#[test]
fn no_connection_outlives_the_server_and_the_stock_goes_after_it() {
    let printed = run("08_server");

    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines,
        [
            "the shop is closing",
            "the stock is put away",
            "the order: five apples, as ordered",
            "the prices ended: true",
            "the chat was told: true",
            "closed because of the token, and everything is gone: true",
        ]
    );
}

/// Runs a lesson to its end and gives back what it printed.
fn run(lesson: &str) -> String {
    let Output { status, stdout, stderr } =
        Command::new(built(lesson)).output().unwrap_or_else(|error| panic!("cannot run {lesson}: {error}"));
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{lesson}: {status}\n{printed}{}", String::from_utf8_lossy(&stderr));
    printed
}

/// Where cargo puts examples: beside the directory of the tests.
fn built(lesson: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a test knows where it is");
    let target = this.ancestors().nth(2).expect("a test is built inside the target directory");
    target.join("examples").join(lesson)
}
