//! What watchers may do.

use std::sync::Arc;

use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{ChildSpec, EventKind, Exit, Restart, Shutdown, Signal, Supervisor, TaskContext};
use rootward_observer::Door;
use serde_json::json;
use tokio::sync::Notify;

use crate::client::Place;
use crate::given::{given, idle, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_permission_a_watcher_only_looks() {
    let given = given(|door| door).await;

    for what in [
        "stop",
        "force",
        "terminate/root/last",
        "start/root/last",
        "restart/root/last",
        "signal/SIGHUP/root/last",
    ] {
        let answer = given.place.ask(&format!("POST /{what}")).await;
        assert_eq!((answer.status, &answer.body["refused"]["code"]), (403, &json!("control")), "{what}");
    }

    assert!(!given.tree.is_stopping());
    assert_eq!(given.tree.snapshot().find("root/last").unwrap().incarnation, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_is_terminated_started_and_restarted() {
    let given = given(Door::allow_control).await;
    let state = || {
        let snapshot = given.tree.snapshot();
        let last = snapshot.find("root/last").unwrap();
        (last.state.to_string(), last.incarnation)
    };

    assert_eq!(given.place.ask("POST /terminate/root/last").await.body["done"], "terminate");
    assert_eq!(state(), ("down".to_owned(), 1));
    assert_eq!(given.place.ask("POST /start/root/last").await.body["done"], "start");
    assert_eq!(state(), ("running".to_owned(), 2));
    assert_eq!(given.place.ask("POST /restart/root/last").await.body["done"], "restart");
    assert_eq!(state(), ("running".to_owned(), 3));
    assert_eq!(given.place.ask("POST /restart/root/team/goes%20along").await.body["done"], "restart");
}

/// How often a race is run.
const TIMES: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_after_the_answer_of_a_request_shows_what_that_has_done() {
    let given = given(Door::allow_control).await;
    let ask = |request: &'static str| async { given.place.ask(request).await.body };
    let shown = || async {
        let of = |snapshot: serde_json::Value| {
            let children = snapshot["children"].as_array().unwrap();
            let last = children.iter().find(|child| child["path"] == "root/last").unwrap();
            (last["state"].clone(), last["incarnation"].clone())
        };
        of(ask("GET /snapshot").await)
    };
    shown().await;

    for round in 0..TIMES {
        let first = 2 * round + 1;
        assert_eq!(ask("POST /terminate/root/last").await["done"], "terminate");
        assert_eq!(shown().await, (json!("down"), json!(first)), "{round}");
        assert_eq!(ask("POST /start/root/last").await["done"], "start");
        assert_eq!(shown().await, (json!("running"), json!(first + 1)), "{round}");
        assert_eq!(ask("POST /restart/root/last").await["done"], "restart");
        assert_eq!(shown().await, (json!("running"), json!(first + 2)), "{round}");
    }
}

/// The supervisor forgets it, and so says nothing of what it is going to do about it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_after_the_answer_of_a_request_shows_a_child_down_that_its_supervisor_has_forgotten() {
    let given = given(Door::allow_control).await;
    let pool = given.tree.supervisor("root/pool").unwrap();
    given.place.ask("GET /snapshot").await;

    for round in 0..TIMES {
        let started = pool.start_child(idle("brief").restart(Restart::Temporary)).await.unwrap();
        let path = started.path;
        let up = given.place.ask(&format!("GET /why/{path}")).await.body;
        given.place.ask(&format!("POST /terminate/{path}")).await;
        let down = given.place.ask(&format!("GET /why/{path}")).await.body;

        assert_eq!(up["child"]["state"], "running", "{round}: {up}");
        assert_eq!(down["child"]["state"], "down", "{round}: {down}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_from_now_on_are_those_after_the_request() {
    let given = given(Door::allow_control).await;
    let mut all = given.tree.events();
    given.place.ask("GET /snapshot").await;

    for round in 0..TIMES {
        assert_eq!(given.place.ask("POST /terminate/root/last").await.body["done"], "terminate");
        let mut from_now = given.place.follow("").await;
        let stopped = loop {
            let event = within(all.next()).await.unwrap().expect("the tree runs");
            if matches!(event.what, EventKind::Stopped { .. }) {
                break event.seq;
            }
        };
        assert_eq!(given.place.ask("POST /start/root/last").await.body["done"], "start");

        assert_eq!(from_now.message().await.unwrap().id, stopped + 1, "{round}");
    }
}

/// An event that the program has had already is one of this run, also while the door has not taken it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_since_one_that_has_just_happened_are_not_refused() {
    let given = given(Door::allow_control).await;
    let mut all = given.tree.events();
    given.place.ask("GET /snapshot").await;

    for round in 0..TIMES {
        given.place.ask("POST /restart/root/last").await;
        let started = loop {
            let event = within(all.next()).await.unwrap().expect("the tree runs");
            if matches!(event.what, EventKind::Started { .. }) {
                break event.seq;
            }
        };
        let mut client = given.place.connect().await;
        client.say(&format!("GET /events?since={started} HTTP/1.1\r\nhost: door\r\n\r\n")).await;

        let status = client.line_with("HTTP/1.1 ").await;
        assert_eq!(status, "HTTP/1.1 200 OK", "{round}");
    }
}

/// The program ends when nothing runs any more, and nothing runs between the stop and the start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_only_child_does_not_end_the_program() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let only = idle("only");
    let tree =
        Supervisor::new("root").child(only).into_tree().unwrap().stop_when_idle(true).start().await.unwrap();
    let _door = Door::unix(&path).allow_control().open(&tree).unwrap();
    let place = Place::Unix(path);

    for incarnation in 2..=20 {
        assert_eq!(place.ask("POST /restart/root/only").await.body["done"], "restart");
        assert_eq!(tree.snapshot().find("root/only").unwrap().incarnation, incarnation);
    }
    assert!(!tree.is_stopping());

    // And what nothing runs in any more is idle as before.
    place.ask("POST /terminate/root/only").await;
    assert_eq!(within(tree.wait()).await.cause, StopCause::Idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_done_to_its_end_also_if_the_watcher_leaves_while_the_child_stops() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let leave = Arc::new(Notify::new());
    let left = Arc::clone(&leave);
    let takes_its_time = ChildSpec::task("takes-its-time", move |cx: TaskContext| {
        let leave = Arc::clone(&left);
        async move {
            cx.stopping().await;
            leave.notified().await;
        }
    });
    let tree =
        Supervisor::new("root").child(takes_its_time.shutdown(Shutdown::Infinity)).start().await.unwrap();
    let _door = Door::unix(&path).allow_control().connections(1).open(&tree).unwrap();
    let (place, mut events) = (Place::Unix(path), tree.events());
    let mut next = async |wanted: fn(&EventKind) -> bool| loop {
        let event = within(events.next()).await.unwrap().expect("the tree runs");
        if event.path.as_str() == "root/takes-its-time" && wanted(&event.what) {
            return event.incarnation;
        }
    };

    let mut watcher = place.connect().await;
    watcher.say("POST /restart/root/takes-its-time HTTP/1.1\r\nhost: door\r\n\r\n").await;
    next(|what| matches!(what, EventKind::Stopping { .. })).await;
    drop(watcher);
    // There is room for one connection, and so for another one as soon as the door has noticed.
    place.has_room().await;
    leave.notify_one();

    assert_eq!(next(|what| matches!(what, EventKind::Started { .. })).await, 2);
    leave.notify_one();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let given = given(Door::allow_control).await;

    for (what, status, code) in [
        ("terminate/root/none", 404, "child"),
        ("terminate/nothing/none", 404, "child"),
        ("restart/root", 409, "root"),
        ("start/root/last", 409, "running"),
        ("restart/root/once", 409, "forgotten"),
        ("signal/SIGHUP/root/none", 404, "child"),
        ("restart/none", 404, "child"),
        ("signal/SIGHUP/root", 409, "process"),
        ("signal/SIGHUP/root/team", 409, "process"),
        ("signal/SIGHUP/none", 404, "child"),
        ("signal/SIGHUP/root/last", 409, "process"),
        ("signal/HANGUP/root/last", 400, "signal"),
    ] {
        let answer = given.place.ask(&format!("POST /{what}")).await;
        assert_eq!((answer.status, &answer.body["refused"]["code"]), (status, &json!(code)), "{what}");
    }
    assert!(given.tree.snapshot().find("root/once").is_some(), "it was not taken down for nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_by_a_watcher_is_a_stop() {
    let given = given(Door::allow_control).await;

    let answer = given.place.ask("POST /stop").await;

    assert_eq!((answer.status, answer.body), (200, json!({ "schema": 1, "done": "stop" })));
    assert_eq!(within(given.tree.wait()).await.ending, Ending::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_force_by_a_watcher_ends_every_grace() {
    let given = given(Door::allow_control).await;

    given.place.ask("POST /force").await;

    within(given.tree.wait()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_reaches_the_process_and_is_refused_when_there_is_none() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let sleep = rootward::Process::new("sleep").arg("1000").into_child("sleep").restart(Restart::Temporary);
    let asleep = rootward::Process::new("sleep").arg("1000").into_child("asleep").restart(Restart::Transient);
    let tree = Supervisor::new("root").child(sleep).child(asleep).start().await.unwrap();
    let _door = Door::unix(&path).allow_control().open(&tree).unwrap();
    let (place, mut events) = (Place::Unix(path), tree.events());

    assert_eq!(place.ask("POST /terminate/root/asleep").await.body["done"], "terminate");
    let down = place.ask("POST /signal/SIGHUP/root/asleep").await;
    let sent = place.ask("POST /signal/HUP/root/sleep").await;

    assert_eq!((down.status, &down.body["refused"]["code"]), (409, &json!("down")));
    assert_eq!((sent.status, &sent.body["done"]), (200, &json!("signal")));
    let status = loop {
        let event = within(events.next()).await.unwrap().expect("the tree runs");
        if let (EventKind::Exited { status, .. }, "root/sleep") = (&event.what, event.path.as_str()) {
            break status.clone();
        }
    };
    let (name, number) = (Signal::HUP.name().to_owned(), Signal::HUP.number());
    assert_eq!(status, Some(Exit::Signal { name, number, core_dumped: false, out_of_memory: false }));
}
