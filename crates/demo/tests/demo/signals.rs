//! What signals do to a running demo.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_tests::press_again;
use serde_json::json;

use crate::support::{Demo, tree};

#[test]
fn every_signal_that_stops_is_written_down_with_its_meaning() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut demo = Demo::run(&tree("calm.toml"));
        demo.wait_for_start();

        demo.signal(signal);
        let finished = demo.finish();

        assert_eq!(finished.code(), 0, "{signal}: {}", finished.stderr);
        let noted = finished.event("signal", "root");
        assert_eq!((&noted["signal"], &noted["action"]), (&json!(signal.as_str()), &json!("stop")));
        assert_eq!(finished.report()["cause"], format!("signal {signal}"));
        assert_eq!(finished.event("stopping", "root")["cause"], "signal");
        assert_eq!(finished.event("stopping", "root/a")["cause"], "parent");
    }
}

/// Whatever sends them, and to which of the demo and the init above it.
#[test]
fn a_broken_pipe_and_a_window_that_changes_end_neither_the_demo_nor_its_init() {
    for level in ["group", "auto"] {
        let calm = tree("calm.toml");
        let mut demo = Demo::start(["run", calm.to_str().unwrap(), "--containment", level]);
        demo.wait_for_start();
        let below = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", demo.pid()));
        let below = below.unwrap_or_default();
        let below = below.split_ascii_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
        let is_demo = |pid: &Pid| {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            comm.is_ok_and(|comm| comm == "rootward-demo\n")
        };
        let all: Vec<_> = below.filter(is_demo).chain([demo.pid()]).collect();
        assert_eq!(all.len(), if level == "group" { 1 } else { 2 }, "{level}: there is an init or none");

        for pid in all {
            for signal in [Signal::SIGPIPE, Signal::SIGWINCH] {
                kill(pid, signal).unwrap();
            }
        }
        demo.signal(Signal::SIGTERM);
        let finished = demo.finish();

        assert_eq!((finished.code(), actions(&finished.events)), (0, vec!["stop"]), "{level}");
    }
}

#[test]
fn a_second_sigint_ends_every_grace() {
    let mut demo = Demo::run(&tree("deaf.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGINT);
    demo.wait_for("stopping", "root/deaf");
    demo.wait_until(|event| event["event"] == "signal");
    press_again();
    demo.signal(Signal::SIGINT);
    let finished = demo.finish();

    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert_eq!(finished.event("escalated", "root/deaf")["to"], "SIGKILL");
    let stopped = finished.event("stopped", "root/deaf");
    assert_eq!((&stopped["outcome"], &stopped["status"]["signal"]), (&json!("killed"), &json!("SIGKILL")));
    assert_eq!(actions(&finished.events), ["stop", "force"]);
}

#[test]
fn a_third_sigint_leaves_at_once() {
    let mut demo = Demo::run(&tree("never_yields.toml"));
    demo.wait_for_start();

    for count in 1..=3 {
        demo.signal(Signal::SIGINT);
        demo.wait_until(|event| event["event"] == "signal" && actions_so_far(event, count));
        press_again();
    }
    let finished = demo.finish_unchecked();

    assert_eq!(finished.code(), 128 + 2, "{}", finished.stderr);
    assert_eq!(actions(&finished.events), ["stop", "force", "leave"]);
    let report = finished.report();
    assert_eq!((&report["clean"], &report["cause"]), (&json!(false), &json!("signal SIGINT")));
    assert_eq!(report["root"]["outcome"], "unreapable");
    assert_eq!(
        finished.events.last().map(|event| (&event["event"], &event["path"])),
        Some((&json!("stopped"), &json!("root")))
    );
}

#[test]
fn two_sigterms_close_together_are_one_request() {
    let mut demo = Demo::run(&tree("deaf.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    demo.wait_for("stopping", "root/deaf");
    demo.signal(Signal::SIGTERM);
    demo.wait_until(|event| event["event"] == "signal" && event["action"] != "stop");
    demo.signal(Signal::SIGINT);
    let finished = demo.finish();

    assert_eq!(actions(&finished.events), ["stop", "ignore", "force"]);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
}

#[test]
fn sigusr1_shows_every_child_and_changes_nothing() {
    let mut demo = Demo::run(&tree("calm.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGUSR1);
    demo.wait_until(|event| event["event"] == "signal" && event["action"] == "snapshot");
    // It is taken beside the signals, so that it cannot hold them up.
    demo.wait_for_line("  d · task");
    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    for line in
        ["root · supervisor running", "  a · process running", "    b · task running", "    c · process"]
    {
        assert!(finished.stderr.lines().any(|found| found.starts_with(line)), "{line}\n{}", finished.stderr);
    }
    assert_eq!(actions(&finished.events), ["snapshot", "stop"]);
}

#[test]
fn a_signal_that_comes_while_the_tree_starts_stops_what_has_started() {
    let mut demo = Demo::run(&tree("slow_start.toml"));
    demo.wait_for("started", "root/first");

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert!(finished.story("root/last").is_empty(), "nothing starts once stopping has begun");
    assert_eq!(finished.story("root/first"), ["starting", "started", "stopping", "stopped"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
}

fn actions(events: &[serde_json::Value]) -> Vec<&str> {
    let signals = events.iter().filter(|event| event["event"] == "signal");
    signals.map(|event| event["action"].as_str().expect("a signal has a meaning")).collect()
}

fn actions_so_far(event: &serde_json::Value, count: usize) -> bool {
    event["action"] == ["stop", "force", "leave"][count - 1]
}
