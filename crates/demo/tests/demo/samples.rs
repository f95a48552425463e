//! The sample tasks, each alone in a tree: what events, report and exit status say of its end.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Demo, Finished, Temp};

#[test]
fn forever_goes_at_once_when_it_is_asked() {
    let finished = stopped("forever", "");

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), ["starting", "started", "stopping", "stopped"]);
    let node = in_time(&finished);
    assert_eq!((&node["outcome"], &node["status"]["ok"]), (&"graceful".into(), &true.into()));
}

#[test]
fn finish_ends_normally_and_with_it_the_program() {
    let finished = given("finish", "").finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), ["starting", "started", "exited"]);
    assert_eq!(finished.event("exited", PATH)["status"]["ok"], true);
    let node = in_time(&finished);
    assert_eq!((&node["outcome"], &finished.report()["cause"]), (&"already_gone".into(), &"idle".into()));
}

#[test]
fn fail_ends_with_its_error_is_restarted_and_fails_the_tree() {
    let finished = given("fail", "").finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), RESTARTED_ONCE);
    assert_eq!(finished.event("exited", PATH)["status"]["error"], "this sample task fails on purpose");
    assert_eq!(finished.paths("gave_up"), ["root"]);
    let node = in_time(&finished);
    assert_eq!((&node["outcome"], &node["restarts"]), (&"already_gone".into(), &1.into()));
    assert_eq!(node["status"]["error"], "this sample task fails on purpose");
}

#[test]
fn panic_ends_with_its_message_and_its_place_is_restarted_and_fails_the_tree() {
    let finished = given("panic", "").finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), RESTARTED_ONCE);
    let node = in_time(&finished);
    for status in [&finished.event("exited", PATH)["status"], &node["status"]] {
        assert_eq!(status["panic"], "this sample task panics on purpose");
        assert!(status["location"].as_str().is_some_and(|place| place.contains("panic.rs:")), "{status}");
    }
    assert!(!finished.stderr.contains("panicked at"), "{}", finished.stderr);
}

#[test]
fn those_that_end_after_a_while_go_at_once_when_they_are_asked_before() {
    for sample in ["finish", "fail", "panic"] {
        let mut demo = given_task(&format!("run = '{sample}', after = '1h'"), "");
        demo.wait_for_start();

        demo.signal(Signal::SIGTERM);
        let finished = demo.finish();

        assert_eq!(finished.code(), 0, "{sample}: {}", finished.stderr);
        let node = in_time(&finished);
        assert_eq!((&node["outcome"], &node["status"]["ok"]), (&"graceful".into(), &true.into()), "{sample}");
    }
}

#[test]
fn ignore_stop_is_aborted_when_its_grace_is_over() {
    let finished = stopped("ignore_stop", "shutdown = '50ms'");

    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), ["starting", "started", "stopping", "escalated", "stopped"]);
    assert_eq!(finished.event("escalated", PATH)["to"], "abort");
    let node = in_time(&finished);
    assert_eq!((&node["outcome"], &node["status"]["aborted"]), (&"killed".into(), &true.into()));
}

#[test]
fn never_yield_is_named_while_it_runs_and_left_behind_at_the_deadline() {
    is_named_and_left_behind("never_yield");
}

#[test]
fn block_thread_is_named_while_it_runs_and_left_behind_at_the_deadline() {
    is_named_and_left_behind("block_thread");
}

#[test]
fn respawn_dies_out_within_one_generation() {
    let finished = stopped("respawn", "");

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.story(PATH), ["starting", "started", "stopping", "stopped"]);
    let node = in_time(&finished);
    assert_eq!((&node["outcome"], &node["refused"]), (&"graceful".into(), &2.into()));
    let asked =
        finished.events.iter().position(|event| event["event"] == "stopping" && event["path"] == PATH);
    let after = &finished.events[asked.unwrap()..];
    let late: Vec<_> = after.iter().filter(|event| event["event"] == "starting").collect();
    // One of each of the two workers may have come to the gate in the moment in which the request was on its way to it.
    assert!(late.len() <= 2, "{late:#?}");
    assert_eq!(
        finished.paths("started").len(),
        finished.paths("stopped").len() + finished.paths("exited").len()
    );
}

fn is_named_and_left_behind(sample: &str) {
    let mut demo = given_tree("deadline = '1s'", &format!("run = '{sample}'"), "shutdown = '50ms'");
    demo.wait_for("stalled", PATH);

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 4, "{}", finished.stderr);
    let story = ["starting", "started", "stalled", "stopping", "escalated", "stopped"];
    assert_eq!(finished.story(PATH), story);
    assert_eq!(finished.event("stopped", PATH)["outcome"], "unreapable");
    let (report, node) = (finished.report(), in_report(&finished));
    assert_eq!((&report["ending"], &report["clean"]), (&"incomplete".into(), &false.into()));
    assert_eq!((&node["outcome"], &node["stuck"]["in"]), (&"unreapable".into(), &"poll".into()));
    assert!(node["stuck"]["thread"].is_string() && node["stuck"]["for_ms"].is_u64(), "{node:#}");
    assert!(report["elapsed_ms"].as_u64() >= Some(1000), "{report:#}");
}

const PATH: &str = "root/sample";

/// For those that go, however busy the machine is.
const DEADLINE: &str = "deadline = '20s'";

const RESTARTED_ONCE: [&str; 7] =
    ["starting", "started", "exited", "restarting", "starting", "started", "exited"];

/// A demo with one child, which runs this sample task. Its spec has this line besides.
fn given(sample: &str, line: &str) -> Demo {
    given_task(&format!("run = '{sample}'"), line)
}

fn given_task(task: &str, line: &str) -> Demo {
    given_tree(DEADLINE, task, line)
}

fn given_tree(deadline: &str, task: &str, line: &str) -> Demo {
    let child = format!("[[children]]\nid = 'sample'\n{line}\ntask = {{ {task} }}");
    let temp = Temp::new();
    let file = temp.write("tree.toml", format!("id = 'root'\n{deadline}\n{child}\n"));
    let mut demo = Demo::run(&file);
    // It has read the file when it writes its first event.
    demo.wait_for("starting", "root");
    demo
}

/// The same, stopped as soon as it has started.
fn stopped(sample: &str, line: &str) -> Finished {
    let mut demo = given(sample, line);
    demo.wait_for_start();
    demo.signal(Signal::SIGTERM);
    demo.finish()
}

fn in_report(finished: &Finished) -> Value {
    finished.report()["root"]["children"][0].clone()
}

/// What the report says of the sample task, which has gone before the deadline.
fn in_time(finished: &Finished) -> Value {
    let report = finished.report();
    assert!(report["elapsed_ms"].as_u64() < Some(20_000), "{report:#}");
    in_report(finished)
}
