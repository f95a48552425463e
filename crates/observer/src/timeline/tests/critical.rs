//! The critical path of stories in which it is known.

use std::time::Duration;

use super::super::{CriticalPath, MarkKind, WaitedFor};
use super::{shop, told};

/// The waits as `path milliseconds`, without those that took no time.
fn waits(path: &CriticalPath) -> Vec<String> {
    let links = path.links.iter().filter(|link| !link.duration().is_zero());
    links.map(|link| format!("{} {}", link.path, link.duration().as_millis())).collect()
}

#[test]
fn children_that_start_one_after_the_other_are_waited_for_one_after_the_other() {
    let timeline = told(
        "0 starting root/
         10 starting root/a
         40 started root/a
         40 starting root/b/
         41 starting root/b/c
         99 started root/b/c
         100 started root/b/
         100 started root/",
    );

    let start = timeline.start().unwrap();

    assert_eq!(waits(start), ["root 10", "root/a 30", "root/b 1", "root/b/c 58", "root/b 1"]);
    assert_eq!((start.duration().as_millis(), start.is_over), (100, true));
}

#[test]
fn of_children_that_stop_together_the_slowest_is_waited_for() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/a
         0 stopping root/b
         0 stopping root/c
         20 stopped root/c
         50 stopped root/a
         70 stopped root/b
         71 stopped root/",
    );

    assert_eq!(waits(timeline.stop().unwrap()), ["root/b 70", "root 1"]);
}

#[test]
fn the_grace_and_what_comes_after_it_are_two_waits() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/a
         50 escalated root/a
         53 stopped root/a \"outcome\":\"killed\",\"elapsed_ms\":53
         53 stopped root/",
    );

    let links = &timeline.stop().unwrap().links;

    assert_eq!([links[0].wait, links[1].wait], [WaitedFor::Grace, WaitedFor::Force]);
    assert_eq!([50, 3].map(Duration::from_millis), [links[0].duration(), links[1].duration()]);
    assert_eq!(links[0].says, "asked; not gone within its grace");
    assert_eq!(links[1].says, "abort; gone by force");
}

/// A process that takes no notice of SIGINT, and goes with SIGTERM.
const LADDER: &str = "
    0 starting root/
    0 starting root/a
    1 started root/a
    1 started root/
    10 stopping root/
    10 stopping root/a \"cause\":\"parent\",\"signal\":\"SIGINT\"
    710 asked root/a \"with\":\"SIGTERM to the group\",\"elapsed_ms\":700
    714 stopped root/a \"outcome\":\"graceful\",\"elapsed_ms\":704,\"status\":{\"signal\":\"SIGTERM\"}
    714 stopped root/
";

#[test]
fn each_step_of_a_stop_that_has_several_is_a_wait_and_the_one_that_ended_it_is_named() {
    let timeline = told(LADDER);

    let links = &timeline.stop().unwrap().links;

    assert_eq!(waits(timeline.stop().unwrap()), ["root/a 700", "root/a 4"]);
    assert_eq!(links.iter().map(|link| link.wait).collect::<Vec<_>>(), [WaitedFor::Grace; 2]);
    assert_eq!(links[0].says, "asked with SIGINT; not gone when asked with SIGTERM to the group");
    let ended = "asked again with SIGTERM to the group; gone within its grace: killed by SIGTERM";
    assert_eq!(links[1].says, ended);
}

#[test]
fn a_later_step_of_a_stop_is_a_mark_of_its_own_in_every_format() {
    let timeline = told(LADDER);

    let marks: Vec<_> = timeline.lanes()[1].marks.iter().map(|mark| (mark.kind, &*mark.says)).collect();
    let svg = timeline.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let drawn = document
        .descendants()
        .find(|node| node.has_tag_name("path") && node.attribute("class") == Some("asked"));
    let titled = document
        .descendants()
        .find(|node| node.text() == Some("root/a · asked again after 710 ms · with SIGTERM to the group"));
    let trace: serde_json::Value = serde_json::from_str(&timeline.to_perfetto()).unwrap();
    let event = trace["traceEvents"].as_array().unwrap().iter().find(|event| event["name"] == "asked again");

    assert_eq!(marks[0], (MarkKind::Asked, "with SIGTERM to the group"));
    assert!(drawn.is_some() && titled.is_some(), "{svg}");
    assert!(document.descendants().any(|node| node.text() == Some("asked again")), "in the legend: {svg}");
    let text = timeline.to_text();
    assert!(text.contains("↓ asked again") && text.contains("▒↓↑"), "beside what it led to: {text}");
    // Of its own track, and not of the whole tree.
    assert_eq!(event.unwrap()["s"], "t");
}

