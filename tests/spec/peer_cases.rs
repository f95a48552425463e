//! Cases that other libraries test and no other file here does. `docs/peers.md` has the whole list.

use std::time::Duration;

use rootward::error::RestartChildError;
use rootward::report::Ending;
use rootward::{ChildSpec, Exit, Restart, Supervisor};

use crate::support::{Double, Flag, builder, given, given_tree, obedient, settle, stubborn, takes, within};

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
async fn what_failed_in_the_stop_is_told_also_when_another_child_will_not_go() {
    let fails = ChildSpec::task("fails", |cx| async move {
        cx.stopping().await;
        Err::<(), _>("in the stop")
    });
    let stays = Double::running("stays");
    let root = Supervisor::new("root").child(stays.spec()).child(fails);
    let (tree, _log) = given_tree(builder(root).deadline(SECOND)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    let failed = Exit::Failed { error: "in the stop".into() };
    assert_eq!(report.find("root/fails").unwrap().status, Some(failed));
    stays.ends();
    tree.wait_gone().await;
}

#[tokio::test(start_paused = true)]
async fn to_terminate_a_child_and_to_restart_it_while_it_stops_has_it_run_in_the_end() {
    let (tree, log) = given(Supervisor::new("root").child(takes("a", 3 * SECOND))).await;
    let root = tree.root().unwrap();

    // A restart is for a child that is down. This one is not down yet, and the caller that wants it to run again is
    // told so.
    let (terminated, restarted) = tokio::join!(root.terminate_child("a"), root.restart_child("a"));
    assert!(terminated.is_ok() && matches!(restarted, Err(RestartChildError::Running)), "{restarted:?}");
    root.restart_child("a").await.unwrap();

    assert_eq!(root.count_children().active, 1);
    assert!(tree.stop().await.clean);
    assert_eq!(log.until_the_end().await.count("a", "starting"), 2);
}

#[tokio::test(start_paused = true)]
async fn to_restart_a_child_and_to_terminate_it_has_it_down_in_the_end() {
    let (tree, _log) = given(Supervisor::new("root").child(takes("a", 3 * SECOND))).await;
    let root = tree.root().unwrap();
    root.terminate_child("a").await.unwrap();

    let (restarted, terminated) = tokio::join!(root.restart_child("a"), root.terminate_child("a"));

    assert!(restarted.is_ok() && terminated.is_ok(), "{restarted:?}, {terminated:?}");
    assert_eq!(root.count_children().active, 0);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn to_terminate_a_child_that_will_not_go_is_never_said_to_be_done_and_keeps_no_other_call_waiting() {
    let hung = Double::running("hung");
    let root = Supervisor::new("root").child(hung.spec());
    let (tree, _log) = given_tree(builder(root).deadline(SECOND)).await;
    let root = tree.root().unwrap();

    assert!(tokio::time::timeout(3600 * SECOND, root.terminate_child("hung")).await.is_err());

    assert!(root.start_child(obedient("a")).await.is_ok());
    let report = tree.stop().await;
    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.as_str()).collect();
    assert_eq!(left, ["root/hung", "root"]);
    hung.ends();
    tree.wait_gone().await;
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
    assert!(tree.stop().await.clean, "and the child that is gone is not missed");
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
