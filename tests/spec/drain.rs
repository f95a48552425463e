//! How a stop is put off so that what sends work to the tree learns of it.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{EventKind, Shutdown, Supervisor};

use crate::support::{EventLog, GivenTree, Puppet, builder, given_tree, obedient, stubborn};

const SECOND: Duration = Duration::from_secs(1);

async fn draining(root: Supervisor, drain: Duration) -> (GivenTree, EventLog) {
    given_tree(builder(root).drain_delay(drain).deadline(20 * SECOND)).await
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_accepted_waits_and_goes_down_and_the_report_counts_from_its_request() {
    let (tree, mut log) = draining(Supervisor::new("root").child(obedient("a")), 3 * SECOND).await;

    tree.request_stop();
    let begins = log.wait_for_event("root", "draining").await;

    assert_eq!(begins.what, EventKind::Draining { cause: StopCause::Api, delay: 3 * SECOND });
    assert!(tree.stop_requested() && !tree.is_stopping() && !tree.token().is_cancelled());
    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause, report.elapsed.as_secs()), (Ending::Clean, StopCause::Api, 3));
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("root"), ["starting", "started", "draining", "stopping", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_while_the_tree_drains_is_restarted() {
    let child = Puppet::new("a");
    let (tree, mut log) = draining(Supervisor::new("root").child(child.spec()), 3 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    child.fails();
    log.wait_for(|event| event.path == *"root/a" && event.incarnation == 2 && event.what.name() == "started")
        .await;

    assert!(tree.root().unwrap().start_child(obedient("b")).await.is_ok(), "and work is started");
    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_force_ends_the_drain_and_every_grace_and_a_second_stop_neither() {
    let (tree, mut log) = draining(Supervisor::new("root").child(stubborn("a")), 5 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    tree.request_stop();
    tree.force();
    let report = tree.wait().await;

    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Forced, 0));
    assert_eq!(log.until_the_end().await.count("root", "draining"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_drain_is_part_of_the_deadline() {
    let a = stubborn("a").shutdown(Shutdown::Infinity);
    let (tree, _log) = draining(Supervisor::new("root").child(a), 8 * SECOND).await;

    let report = tree.stop().await;

    // It is forced a second before the deadline of twenty.
    assert_eq!((report.elapsed.as_secs(), report.find("root/a").unwrap().elapsed.as_secs()), (19, 11));
}

#[tokio::test(start_paused = true)]
async fn a_root_that_gives_up_while_it_drains_stops_at_once_and_has_failed() {
    let child = Puppet::new("a");
    let root = Supervisor::new("root").child(child.spec()).intensity(0, SECOND);
    let (tree, mut log) = draining(root, 5 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    child.fails();
    let report = tree.wait().await;

    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    assert!(report.elapsed < 5 * SECOND, "{:?}", report.elapsed);
}

#[tokio::test(start_paused = true)]
async fn the_stop_of_a_root_that_gives_up_while_it_drains_counts_from_the_request_as_well() {
    let child = Puppet::new("a");
    let root = Supervisor::new("root").child(child.spec()).intensity(0, SECOND);
    let (tree, mut log) = draining(root, 5 * SECOND).await;
    tree.request_stop();
    let begins = log.wait_for_event("root", "draining").await;

    // In virtual time: nothing else is due before.
    tokio::time::advance(2 * SECOND).await;
    child.fails();
    let report = tree.wait().await;

    let record = log.until_the_end().await;
    let stops = record
        .events()
        .iter()
        .find(|event| event.path == *"root" && event.what.name() == "stopping")
        .unwrap();
    assert_eq!((stops.at - begins.at).as_secs(), 2);
    assert_eq!((report.cause, report.elapsed.as_secs()), (StopCause::GaveUp, 2));
    let EventKind::Stopping { grace, .. } = stops.what else { unreachable!("it is found by its name") };
    assert_eq!(grace.map(|grace| grace.as_secs()), Some(18), "what the drain has left of the deadline");
}

#[tokio::test(start_paused = true)]
async fn a_root_that_was_drained_has_stopped_since_its_stop_began_and_not_since_it_was_asked() {
    let (tree, mut log) = draining(Supervisor::new("root").child(stubborn("a")), 3 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "stopping").await;

    let root = tree.snapshot().root;

    assert_eq!(root.since.map(|since| since.as_secs()), Some(0), "{root:?}");
    tree.force();
    tree.wait().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_that_is_dropped_is_not_drained() {
    let (tree, log) = draining(Supervisor::new("root").child(obedient("a")), 5 * SECOND).await;

    drop(tree);

    let record = log.until_the_end().await;
    assert_eq!(record.of_child("root"), ["starting", "started", "stopping", "stopped"]);
}