#[test]
fn a_step_that_did_not_end_it_stands_before_the_force() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/a \"cause\":\"parent\",\"signal\":\"SIGINT\"
         30 asked root/a \"with\":\"SIGTERM\",\"elapsed_ms\":30
         50 escalated root/a \"to\":\"SIGKILL\"
         53 stopped root/a \"outcome\":\"killed\",\"elapsed_ms\":53
         53 stopped root/",
    );

    let says: Vec<&str> = timeline.stop().unwrap().links.iter().map(|link| &*link.says).collect();

    let expected = [
        "asked with SIGINT; not gone when asked with SIGTERM",
        "asked again with SIGTERM; not gone within its grace",
        "SIGKILL; gone by force",
    ];
    assert_eq!(says[..3], expected);
}

#[test]
fn a_stop_that_was_put_off_begins_with_its_request_and_waits_for_the_drain_first() {
    let timeline = told(
        "0 starting root/
         0 starting root/a
         1 started root/a
         1 started root/
         5 signal root/ \"signal\":\"SIGTERM\",\"action\":\"stop\"
         5 draining root/ \"cause\":\"signal\",\"delay_ms\":3000
         1000 exited root/a \"status\":{\"error\":\"e\"}
         1000 starting root/a
         1001 started root/a
         3005 stopping root/ \"cause\":\"signal\"
         3005 stopping root/a
         3709 stopped root/a
         3709 stopped root/",
    );

    let stop = timeline.stop().unwrap();

    assert_eq!(waits(stop), ["root 3000", "root/a 704"]);
    assert_eq!((stop.links[0].wait, &*stop.links[0].says), (WaitedFor::Drain, "drains for 3.00 s"));
    assert_eq!((stop.duration().as_millis(), &*stop.cause), (3704, "signal SIGTERM"));
    assert!(timeline.to_text().contains("The stop took 3.70 s (signal SIGTERM)."), "{}", timeline.to_text());
    let section = format!("│stop {}", "3.70 s");
    assert!(timeline.to_text().contains(&section), "the drain is no part of the run: {}", timeline.to_text());
}

#[test]
fn a_drain_that_was_cut_short_says_so_and_one_that_goes_on_is_what_the_stop_waits_for() {
    let up = "0 starting root/\n1 started root/\n5 draining root/ \"cause\":\"api\",\"delay_ms\":3000";
    let cut = told(&format!("{up}\n105 stopping root/ \"cause\":\"api\"\n106 stopped root/"));
    let open = told(&format!("{up}\n105 stalled root/ \"elapsed_ms\":90,\"thread\":\"t\""));

    let whole = told(&format!("{up}\n3003 stopping root/ \"cause\":\"api\"\n3004 stopped root/"));
    let (cut, open) = (cut.stop().unwrap(), open.stop().unwrap());

    assert_eq!(cut.links[0].says, "drains for 3.00 s; the stop began before that was over");
    assert_eq!((cut.duration().as_millis(), cut.is_over), (101, true));
    assert_eq!(
        whole.stop().unwrap().links[0].says,
        "drains for 3.00 s",
        "it began before it was written down"
    );
    assert_eq!((waits(open), open.is_over, &*open.cause), (vec!["root 100".to_owned()], false, "api"));
}

#[test]
fn a_child_that_was_forced_and_is_still_there_is_waited_for_until_its_supervisor_goes_on() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/deaf
         50 escalated root/deaf
         90 stopping root/next
         120 stopped root/deaf \"outcome\":\"killed\",\"elapsed_ms\":120
         150 stopped root/next
         150 stopped root/",
    );

    assert_eq!(waits(timeline.stop().unwrap()), ["root/deaf 50", "root/deaf 40", "root/next 60"]);
}

#[test]
fn a_child_that_was_gone_when_the_next_one_was_asked_does_not_hide_one_that_was_not() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/quick
         20 stopped root/quick
         20 stopping root/deaf
         70 escalated root/deaf
         170 stopping root/slow
         300 stopped root/deaf \"outcome\":\"killed\",\"elapsed_ms\":280
         400 stopped root/slow
         400 stopped root/",
    );

    let expected = ["root/quick 20", "root/deaf 50", "root/deaf 100", "root/slow 230"];
    assert_eq!(waits(timeline.stop().unwrap()), expected);
}

