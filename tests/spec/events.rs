//! The record: everything that happens, in order, for every reader.

use std::time::Duration;

use futures_util::stream::{self, TryStreamExt as _};
use rootward::event::SignalAction;
use rootward::sibling::{announce_signal, note_degraded, note_signals};
use rootward::{ChildSpec, Event, EventKind, Supervisor};
use serde_json::{Value, json};

use crate::support::{EventLog, Puppet, assert_holds, given, given_tree, launched, obedient, stubborn};

#[tokio::test(start_paused = true)]
async fn the_record_is_counted_from_one_without_gaps_and_ends_with_the_root() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;

    let numbers: Vec<_> = record.events().iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(record.lines().first().unwrap(), "root starting");
    assert_eq!(record.lines().last().unwrap(), "root stopped");
}

#[tokio::test(start_paused = true)]
async fn all_readers_see_the_same_record() {
    let mut builder = Supervisor::new("root").child(obedient("a")).into_tree().unwrap();
    let other = EventLog::of(builder.subscribe());
    let (tree, log) = given_tree(builder).await;
    let _ = tree.stop().await;

    assert_eq!(log.until_the_end().await.events(), other.until_the_end().await.events());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_late_sees_what_happens_from_then_on() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;

    let late = EventLog::of(tree.events());
    let _ = tree.stop().await;

    assert_eq!(
        late.until_the_end_unchecked().await.lines(),
        ["root stopping", "a stopping", "a stopped", "root stopped"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_after_the_end_sees_the_end() {
    let (tree, _log) = given(Supervisor::new("root")).await;
    let _ = tree.stop().await;

    assert_eq!(tree.events().next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_loses_the_oldest_and_is_told_how_many() {
    let children = (0..50).map(|n| obedient(&format!("child-{n}")));
    let mut builder = Supervisor::new("root").children(children).into_tree().unwrap().event_capacity(16);
    let mut slow = builder.subscribe();
    let tree = builder.start().await.unwrap();
    assert!(tree.stop().await.clean, "a slow reader does not hold up the stop");

    let lagged = slow.next().await.unwrap_err();
    let oldest = slow.next().await.unwrap().expect("the last ones are there");

    assert_eq!(oldest.seq, lagged.missed + 1);
    assert!(lagged.missed > 150, "{lagged}");
}

#[tokio::test(start_paused = true)]
async fn a_thread_without_a_runtime_can_read_as_well() {
    let mut builder = Supervisor::new("root").child(obedient("a")).into_tree().unwrap();
    let mut events = builder.subscribe();
    let reader = std::thread::spawn(move || {
        let mut count = 0;
        while events.blocking_next().expect("it keeps up").is_some() {
            count += 1;
        }
        count
    });

    let tree = builder.start().await.unwrap();
    let _ = tree.stop().await;

    assert_eq!(reader.join().unwrap(), 8);
}

#[tokio::test(start_paused = true)]
async fn time_in_the_record_is_that_of_the_root() {
    let (tree, log) = given(Supervisor::new("root").child(stubborn("a"))).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;

    let at = |path: &str, name: &str| record.find(path, name).at.as_secs();
    assert_eq!((at("root", "starting"), at("a", "stopping"), at("a", "stopped")), (0, 3, 8));
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_reached_the_root_is_part_of_the_record() {
    let (tree, mut log) = given(Supervisor::new("root")).await;

    announce_signal(&tree, "SIGUSR1", SignalAction::Snapshot);
    note_signals(&tree);

    let event = log.wait_for_event("root", "signal").await;
    assert_eq!(json_of(&event)["signal"], "SIGUSR1");
    assert_eq!(json_of(&event)["action"], "snapshot");
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_ended_the_tree_before_it_was_written_down_stands_in_the_record_all_the_same() {
    let (tree, log) = given(Supervisor::new("root")).await;

    announce_signal(&tree, "SIGHUP", SignalAction::Stop);
    let _ = tree.stop().await;
    note_signals(&tree);

    let record = log.until_the_end().await;
    assert_eq!(record.of_child("root"), ["starting", "started", "stopping", "signal", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn every_event_is_one_line_of_json_with_the_fields_that_belong_to_it() {
    let a = Puppet::new("a");
    let (tree, mut log) =
        given(Supervisor::new("root").intensity(1, Duration::from_secs(7)).child(a.spec())).await;
    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    a.panics();
    let _ = tree.wait().await;

    let record = log.until_the_end().await;

    let written: Value = record.events().iter().map(|event| json_of(event)).collect();
    let expected = json!([
        {"event": "starting"},
        {"event": "starting"},
        {"event": "started"},
        {"event": "started"},
        {"event": "exited", "status": {"error": "the puppet fails"}},
        {"event": "restarting", "attempt": 1, "delay_ms": 0},
        {"event": "starting"},
        {"event": "started"},
        {"event": "exited", "status": {"panic": "the puppet panics"}},
        {"event": "gave_up", "restarts": 1, "within_ms": 7000},
        {"event": "stopping", "cause": "gave_up"},
        {"event": "stopped", "outcome": "graceful", "elapsed_ms": 0, "stragglers": []},
    ]);
    assert_holds(&written, &expected);
}

#[tokio::test(start_paused = true)]
async fn every_event_says_when_it_happened_where_and_to_what() {
    let (_tree, mut log) = launched(Supervisor::new("root").child(obedient("a")));

    let event = json_of(&*log.wait_for_event("a", "started").await);

    assert_eq!((&event["seq"], &event["path"]), (&json!(3), &json!("root/a")));
    assert_eq!((&event["incarnation"], &event["kind"]), (&json!(1), &json!("task")));
    assert!(event["at"].is_f64() && event["time"].as_str().unwrap().ends_with('Z'), "{event}");
}

#[tokio::test(start_paused = true)]
async fn a_forced_stop_is_told_with_what_was_done() {
    let (tree, log) = given(Supervisor::new("root").child(stubborn("a"))).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;

    assert_eq!(record.find("a", "escalated").what, EventKind::Escalated { to: "abort".into() });
    let expected = json!({
        "event": "stopped", "outcome": "killed", "status": {"aborted": true}, "elapsed_ms": 5000, "stragglers": []
    });
    assert_holds(&json_of(record.find("a", "stopped")), &expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_weaker_than_usual_is_told_right_after_the_beginning_of_the_start() {
    let builder = Supervisor::new("root").child(obedient("a")).into_tree().unwrap();
    let why = "the level is `group`: there is no warden".to_owned();
    let builder = note_degraded(builder, "containment", Some(why));
    let builder = note_degraded(note_degraded(builder, "other", Some(String::new())), "other", None);
    let (tree, log) = given_tree(builder).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;

    assert_eq!(record.lines()[..3], ["root starting", "root degraded", "a starting"]);
    let told = json_of(record.find("root", "degraded"));
    let expected = json!({"what": "containment", "reason": "the level is `group`: there is no warden"});
    assert_holds(&told, &expected);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_not_ready_after_ten_seconds_has_an_event_that_says_so_once() {
    let late = ChildSpec::service("late", |cx| async move { cx.stopping().await });
    let limited = late.start_timeout(Duration::from_secs(3600));
    let below = Supervisor::new("below").child(limited);
    let (tree, log) = launched(Supervisor::new("root").child(below));
    assert!(tree.started().await.is_err(), "its start is given up after an hour");

    let record = log.until_the_end().await;

    assert_eq!(record.paths("not_ready"), ["below/late"], "and not of the supervisors that wait for it");
    assert_holds(&json_of(record.find("below/late", "not_ready")), &json!({"elapsed_ms": 10_000}));
}

#[tokio::test(start_paused = true)]
async fn a_reader_becomes_a_stream() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let stream = stream::unfold(tree.events(), |mut events| async move {
        Some((events.next().await.transpose()?, events))
    });
    let _ = tree.stop().await;

    let ends = stream.try_filter(|event| std::future::ready(event.what.name() == "stopped"));
    let paths: Vec<_> = ends.map_ok(|event| event.path.to_string()).try_collect().await.unwrap();

    assert_eq!(paths, ["root/a", "root"]);
}

fn json_of(event: &Event) -> Value {
    serde_json::to_value(event).expect("an event can be written as JSON")
}
