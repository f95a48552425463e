//! What watchers are shown.

use rootward_observer::model::Model;
use rootward_observer::wire::{EventMessage, Snapshot, State};
use serde_json::json;

use crate::client::Place;
use crate::given::{given, idle, within};

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
