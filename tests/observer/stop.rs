//! The stop of a tree into which watchers look.

use std::time::Duration;

use rootward::report::Ending;

use crate::given::{given, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_watched_to_its_last_event_and_the_stream_says_that_it_is_over() {
    let given = given(|door| door).await;
    let mut stream = given.place.follow("").await;

    let report = within(given.tree.stop()).await;

    let mut last = None;
    while let Some(message) = stream.message().await {
        if message.name == "end" {
            let (path, event): (_, serde_json::Value) = last.expect("there was an event before");
            assert_eq!((path, event), ("root".into(), "stopped".into()));
            assert_eq!(stream.message().await, None);
            assert_eq!(report.ending, Ending::Clean);
            return;
        }
        last = Some((message.data["path"].clone(), message.data["event"].clone()));
    }
    panic!("the stream says that it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_of_every_kind_do_not_hold_up_a_stop() {
    let given = given(|door| door).await;
    let (follows, mut silent, mut half, mut endless) = (
        given.place.follow("").await,
        given.place.connect().await,
        given.place.connect().await,
        given.place.connect().await,
    );
    silent.say("").await;
    half.say("GET /snapshot HTTP/1.1\r\nho").await;
    endless
        .say("POST /stop HTTP/1.1\r\nhost: door\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        .await;
    given.happen_loudly(300).await;

    let report = within(given.tree.stop()).await;

    assert_eq!(report.ending, Ending::Clean);
    // One that held it up would hold it up until the deadline.
    assert!(report.elapsed < Duration::from_secs(20), "{:?}", report.elapsed);
    within(given.door.closed()).await;
    drop(follows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_does_not_keep_a_tree_whose_last_handle_is_dropped() {
    let given = given(|door| door).await;
    let mut stream = given.place.follow("").await;

    drop(given.tree);

    let stopping = stream.event("stopping").await;
    assert_eq!((&stopping.data["path"], &stopping.data["cause"]), (&"root".into(), &"dropped".into()));
    while stream.message().await.expect("the end comes").name != "end" {}
    within(given.door.closed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_can_be_closed_before_the_tree_stops() {
    let given = given(|door| door).await;

    given.door.close();
    within(given.door.closed()).await;

    assert!(!given.path().exists() && !given.tree.is_stopping());
}
