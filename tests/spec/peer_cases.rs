//! Cases that other libraries test and no other file here does. `docs/peers.md` has the whole list.

use std::time::Duration;

use rootward::{ChildSpec, Exit, Restart, Supervisor};

use crate::support::{Flag, given, obedient, settle, stubborn, within};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn to_terminate_a_stubborn_child_takes_its_grace_and_no_longer() {
    let (tree, _log) = given(Supervisor::new("root").child(stubborn("a").shutdown(3 * SECOND))).await;
    let before = tokio::time::Instant::now();

    tree.root().unwrap().terminate_child("a").await.unwrap();

    assert_eq!(before.elapsed(), 3 * SECOND);
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn to_terminate_a_child_that_panics_meanwhile_comes_to_an_end() {
    let a = ChildSpec::task("a", |cx| async move {
        cx.stopping().await;
        panic!("in the stop");
    });
    let (tree, log) = given(Supervisor::new("root").child(a)).await;
    settle().await;

    tree.root().unwrap().terminate_child("a").await.unwrap();

    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.count("a", "starting"), 1);
}

#[tokio::test(start_paused = true)]
async fn everything_that_failed_stands_in_the_report_with_its_path_and_its_words() {
    let failing = |id: &str, words: &'static str| {
        ChildSpec::task(id, move |cx| async move {
            cx.stopping().await;
            Err::<(), _>(words)
        })
    };
    let group = Supervisor::new("group").child(failing("a", "the first"));
    let (tree, _log) = given(Supervisor::new("root").child(group).child(failing("b", "the second"))).await;
    settle().await;

    let report = tree.stop().await;

    let status = |path| report.find(path).unwrap().status.clone();
    assert_eq!(status("root/group/a"), Some(Exit::Failed { error: "the first".into() }));
    assert_eq!(status("root/b"), Some(Exit::Failed { error: "the second".into() }));
}

#[tokio::test(start_paused = true)]
async fn a_tree_inside_a_task_of_another_tree_stops_with_it() {
    let gone = Flag::default();
    let held = gone.clone();
    let outer = ChildSpec::task("outer", move |_| {
        let held = held.clone();
        async move {
            let inner = ChildSpec::task("inner", move |cx| {
                let held = held.raised_on_drop();
                async move {
                    cx.stopping().await;
                    drop(held);
                }
            });
            let tree = Supervisor::new("nested").child(inner).start().await.expect("it starts");
            // Aborted here, the task drops the only handle.
            let _ = tree.wait().await;
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(outer.shutdown(SECOND))).await;
    settle().await;

    let _ = tree.stop().await;

    within("the end of the inner tree", async {
        while !gone.is_raised() {
            settle().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn part_of_a_tree_stops_and_the_rest_goes_on() {
    let group = Supervisor::new("group").child(obedient("a")).child(obedient("b"));
    let (tree, mut log) = given(Supervisor::new("root").child(group).child(obedient("c"))).await;

    tree.root().unwrap().terminate_child("group").await.unwrap();

    log.wait_for_event("group", "stopped").await;
    assert_eq!(log.so_far().paths("stopped"), ["group/b", "group/a", "group"]);
    assert_eq!(tree.root().unwrap().count_children().active, 1);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_task_says_nothing_to_those_above_it() {
    let a = ChildSpec::task("a", |cx| async move {
        cx.token().cancel();
        cx.stopping().await;
    });
    let root = Supervisor::new("root").child(obedient("b")).child(a.restart(Restart::Temporary));
    let (tree, mut log) = given(root).await;

    log.wait_for_event("a", "exited").await;

    assert!(!tree.is_stopping());
    assert!(tree.stop().await.clean);
}
