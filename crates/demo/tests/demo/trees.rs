//! The example tree files: each is valid, and does what its first lines say.

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::{Demo, InTime as _, example};

#[test]
fn every_example_is_valid() {
    let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("trees");
    let mut count = 0;
    for entry in std::fs::read_dir(trees).unwrap() {
        let path = entry.unwrap().path();
        let output =
            Command::new(env!("CARGO_BIN_EXE_rootward-demo")).arg("check").arg(&path).output_in_time();

        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn examples_that_run_until_they_are_stopped_stop_in_order() {
    for name in ["hello.toml", "service.toml", "workers.json", "web.toml", "pool.toml"] {
        let mut demo = Demo::run(&example(name));
        demo.wait_for_start();

        demo.signal(Signal::SIGINT);
        let finished = demo.finish();

        assert_eq!(finished.code(), 0, "{name}: {}", finished.stderr);
    }
}

#[test]
fn the_batch_ends_by_itself() {
    let finished = Demo::run(&example("batch.toml")).finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.report()["cause"], "auto_shutdown");
    let lines: Vec<_> = finished
        .events
        .iter()
        .filter(|event| event["event"] == "output")
        .map(|event| &event["line"])
        .collect();
    assert_eq!(lines, ["loading", "done"]);
}

#[test]
fn the_crash_loop_gives_up() {
    let finished = Demo::run(&example("crash-loop.toml")).finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    let starts = finished.paths("starting").iter().filter(|path| **path == "root/crasher").count();
    assert_eq!(starts, 4);
}

#[test]
fn the_stubborn_are_forced_and_the_stuck_are_left() {
    for (name, status) in [("stubborn.toml", 3), ("stuck.toml", 4), ("samples.toml", 4)] {
        let mut demo = Demo::run(&example(name));
        demo.wait_for_start();

        demo.signal(Signal::SIGINT);
        let finished = demo.finish();

        assert_eq!(finished.code(), status, "{name}: {}", finished.stderr);
    }
}

#[test]
fn a_server_is_started_when_its_store_is_ready_and_restarted_with_it() {
    let mut demo = Demo::run(&example("service.toml"));
    demo.wait_for_start();
    let store = demo.wait_for("started", "service/store")["pid"].as_i64().unwrap();

    nix::sys::signal::kill(nix::unistd::Pid::from_raw(store.try_into().unwrap()), Signal::SIGKILL).unwrap();
    demo.wait_until(|event| {
        event["event"] == "started" && event["path"] == "service/clock" && event["incarnation"] == 2
    });
    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("exited", "service/store")["status"]["signal"], "SIGKILL");
    assert_eq!(finished.event("stopping", "service/clock")["cause"], "sibling");
    assert_eq!(finished.event("stopping", "service/server")["signal"], "SIGINT");
}
