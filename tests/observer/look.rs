//! What watchers are shown.

use std::time::Duration;

use rootward_observer::Door;
use rootward_observer::model::Model;
use rootward_observer::wire::{EventMessage, Snapshot, State};
use serde_json::json;
use tempfile::TempDir;

use crate::client::Place;
use crate::given::{given, idle, team, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_shows_every_child_in_start_order() {
    let given = given(|door| door).await;

    let answer = given.place.ask("GET /snapshot").await;

    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
    let snapshot: Snapshot = serde_json::from_value(answer.body).unwrap();
    let seen: Vec<_> = snapshot.children.iter().map(|child| (child.path.as_str(), child.state)).collect();
    let running = [
        "root",
        "root/team",
        "root/team/fails",
        "root/team/goes along",
        "root/pool",
        "root/once",
        "root/last",
    ];
    assert_eq!(seen, running.map(|path| (path, State::Running)));
    assert_eq!((snapshot.tree.state, snapshot.as_of), (State::Running, 14));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_puts_events_on_a_snapshot_sees_what_the_next_snapshot_shows() {
    let given = given(|door| door).await;
    let first = given.place.ask("GET /snapshot").await;
    let first: Snapshot = serde_json::from_value(first.body).unwrap();
    let mut model = Model::from_snapshot(&first);
    let mut stream = given.place.follow(&format!("?since={}", first.as_of)).await;

    given.fail.notify_one();
    let mut started = 0;
    while started < 2 {
        let message = stream.message().await.unwrap();
        let event = serde_json::from_value::<EventMessage>(message.data).unwrap().event;
        assert_eq!(event.seq, model.as_of() + 1, "no event is missing and none comes twice");
        started += usize::from(event.what.name() == "started");
        model.apply(&event);
    }

    let mut next: Snapshot = serde_json::from_value(given.place.ask("GET /snapshot").await.body).unwrap();
    next.door = None;
    assert_eq!(model.snapshot(), next);
    let fails = next.children.iter().find(|child| child.path == "root/team/fails").unwrap();
    assert_eq!((fails.state, fails.incarnation, fails.restarts), (State::Running, 2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_comes_while_the_tree_drains_is_told_of_the_stop_that_is_due() {
    const DRAIN: Duration = Duration::from_secs(600);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let tree = team(Default::default()).into_tree().unwrap();
    let tree = tree.drain_delay(DRAIN).deadline(3 * DRAIN).start().await.unwrap();
    let mut events = tree.events();
    let _door = Door::unix(&path).open(&tree).unwrap();
    tree.request_stop();
    let begins = loop {
        let event = within(events.next()).await.unwrap().expect("there are more");
        if event.what.name() == "draining" {
            break event.at.as_secs_f64();
        }
    };

    // No event tells it: there was no watcher yet.
    let place = Place::Unix(path);
    let snapshot: Snapshot = serde_json::from_value(place.ask("GET /snapshot").await.body).unwrap();
    let why = place.ask("GET /why/root").await.body;

    let draining = snapshot.children[0].draining.clone().expect("it drains");
    assert_eq!((snapshot.tree.state, &*draining.cause), (State::Running, "api"));
    let expected = begins + DRAIN.as_secs_f64();
    assert!((draining.until - expected).abs() < 60.0, "{} and not {expected}", draining.until);
    assert_eq!(why["waits_for"][0]["what"], "drain", "{why}");
    assert!(snapshot.children[1..].iter().all(|child| child.draining.is_none()));
    let mut stream = place.follow(&format!("?since={}", snapshot.as_of)).await;
    tree.force();
    let mut model = Model::from_snapshot(&snapshot);
    while let Some(message) = stream.message().await.filter(|message| message.name == "event") {
        model.apply(&serde_json::from_value::<EventMessage>(message.data).unwrap().event);
    }
    assert_eq!(model.find("root").map(|root| &root.draining), Some(&None), "it is over with the stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_comes_back_goes_on_where_it_was() {
    let given = given(|door| door).await;
    let mut stream = given.place.follow("").await;
    given.happen(3).await;
    let last = stream.event("exited").await;
    drop(stream);
    given.happen(1).await;

    let mut again = given.place.connect().await;
    let id = last.id;
    again.say(&format!("GET /events HTTP/1.1\r\nhost: door\r\nlast-event-id: {id}\r\n\r\n")).await;

    let next = again.message().await.unwrap();
    assert_eq!((next.id, next.name.as_str(), &next.data["seq"]), (id + 1, "event", &json!(id + 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_before_the_first_watcher_is_said_to_be_lost() {
    let given = given(|door| door).await;

    let mut stream = given.place.follow("?since=4").await;

    let first = stream.message().await.unwrap();
    assert_eq!((first.name.as_str(), &first.data["lost"]), ("lost", &json!({ "count": 10, "to": 14 })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_another_run_is_none_of_this_tree() {
    let given = given(|door| door).await;

    let answer = given.place.ask("GET /events?since=1000").await;

    assert_eq!((answer.status, &answer.body["refused"]["code"]), (409, &json!("ahead")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_names_the_events_that_led_to_a_state() {
    let given = given(|door| door).await;
    let mut stream = given.place.follow("").await;
    given.fail.notify_one();
    for _ in 0..2 {
        stream.event("started").await;
    }

    let of = |path: &'static str| {
        let place = given.place.clone();
        async move {
            let answer = place.ask(&format!("GET /why/{path}")).await;
            let because = answer.body["because"].as_array().unwrap().clone();
            let reason = |it: &serde_json::Value| {
                format!("{} {}", it["path"].as_str().unwrap(), it["event"].as_str().unwrap())
            };
            because.iter().map(reason).collect::<Vec<_>>()
        }
    };

    let fails =
        ["started", "starting", "restarting", "exited"].map(|event| format!("root/team/fails {event}"));
    assert_eq!(of("root/team/fails").await, fails);
    let mut along = ["started", "starting", "stopped", "stopping"]
        .map(|event| format!("root/team/goes along {event}"))
        .to_vec();
    along.push("root/team/fails exited".to_owned());
    assert_eq!(of("root/team/goes%20along").await, along);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_of_a_busy_tree_forgets_the_children_that_the_tree_has_forgotten() {
    let given = given(|door| door).await;
    let mut stream = given.place.follow("").await;

    // A look at the tree may find all of one round down and not yet forgotten, and the next look comes when twice as
    // many are down. So no round is as large as half of what the door may keep.
    for _ in 0..4 {
        given.happen(1_000).await;
    }
    given.fail.notify_one();
    stream.until_failed().await;

    let answer = given.place.ask("GET /snapshot").await;
    assert!(answer.body["children"].as_array().unwrap().len() < 2_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_is_opened_late_with_the_first_events_knows_everything_that_has_happened() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let fails = rootward::ChildSpec::task("fails", |_| async { Err::<(), _>("it was made to fail") });
    let fails = fails.restart(rootward::Restart::Temporary);
    let mut builder = rootward::Supervisor::new("root").child(fails).child(idle("task")).into_tree().unwrap();
    let (first, mut events) = (builder.subscribe(), builder.subscribe());
    let tree = builder.start().await.unwrap();
    while within(events.next()).await.unwrap().expect("the tree runs").what.name() != "exited" {}

    let _door = rootward_observer::Door::unix(&path).open_from(&tree, first).unwrap();

    let place = Place::Unix(path);
    let mut stream = place.follow("?since=0").await;
    let begin = stream.message().await.unwrap();
    assert_eq!(
        (begin.id, &begin.data["event"], &begin.data["path"]),
        (1, &json!("starting"), &json!("root"))
    );
    let why = place.ask("GET /why/root/task").await;
    let because = why.body["because"].as_array().unwrap();
    assert_eq!(because.iter().map(|reason| &reason["event"]).collect::<Vec<_>>(), ["started", "starting"]);
    let _ = tree.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_says_what_the_machine_of_the_supervisor_is_going_to_do() {
    let given = given(|door| door).await;

    let why = given.place.ask("GET /why/root/team/fails").await.body;
    let above = given.place.ask("GET /why/root").await.body;

    let decided = &why["decided"];
    assert_eq!(decided["on_failure"]["what"], "restart", "{why}");
    assert_eq!(decided["on_failure"]["siblings"], 1, "{why}");
    assert_eq!(decided["on_success"], json!({ "what": "stays_down" }), "{why}");
    assert_eq!((&decided["restarts"]["counted"], &decided["restarts"]["allowed"]), (&json!(0), &json!(1)));
    let changes: Vec<&str> =
        why["changed_by"].as_array().unwrap().iter().filter_map(|it| it["what"].as_str()).collect();
    assert_eq!(changes[..2], ["failure", "success"], "{why}");
    assert_eq!(why["waits_for"], json!(null), "it runs");
    assert_eq!(above["child"]["path"], "root", "{above}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_says_when_a_restart_comes_and_when_a_grace_is_over() {
    let hour = std::time::Duration::from_secs(3600);
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let fails = rootward::ChildSpec::task("fails", |_| async { Err::<(), _>("it was made to fail") });
    let fails = fails.backoff(rootward::Backoff::new(hour, hour));
    let stays = rootward::ChildSpec::task("stays", |_| std::future::pending::<()>());
    let stays = stays.shutdown(rootward::Shutdown::Grace(hour));
    let root = rootward::Supervisor::new("root").child(fails).child(idle("first")).child(stays);
    let builder = root.into_tree().unwrap().deadline(None);
    let (tree, _door) = rootward_observer::Door::unix(&path).launch(builder).unwrap();
    let place = Place::Unix(path);
    let mut stream = place.follow("?since=0").await;
    stream.event("restarting").await;

    let restart = place.ask("GET /why/root/fails").await.body;
    tree.request_stop();
    while stream.event("stopping").await.data["path"] != "root/stays" {}
    let (last, first) =
        (place.ask("GET /why/root/stays").await.body, place.ask("GET /why/root/first").await.body);

    let wait = &restart["waits_for"][0];
    assert_eq!(wait["what"], "restart", "{restart}");
    let left = wait["at"].as_f64().unwrap() - restart["now"].as_f64().unwrap();
    assert!(left > 3000.0 && left <= 3600.0, "{restart}");
    assert_eq!(last["waits_for"][0]["what"], "end", "{last}");
    assert_eq!(
        (&last["decided"]["limit"]["what"], &last["changed_by"][1]["what"]),
        (&json!("force"), &json!("due"))
    );
    let turn = &first["waits_for"][0];
    assert_eq!((&turn["what"], &turn["path"]), (&json!("end_of"), &json!("root/stays")), "{first}");
    assert_eq!(first["decided"]["next"], "stop", "{first}");
    tree.force();
    let _ = tree.wait().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_cannot_be_had_starts_no_tree() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    std::fs::write(&path, "not a socket").unwrap();
    let started = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let note = std::sync::Arc::clone(&started);
    let child = rootward::ChildSpec::task("task", move |_| {
        note.store(true, std::sync::atomic::Ordering::SeqCst);
        async {}
    });
    let builder = rootward::Supervisor::new("root").child(child).into_tree().unwrap();

    assert!(rootward_observer::Door::unix(&path).launch(builder).is_err());

    assert!(!started.load(std::sync::atomic::Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_and_why_tell_what_the_start_of_a_process_waits_for() {
    let hour = std::time::Duration::from_secs(3600);
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let never = rootward::process::Ready::command(["false"]);
    let late = rootward::Process::new("sleep").arg("1000").ready(never).ready_timeout(hour);
    let builder = rootward::Supervisor::new("root").child(late.into_child("late")).into_tree().unwrap();
    let (tree, _door) = rootward_observer::Door::unix(&path).launch(builder).unwrap();
    let place = Place::Unix(path);
    place.follow("?since=0").await.event("starting").await;

    let missed = within(async {
        loop {
            let why = place.ask("GET /why/root/late").await.body;
            if why["child"]["readiness"]["last_miss"].is_string() {
                break why;
            }
        }
    })
    .await;
    let snapshot = place.ask("GET /snapshot").await.body;

    let says = missed["waits_for"][0]["says"].as_str().unwrap();
    assert!(says.starts_with("`false` to succeed (last look: "), "{missed}");
    assert_eq!(snapshot["children"][1]["readiness"]["awaits"], "`false` to succeed", "{snapshot}");
    let _ = tree.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_that_of_a_process_and_there_is_none_of_anything_else() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let sleep = rootward::Process::new("sleep").arg("1000").into_child("sleep");
    let tree = rootward::Supervisor::new("root").child(sleep).child(idle("task")).start().await.unwrap();
    let _door = rootward_observer::Door::unix(&path).open(&tree).unwrap();
    let place = Place::Unix(path);

    let answer = place.ask("GET /usage/root/sleep").await;

    let usage = &answer.body["usage"];
    assert_eq!((answer.status, &answer.body["path"]), (200, &json!("root/sleep")));
    assert_eq!((&usage["processes"], &usage["threads"]), (&json!(1), &json!(1)));
    // How much it is, older kernels tell roughly: nothing, of a process as small as this.
    assert!(usage["memory"].is_u64(), "{usage}");
    for path in ["root/task", "root", "root/none"] {
        let answer = place.ask(&format!("GET /usage/{path}")).await;
        assert_eq!((answer.status, &answer.body["refused"]["code"]), (404, &json!("child")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_has_what_each_process_uses_only_if_a_watcher_asks_for_that() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let sleep = || rootward::Process::new("sleep").arg("1000");
    let team = rootward::Supervisor::new("team").child(sleep().into_child("below"));
    let root = rootward::Supervisor::new("root").child(idle("task"));
    let root = root.child(sleep().into_child("sleep")).child(sleep().into_child("ended")).child(team);
    let tree = root.start().await.unwrap();
    let _door = rootward_observer::Door::unix(&path).open(&tree).unwrap();
    let place = Place::Unix(path.clone());
    tree.root().unwrap().terminate_child("ended").await.unwrap();

    let plain = place.ask("GET /snapshot").await.body;
    let asked = place.ask("GET /snapshot?usage=true").await.body;
    let nonsense = place.ask("GET /snapshot?usage=maybe").await;

    let used = |snapshot: &serde_json::Value| -> Vec<(String, Option<u64>)> {
        let children = snapshot["children"].as_array().unwrap().iter();
        let used = children.map(|child| {
            let path = child["path"].as_str().unwrap().to_owned();
            (path, child.get("usage").map(|usage| usage["processes"].as_u64().unwrap()))
        });
        used.collect()
    };
    let expected = [
        ("root", None),
        ("root/task", None),
        ("root/sleep", Some(1)),
        ("root/ended", None),
        ("root/team", None),
        ("root/team/below", Some(1)),
    ];
    assert_eq!(used(&asked), expected.map(|(path, count)| (path.to_owned(), count)));
    assert_eq!(used(&plain), expected.map(|(path, _)| (path.to_owned(), None)));
    assert_eq!((nonsense.status, &nonsense.body["refused"]["code"]), (400, &json!("usage")));
    let client = rootward_observer::client::Client::unix(&path);
    let mut snapshot = client.snapshot_with_usage().await.unwrap();
    assert!(snapshot.children[2].usage.is_some());
    assert_eq!(snapshot.door.take().unwrap().usage_left_out, 0);
    // What no event keeps up to date is no part of what events are put on.
    assert!(Model::from_snapshot(&snapshot).children().all(|child| child.usage.is_none()));
}