#[test]
fn a_task_that_stops_waits_for_the_work_below_it() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/queue
         5 starting root/queue/save
         5 started root/queue/save
         45 exited root/queue/save \"status\":{\"ok\":true}
         46 stopped root/queue
         46 stopped root/",
    );

    assert_eq!(waits(timeline.stop().unwrap()), ["root/queue 5", "root/queue/save 40", "root/queue 1"]);
}

#[test]
fn a_start_that_fails_waits_for_the_stop_of_what_had_been_started() {
    let timeline = told(
        "0 starting root/
         0 starting root/a
         10 started root/a
         10 starting root/b
         30 start_failed root/b \"error\":\"no such file\"
         30 stopping root/a
         70 stopped root/a
         70 start_failed root/ \"error\":\"root/b: no such file\"",
    );

    let start = timeline.start().unwrap();

    assert_eq!(waits(start), ["root/a 10", "root/b 20", "root/a 40"]);
    assert_eq!(start.links[1].says, "not started: no such file");
}

#[test]
fn a_root_whose_start_fails_has_stopped_when_it_says_so_last() {
    let timeline = told(
        "0 starting root/
         0 starting root/a
         10 start_failed root/a \"error\":\"e\"
         10 stopping root/ \"cause\":\"start_failed\"
         20 start_failed root/ \"error\":\"root/a: e\"
         25 stopped root/",
    );

    let took = |path: Option<&CriticalPath>| path.unwrap().duration().as_millis();

    assert_eq!((took(timeline.start()), took(timeline.stop())), (10, 15));
}

#[test]
fn what_was_not_over_when_the_recording_ends_is_told_as_such() {
    let timeline = told(
        "0 stopping root/
         0 stopping root/deaf
         30 escalated root/deaf
         90 stalled root/deaf \"elapsed_ms\":90,\"thread\":\"t\"",
    );

    let stop = timeline.stop().unwrap();

    assert!(!stop.is_over);
    assert_eq!(waits(stop), ["root/deaf 30", "root/deaf 60"]);
    assert_eq!(stop.links[1].says, "abort; still there when the recording ends");
}

#[test]
fn a_recording_of_a_real_run_is_explained_to_the_microsecond() {
    let timeline = shop();

    for path in [timeline.start().unwrap(), timeline.stop().unwrap()] {
        assert_eq!(path.links.iter().map(|link| link.duration()).sum::<Duration>(), path.duration());
        assert!(path.links.windows(2).all(|pair| pair[0].to == pair[1].from));
    }
    let most: Vec<&str> = timeline.stop().unwrap().longest()[..3].iter().map(|link| &*link.path).collect();
    assert_eq!(most, ["shop/database", "shop/workers/mailer", "shop/gateway"]);
    assert_eq!(timeline.stop().unwrap().cause, "signal SIGTERM");
}

#[test]
fn a_tree_may_be_a_thousand_levels_deep() {
    let paths: Vec<String> = (0..1000).map(|depth| "x/".repeat(depth + 1)).collect();
    let down = paths.iter().map(|path| format!("1 stopping {path}"));
    let up = paths.iter().rev().map(|path| format!("2 stopped {path}"));
    let story: Vec<String> = down.chain(up).collect();

    let timeline = told(&story.join("\n"));

    assert_eq!(timeline.stop().unwrap().duration(), Duration::from_millis(1));
    assert!(timeline.to_svg().len() > 1000);
}

#[test]
fn a_child_that_had_been_forced_before_the_stop_began_explains_nothing_before_it() {
    let timeline = told(
        "0 starting root/
         0 started root/
         10 stopping root/deaf
         20 escalated root/deaf
         30 stopping root/
         30 stopping root/next
         40 stopped root/next
         50 stopped root/
         60 stopped root/deaf \"outcome\":\"killed\",\"elapsed_ms\":50",
    );

    assert_eq!(waits(timeline.stop().unwrap()).len(), 2);
}

#[test]
fn the_signal_of_a_stop_is_named_whichever_of_the_two_was_written_first() {
    let signal = "signal root/ \"signal\":\"SIGTERM\",\"action\":\"stop\"";
    let stop = "stopping root/ \"cause\":\"signal\"";
    for story in [format!("0 {signal}\n1 {stop}"), format!("0 {stop}\n1 {signal}")] {
        assert_eq!(told(&story).stop().unwrap().cause, "signal SIGTERM", "{story}");
    }
}
