//! The built-in tree: what people see first.

use nix::sys::signal::Signal;

use crate::support::Demo;

#[test]
fn the_built_in_tree_starts_and_stops_in_order() {
    let mut demo = Demo::start([""; 0]);
    demo.wait_for_start();

    demo.signal(Signal::SIGINT);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.report()["clean"], true);
    let mut started = finished.described_paths("started");
    let mut stopped = finished.described_paths("stopped");
    started.sort_unstable();
    stopped.sort_unstable();
    assert_eq!(started, stopped, "everything that was started has acknowledged");
}

#[test]
fn the_built_in_tree_has_three_levels_and_both_tasks_and_processes() {
    let mut demo = Demo::start([""; 0]);
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    let deepest = finished.described_paths("started").iter().map(|path| path.split('/').count()).max();
    assert_eq!(deepest, Some(3));
    for kind in ["task", "process", "supervisor"] {
        assert!(finished.events.iter().any(|event| event["kind"] == kind), "{kind}");
    }
}

#[test]
fn the_child_that_crashes_is_started_again_and_does_not_wear_out_its_supervisor() {
    let mut demo = Demo::start([""; 0]);
    demo.wait_until(|event| event["event"] == "started" && event["incarnation"] == 2);

    demo.signal(Signal::SIGINT);
    let finished = demo.finish();

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.paths("gave_up").is_empty());
    assert_eq!(finished.described_paths("exited"), ["root/front/flaky"]);
}
