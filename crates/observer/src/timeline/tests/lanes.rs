//! The fold of events into lanes.

use std::time::Duration;

use super::super::{MarkKind, Phase};
use super::{shop, told};

fn parts(timeline: &super::Timeline, path: &str) -> Vec<(Phase, u128, u128)> {
    let lane = timeline.lanes().iter().find(|lane| lane.path == path).unwrap();
    lane.parts.iter().map(|part| (part.phase, part.from.as_millis(), part.to.as_millis())).collect()
}

#[test]
fn a_life_has_a_part_for_everything_the_child_did() {
    let timeline = told(
        "0 starting root/
         1 starting root/a
         5 started root/a
         5 started root/
         20 exited root/a \"status\":{\"error\":\"e\"}
         21 restarting root/a \"attempt\":1,\"delay_ms\":10
         31 starting root/a
         33 started root/a
         50 stopping root/a
         60 escalated root/a
         61 stopped root/a \"outcome\":\"killed\",\"elapsed_ms\":11",
    );

    let expected = [
        (Phase::Starting, 1, 5),
        (Phase::Running, 5, 20),
        (Phase::Backoff, 21, 31),
        (Phase::Starting, 31, 33),
        (Phase::Running, 33, 50),
        (Phase::Stopping, 50, 60),
        (Phase::Forced, 60, 61),
    ];
    assert_eq!(parts(&timeline, "root/a"), expected);
    let marks: Vec<_> = timeline.lanes()[1].marks.iter().map(|mark| mark.kind).collect();
    assert_eq!(marks, [MarkKind::Crashed, MarkKind::Escalated, MarkKind::Acknowledged]);
    assert_eq!(timeline.lanes()[1].restarts, 1);
}

#[test]
fn a_restart_that_was_put_off_is_cancelled_by_the_stop_of_the_supervisor() {
    let timeline = told(
        "0 starting root/
         1 starting root/a
         2 started root/a
         9 exited root/a \"status\":{\"error\":\"e\"}
         9 restarting root/a \"attempt\":1,\"delay_ms\":1000
         20 stopping root/
         30 stopped root/",
    );

    assert_eq!(parts(&timeline, "root/a").last(), Some(&(Phase::Backoff, 9, 20)));
}

#[test]
fn what_goes_on_is_drawn_to_the_end_of_the_recording() {
    let timeline = told("0 starting root/\n2 started root/\n7 starting root/late");

    assert_eq!(parts(&timeline, "root"), [(Phase::Starting, 0, 2), (Phase::Running, 2, 7)]);
    assert!(timeline.lanes()[0].parts[1].open);
    assert_eq!((timeline.end(), timeline.stop()), (Duration::from_millis(7), None));
}

#[test]
fn what_could_not_be_brought_down_is_drawn_as_left_behind() {
    let timeline = told(
        "0 starting root/
         0 starting root/a
         1 started root/a
         5 stopping root/a
         6 escalated root/a
         9 stopped root/a \"outcome\":\"unreapable\",\"elapsed_ms\":4
         12 stopped root/",
    );

    assert_eq!(parts(&timeline, "root/a").last(), Some(&(Phase::Left, 9, 12)));
}

#[test]
fn lanes_stand_in_tree_order_and_not_in_the_order_of_events() {
    let timeline = told(
        "0 starting root/
         0 starting root/b/
         1 starting root/a
         2 starting root/b/x
         3 starting root/b/x/y",
    );

    let paths: Vec<&str> = timeline.lanes().iter().map(|lane| &*lane.path).collect();
    assert_eq!(paths, ["root", "root/b", "root/b/x", "root/b/x/y", "root/a"]);
}

#[test]
fn the_crashes_of_a_real_run_are_marked_and_no_parts_overlap() {
    let timeline = shop();

    let importer = timeline.lanes().iter().find(|lane| lane.id() == "importer").unwrap();
    assert_eq!(importer.marks.iter().filter(|mark| mark.kind == MarkKind::Crashed).count(), 4);
    assert!(importer.marks[0].says.starts_with("panicked: this sample task panics on purpose at "));
    for lane in timeline.lanes() {
        assert!(lane.parts.iter().all(|part| part.from <= part.to));
        assert!(lane.parts.windows(2).all(|pair| pair[0].to <= pair[1].from), "{}", lane.path);
    }
}
