//! How a run ends, and with which status.

use nix::sys::signal::Signal;

use crate::support::{Demo, Temp, tree};

#[test]
fn a_tree_that_stops_in_order_ends_with_status_0() {
    let mut demo = Demo::run(&tree("calm.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let report = finished.report();
    assert_eq!((&report["clean"], &report["cause"]), (&true.into(), &"signal SIGTERM".into()));
    assert_eq!(report["refused"], 2, "each worker of `respawn` asks for a successor to the last: {report:#}");
    assert_eq!(
        finished.described_paths("stopped"),
        ["root/d", "root/s/c", "root/s/b", "root/s", "root/a", "root"]
    );
    assert_eq!(
        finished.described_paths("starting"),
        ["root", "root/a", "root/s", "root/s/b", "root/s/c", "root/d"]
    );
}

#[test]
fn the_exit_code_of_the_process_that_brought_the_tree_down_is_handed_on_if_the_file_says_so() {
    let finished = Demo::run(&tree("hands_on.toml")).finish();

    assert_eq!(finished.code(), 7, "{}", finished.stderr);
}

#[test]
fn a_failed_start_ends_with_status_1_and_names_the_program() {
    let finished = Demo::run(&tree("no_program.toml")).finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert_eq!(finished.story("root/missing"), ["starting", "start_failed"]);
    assert!(
        finished.event("start_failed", "root/missing")["error"]
            .as_str()
            .unwrap()
            .contains("/no/such/program")
    );
    assert!(finished.stderr.contains("/no/such/program"), "{}", finished.stderr);
    assert!(finished.stderr.contains("missing  was not running"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("had ended before"), "{}", finished.stderr);
    assert!(finished.story("root/never").is_empty());
    assert_eq!(finished.story("root/first"), ["starting", "started", "stopping", "stopped"]);
    assert_eq!(finished.report()["clean"], false);
}

#[test]
fn a_root_that_used_up_its_intensity_ends_with_status_1() {
    let finished = Demo::run(&tree("panics.toml")).finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    let starts = finished.paths("starting").iter().filter(|path| **path == "root/panics").count();
    assert_eq!(starts, 3, "max_restarts = 2 means one start and two restarts");
    assert_eq!(finished.paths("gave_up"), ["root"]);
    assert_eq!(finished.event("stopping", "root/bystander")["cause"], "gave_up");
    let status = &finished.event("exited", "root/panics")["status"];
    assert_eq!(status["panic"], "this sample task panics on purpose");
    assert!(status["location"].as_str().is_some_and(|location| location.contains("panic.rs:")), "{status}");
    assert_eq!(finished.report()["clean"], false);
}

#[test]
fn a_panic_comes_with_its_backtrace_if_that_is_enabled() {
    for (enabled, expected) in [("1", true), ("0", false)] {
        let run = ["run".into(), tree("panics.toml").into_os_string()];
        let finished = Demo::start_with(run, |demo| {
            demo.env("RUST_BACKTRACE", enabled).env_remove("RUST_LIB_BACKTRACE");
        })
        .finish();

        let status = &finished.event("exited", "root/panics")["status"];
        let backtrace = status["backtrace"].as_str();
        assert_eq!(backtrace.is_some_and(|frames| frames.contains("panic::")), expected, "{status}");
        assert!(!finished.stderr.contains("backtrace"), "{}", finished.stderr);
    }
}

#[test]
fn restarts_are_put_off_longer_and_longer() {
    let finished = Demo::run(&tree("backoff.toml")).finish();

    let restarts = finished.events.iter().filter(|event| event["event"] == "restarting");
    let delays: Vec<_> =
        restarts.map(|event| (event["attempt"].as_u64(), event["delay_ms"].as_u64())).collect();
    assert_eq!(
        delays,
        [(1, 20), (2, 40), (3, 50), (4, 50)].map(|(attempt, delay)| (Some(attempt), Some(delay)))
    );
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
}

#[test]
fn a_nested_supervisor_that_gives_up_has_exited() {
    let finished = Demo::run(&tree("nested_gives_up.toml")).finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert_eq!(finished.paths("gave_up"), ["root/below", "root/below", "root"]);
    let exits = finished.paths("exited");
    assert_eq!(exits.iter().filter(|path| **path == "root/below").count(), 2);
}

#[test]
fn a_task_that_had_to_be_aborted_makes_it_status_3() {
    let mut demo = Demo::run(&tree("deaf_task.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert_eq!(finished.event("escalated", "root/deaf")["to"], "abort");
    assert_eq!(finished.event("stopped", "root/deaf")["outcome"], "killed");
    assert_eq!(finished.event("stopped", "root/deaf")["status"]["aborted"], true);
    assert_eq!(finished.report()["clean"], false);
}

#[test]
fn what_was_to_be_killed_was_not_forced() {
    let mut demo = Demo::run(&tree("killed.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    for path in ["root/task", "root/process"] {
        assert_eq!(finished.event("stopped", path)["outcome"], "killed");
    }
    assert_eq!(finished.event("stopped", "root/process")["status"]["signal"], "SIGKILL");
    assert_eq!(finished.report()["clean"], true);
}

#[test]
fn what_cannot_be_ended_is_named_and_left_behind_with_status_4() {
    for (file, stuck) in [
        ("never_yields.toml", &["root/stuck"][..]),
        ("blocks.toml", &["root/stuck"]),
        ("several_stuck.toml", &["root/spins", "root/blocks", "root/blocks_too"]),
    ] {
        let mut demo = Demo::run(&tree(file));
        demo.wait_for_start();

        demo.signal(Signal::SIGTERM);
        let finished = demo.finish();

        assert_eq!(finished.code(), 4, "{file}: {}", finished.stderr);
        let report = finished.report();
        let children = report["root"]["children"].as_array().unwrap().iter();
        let left: Vec<_> = children.filter(|child| child["outcome"] == "unreapable").collect();
        assert_eq!(left.iter().map(|child| &child["path"]).collect::<Vec<_>>(), stuck, "{report:#}");
        assert!(left.iter().all(|child| child["stuck"]["in"] == "poll"), "{report:#}");
        assert!(left.iter().all(|child| child["stuck"]["thread"].is_string()), "{report:#}");
        assert!(finished.stderr.contains("STILL THERE"), "{}", finished.stderr);
        assert!(finished.stderr.contains("stuck inside one poll"), "{}", finished.stderr);
    }
}

#[test]
fn a_task_that_never_yields_takes_no_grace_from_the_process_before_it() {
    let mut demo = Demo::run(&tree("keeper.toml"));
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    assert_eq!(finished.code(), 4, "{}", finished.stderr);
    let keeper = finished.event("stopped", "root/keeper");
    assert_eq!((&keeper["outcome"], &keeper["status"]["signal"]), (&"graceful".into(), &"SIGTERM".into()));
    assert_eq!(finished.event("stopped", "root/stuck")["outcome"], "unreapable");
}

#[test]
fn a_tree_in_which_nothing_is_left_to_run_ends_with_status_0() {
    let finished = Demo::run(&tree("idle.toml")).finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.report()["clean"], true);
    assert_eq!(finished.story("root/once"), ["starting", "started", "exited"]);
    let report = finished.report();
    let children: Vec<_> =
        report["root"]["children"].as_array().unwrap().iter().map(|child| &child["path"]).collect();
    assert_eq!(children, ["root/again"], "a temporary child that has ended is forgotten");
    assert_eq!(report["root"]["children"][0]["outcome"], "already_gone");
}

/// P19: a test run that failed beside its server is no success, and the child that failed is named.
#[test]
fn a_failed_child_that_ends_the_tree_is_status_1_and_named() {
    let temp = Temp::new();
    let tree = temp.write(
        "tree.toml",
        "id = 'root'\nauto_shutdown = 'any_significant'\n\
         [[children]]\nid = 'server'\nprocess = { command = ['sleep', '1000'] }\n\
         [[children]]\nid = 'test'\nrestart = 'temporary'\nsignificant = true\nprocess = { command = ['false'] }\n",
    );

    let finished = Demo::run(&tree).finish();

    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert_eq!(finished.report()["blame"]["child"], "root/test");
    assert!(finished.stderr.contains("because of root/test: exit code 1"), "{}", finished.stderr);
}

/// P23: what has left a group is not seen at the level `group`, so that nothing is said about it.
#[test]
fn at_the_level_group_the_words_claim_no_more_than_was_seen() {
    for (level, words) in
        [("group", "every child and its process group are gone"), ("tree", "everything is gone")]
    {
        let idle = tree("idle.toml");
        let finished = Demo::start(["run", idle.to_str().unwrap(), "--containment", level]).finish();

        assert!(finished.stderr.contains(&format!("exit status 0: {words}")), "{}", finished.stderr);
    }
}

#[test]
fn each_step_of_a_stop_is_told_by_the_report_and_at_the_end() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'a'\n[children.process]\nready = { line = 'ready' }\n\
         command = ['sh', '-c', \"trap '' INT; trap 'exit 4' TERM; echo ready; while :; do sleep 0.1; done\"]\n\
         stop = [ { signal = 'SIGINT', wait = '50ms' }, { signal = 'SIGTERM', wait = '1h' } ]\n",
    );
    let mut demo = Demo::run(&file);
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    let report = finished.report();
    let steps = report["root"]["children"][0]["steps"].as_array().expect("it has several");
    assert_eq!(
        steps.iter().map(|step| &step["with"]).collect::<Vec<_>>(),
        ["SIGINT", "SIGTERM"],
        "{report:#}"
    );
    assert!(steps[0]["after_ms"] == 0 && steps[1]["after_ms"].as_u64() >= Some(50), "{report:#}");
    assert!(finished.stderr.contains("SIGINT, SIGTERM after "), "{}", finished.stderr);
}
