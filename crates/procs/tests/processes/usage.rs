//! What a process child uses: the sum over all processes of its set, as of now.

use std::time::Duration;

use rootward_core::{ChildSpec, Supervisor, TreeSnapshot, Usage};

use crate::given::{Given, script, shell, tree};
use crate::until::within;

/// Seven descriptors beside the first three.
const SEVEN: &str = "exec 3</dev/null 4<&3 5<&3 6<&3 7<&3 8<&3 9<&3";

#[tokio::test]
async fn processes_threads_and_descriptors_are_counted_in_the_whole_set() {
    let mut given = script(&format!("{SEVEN}; sleep 1000 & sleep 1000 & echo ready; wait"));
    given.wait_for_line("ready").await;

    // The shell's children are copies of it until they execute the program.
    let usage = until(&given, |usage| usage.descriptors == Some(3 * 10)).await;

    assert_eq!((usage.processes, usage.threads), (3, 3));
}

/// P10: `started` was all that was said of a child that its terminal had stopped (SIGTTIN).
#[tokio::test]
async fn a_process_that_was_stopped_as_by_its_terminal_is_shown_as_stopped() {
    let given = script("kill -TTIN $$");

    let usage = until(&given, |usage| usage.stopped == 1).await;

    assert_eq!(usage.processes, 1);
}

#[tokio::test]
async fn memory_is_that_of_all_processes() {
    let mut given = script("sleep 1000 & echo ready; wait");
    given.wait_for_line("ready").await;
    let little = given.tree.usage("root/child").unwrap();
    let hold = "x=$(head -c 20000000 /dev/zero | tr '\\0' x)";
    let mut given = script(&format!("({hold}; echo ready; sleep 1000; :) & wait"));
    given.wait_for_line("ready").await;

    assert!(little.memory < 20_000_000, "{little:?}");
    // The third process comes after the line.
    let much = until(&given, |usage| usage.processes == 3).await;
    assert!(much.memory > 20_000_000, "{much:?}");
}

#[tokio::test]
async fn what_was_read_and_written_counts_also_of_processes_that_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let write = "head -c 1048576 /dev/zero > file; echo ready; exec sleep 1000";
    let mut given = tree([shell(write).current_dir(dir.path()).into_child("child")]);
    given.wait_for_line("ready").await;

    let usage = given.tree.usage("root/child").unwrap();

    let mebibyte = 1_048_576..1_048_576 + 100_000;
    assert!(mebibyte.contains(&usage.read.unwrap()), "{usage:?}");
    assert!(mebibyte.contains(&usage.written.unwrap()), "{usage:?}");
}

#[tokio::test]
async fn processor_time_grows_while_it_computes_and_is_not_lost_with_a_process() {
    let compute = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
    let mut given = script(&format!("sh -c '{compute}'; echo ready; exec sleep 1000"));
    given.wait_for_line("ready").await;

    let usage = given.tree.usage("root/child").unwrap();

    assert!(usage.cpu >= Duration::from_millis(50), "{usage:?}");
    assert_eq!(given.tree.usage("root/child").unwrap().processes, 1);
}

#[tokio::test]
async fn only_a_process_that_runs_uses_anything() {
    let task = ChildSpec::task("task", |cx| async move { cx.stopping().await });
    let given = tree([task, shell("exec sleep 1000").into_child("child")]);
    given.tree.started().await.unwrap();
    let root = given.tree.root().unwrap();

    assert!(root.usage("child").is_some());
    assert_eq!(given.tree.downgrade().usage("root/child").map(|usage| usage.processes), Some(1));
    for path in ["root/task", "root", "root/none", "none/child", ""] {
        assert_eq!(given.tree.usage(path), None, "{path}");
    }
    root.terminate_child("child").await.unwrap();
    assert_eq!(root.usage("child"), None);
}

#[tokio::test]
async fn a_snapshot_has_what_each_process_uses_if_it_is_asked_for_that() {
    let task = ChildSpec::task("task", |cx| async move { cx.stopping().await });
    let pair = shell("sleep 1000 & echo ready; wait").into_child("child");
    let below = Supervisor::new("below").child(shell("exec sleep 1000").into_child("alone"));
    let mut given = tree([task, pair, below.into_child()]);
    given.wait_for_line("ready").await;
    given.tree.started().await.unwrap();

    let plain = given.tree.snapshot();
    let asked = given.tree.snapshot_with_usage();

    let processes = |snapshot: &TreeSnapshot| -> Vec<(String, Option<u32>)> {
        let nodes = snapshot.root.walk().into_iter();
        nodes.map(|node| (node.path.to_string(), node.usage.as_ref().map(|usage| usage.processes))).collect()
    };
    let expected = [
        ("root", None),
        ("root/task", None),
        ("root/child", Some(2)),
        ("root/below", None),
        ("root/below/alone", Some(1)),
    ];
    assert_eq!(processes(&asked), expected.map(|(path, count)| (path.to_owned(), count)));
    assert_eq!(processes(&plain), expected.map(|(path, _)| (path.to_owned(), None)));
    assert_eq!(asked.usage_left_out, 0);
    let same = given.tree.downgrade().snapshot_with_usage().unwrap();
    assert_eq!(processes(&same), processes(&asked));
}

#[tokio::test]
async fn in_a_snapshot_a_process_that_has_ended_uses_nothing() {
    let given = tree([shell("exec sleep 1000").into_child("child")]);
    given.tree.started().await.unwrap();
    let root = given.tree.root().unwrap();

    root.terminate_child("child").await.unwrap();

    let snapshot = given.tree.snapshot_with_usage();
    assert_eq!((&snapshot.root.children[0].usage, snapshot.usage_left_out), (&None, 0));
}

/// Waits until it is like this. Nothing tells what a process uses.
async fn until(given: &Given, is_so: impl Fn(&Usage) -> bool) -> Usage {
    let look = async {
        loop {
            if let Some(usage) = given.tree.usage("root/child").filter(|usage| is_so(usage)) {
                return usage;
            }
            tokio::task::yield_now().await;
        }
    };
    within("the usage is like this", look).await
}
