//! What a tree looks like at one moment.

use std::thread;
use std::time::Duration;

use rootward::snapshot::{ChildKind, ChildState};
use rootward::{Restart, Supervisor};
use serde_json::json;

use crate::support::{Double, Puppet, assert_holds, given, ignored, launched, obedient, settle};

#[tokio::test(start_paused = true)]
async fn a_snapshot_shows_every_child_in_start_order() {
    let inner = Supervisor::new("inner").child(obedient("b")).child(Double::running("c").spec());
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a")).child(inner)).await;

    let snapshot = tree.snapshot();

    let nodes: Vec<_> = snapshot.root.walk().iter().map(|node| (node.path.to_string(), node.kind)).collect();
    let expected = [
        ("root", ChildKind::Supervisor),
        ("root/a", ChildKind::Task),
        ("root/inner", ChildKind::Supervisor),
        ("root/inner/b", ChildKind::Task),
        ("root/inner/c", ChildKind::Actor),
    ];
    assert_eq!(nodes, expected.map(|(path, kind)| (path.to_owned(), kind)));
    assert!(
        snapshot.root.walk().iter().all(|node| node.state == ChildState::Running && node.incarnation == 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_shows_how_far_each_child_has_come() {
    let (b, c) = (Double::new("b"), Puppet::new("c"));
    let root = Supervisor::new("root").child(c.spec().restart(Restart::Transient)).child(ignored("a"));
    let (tree, mut log) = launched(root.child(b.spec()).child(obedient("d")));
    log.wait_for_event("b", "starting").await;
    let state = |path: &str| tree.snapshot().find(path).unwrap().state;
    let states = || ["root", "root/c", "root/a", "root/b", "root/d"].map(state);
    use ChildState::{Down, Running, Starting, Stopping};

    assert_eq!(states(), [Starting, Running, Down, Starting, Down]);
    b.is_ready();
    tree.started().await.unwrap();
    assert_eq!(states(), [Running, Running, Down, Running, Running]);
    c.ends();
    log.wait_for_event("c", "exited").await;
    assert_eq!(states(), [Running, Down, Down, Running, Running]);
    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    assert_eq!(states(), [Stopping, Down, Down, Stopping, Down]);
    b.ends();
    tree.wait_gone().await;
    assert_eq!(tree.snapshot().root.state, Down);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_counts_incarnations_and_restarts() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;

    let snapshot = tree.snapshot();
    let a = snapshot.find("root/a").unwrap();
    assert_eq!((a.incarnation, a.restarts, a.state), (2, 1, ChildState::Running));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_says_since_when() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;

    tokio::time::advance(Duration::from_secs(7)).await;

    assert_eq!(tree.snapshot().find("root/a").unwrap().since, Some(Duration::from_secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_can_be_taken_from_any_thread_at_any_time() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;

    let from_elsewhere = tree.clone();
    let snapshot = thread::spawn(move || from_elsewhere.snapshot()).join().unwrap();
    let _ = tree.stop().await;

    assert_eq!(snapshot.find("root/a").unwrap().state, ChildState::Running);
    assert!(tree.snapshot().find("root/a").is_none(), "nothing is left below a tree that is gone");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_a_json_document() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
    settle().await;

    let snapshot = serde_json::to_value(tree.snapshot()).unwrap();

    let a = json!({
        "path": "root/a", "kind": "task", "state": "running", "incarnation": 1, "restarts": 0, "for_ms": 1
    });
    assert_holds(&snapshot["root"]["children"], &json!([a]));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_reads_as_one_line_a_child() {
    let inner = Supervisor::new("inner").child(obedient("a"));
    let (tree, _log) = given(Supervisor::new("root").child(inner)).await;

    let expected = "root · supervisor running\n  inner · supervisor running\n    a · task running\n";
    assert_eq!(tree.snapshot().to_string(), expected);
}
