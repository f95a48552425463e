//! Slow, dead and hostile watchers.

use std::time::Duration;

use rootward::report::Ending;
use serde_json::json;

use crate::client::is_restart;
use crate::given::{given, within};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_request_is_not_waited_for_and_is_told_so() {
    let given = given(|door| door.allow_control().request_timeout(SHORT)).await;

    for half in ["P", "POST /stop HTTP/1.1", "POST /stop HTTP/1.1\r\nhost: door\r\n"] {
        let mut client = given.place.connect().await;
        client.say(half).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, &answer.body["refused"]["code"]), (408, &json!("slow")), "{half:?}");
    }

    assert!(!given.tree.is_stopping());
    assert_eq!(given.tree.snapshot().find("root/last").unwrap().incarnation, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_says_nothing_is_not_kept() {
    let given = given(|door| door.request_timeout(SHORT)).await;

    assert_eq!(given.place.connect().await.rest().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_end_is_not_read() {
    let given = given(rootward_observer::Door::allow_control).await;

    for body in
        ["transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "content-length: 1000000000\r\n\r\nhello"]
    {
        let mut client = given.place.connect().await;
        client.say(&format!("POST /stop HTTP/1.1\r\nhost: door\r\n{body}")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, &answer.body["refused"]["code"]), (413, &json!("body")));
    }
    assert!(!given.tree.is_stopping());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_without_end_is_not_read() {
    let given = given(|door| door).await;
    let mut client = given.place.connect().await;

    client.say(&format!("GET /snapshot HTTP/1.1\r\nhost: door\r\nx: {}", "x".repeat(100_000))).await;

    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_so() {
    let given = given(|door| door.connections(2)).await;
    let first = given.place.follow("").await;
    let _second = given.place.follow("").await;

    let answer = given.place.ask("GET /snapshot").await;
    assert_eq!((answer.status, &answer.body["refused"]["code"]), (503, &json!("busy")));

    drop(first);
    // The door hears of the end when it comes to it.
    given.place.has_room().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_change_nothing() {
    let given = given(|door| door.connections(8)).await;
    let mut clients = Vec::new();
    for _ in 0..1000 {
        let mut client = given.place.connect().await;
        client.say("GET /events HTTP/1.1\r\nhost: door\r\n\r\n").await;
        clients.push(client);
        if clients.len() == 100 {
            clients.clear();
        }
    }

    given.happen(10).await;

    assert_eq!(given.tree.snapshot().find("root/last").unwrap().incarnation, 1);
    drop(clients);
    // The door hears of the ends when it comes to them, and lets a watcher in again.
    given.place.has_room().await;
    assert_eq!(given.place.ask("GET /snapshot").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_among_many_connections_is_as_it_would_be_without_them() {
    let given = given(|door| door.connections(64)).await;
    let mut clients = Vec::new();
    for number in 0..200 {
        let mut client = given.place.connect().await;
        let half = ["GET /events HTTP/1.1\r\nhost: door\r\n\r\n", "GET /eve"][number % 2];
        client.say(half).await;
        clients.push(client);
    }

    let report = within(given.tree.stop()).await;

    // Whatever had not come down in its grace would have been forced.
    assert_eq!(report.ending, Ending::Clean, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_does_not_read_loses_events_and_is_told_how_many() {
    let given = given(|door| door.remember(64)).await;
    let mut slow = given.place.follow("").await;
    let mut quick = given.place.follow("").await;

    given.happen_loudly(300).await;
    given.fail.notify_one();
    quick.until_failed().await;

    let (mut next, mut lost) = (15, 0);
    loop {
        let message = slow.message().await.expect("it goes on");
        match message.name.as_str() {
            "lost" => {
                let count = message.data["lost"]["count"].as_u64().unwrap();
                (next, lost) = (next + count, lost + count);
                assert_eq!(message.data["lost"]["to"].as_u64().unwrap() + 1, next);
            }
            _ => {
                assert_eq!(message.id, next, "what is missing was told");
                next += 1;
            }
        }
        if is_restart(&message) {
            break;
        }
    }
    assert!(lost > 100, "{lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_never_reads_is_cut_off() {
    let given = given(|door| door.connections(1).write_timeout(SHORT)).await;
    let mut slow = given.place.follow("").await;

    // More than the system keeps for it.
    given.happen_loudly(300).await;

    given.place.has_room().await;
    // What the system has kept can be read, and then the connection is at its end.
    slow.rest().await;
}
