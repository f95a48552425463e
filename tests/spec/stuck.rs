//! Tasks that cannot be ended: what the report says of them, and who warns before.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rootward::{ChildSpec, Ending, EventKind, Outcome, Shutdown, StopCause, StuckIn, Supervisor, Unreapable};
use tokio::runtime::Runtime;

use crate::support::{builder, given_tree, obedient, stubborn, within};

#[tokio::test]
async fn a_task_that_never_yields_is_reported_as_inside_one_poll_with_its_thread() {
    let (task, release) = blocks_in_its_poll("a");
    let elsewhere = another_runtime(1);
    let builder = builder(Supervisor::new("root").child(task.spec)).deadline(Duration::from_millis(200));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    task.runs.wait().await;

    let report = tree.stop().await;

    let stuck = report.find("root/a").unwrap().stuck.clone().expect("it is known");
    assert_eq!((report.ending, stuck.why), (Ending::Incomplete, StuckIn::Poll));
    assert!(stuck.thread.unwrap().starts_with("task-thread"));
    assert!(stuck.elapsed.unwrap() >= Duration::from_millis(100));
    let json = serde_json::to_value(&*report).unwrap();
    assert_eq!(json["root"]["children"][0]["stuck"]["in"], "poll");
    drop(release);
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn the_report_is_completed_when_the_last_of_them_is_gone() {
    let (task, release) = blocks_in_its_poll("a");
    let elsewhere = another_runtime(1);
    let builder = builder(Supervisor::new("root").child(task.spec)).deadline(Duration::from_millis(50));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    task.runs.wait().await;
    let report = tree.stop().await;

    drop(release);
    let completed = tree.wait_gone().await;

    let a = completed.find("root/a").unwrap();
    assert_eq!((completed.ending, a.outcome, &a.stuck), (Ending::Forced, Outcome::Killed, &None));
    assert_eq!(report.ending, Ending::Incomplete, "what was said is not taken back");
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn who_wants_to_wait_for_ever_is_told_nothing_before_everything_is_gone() {
    let (task, release) = blocks_in_its_poll("a");
    let elsewhere = another_runtime(1);
    let builder = builder(Supervisor::new("root").child(task.spec)).deadline(Duration::from_millis(20));
    let builder = builder.unreapable(Unreapable::Wait).task_runtime(elsewhere.handle().clone());
    let (tree, mut log) = given_tree(builder).await;
    task.runs.wait().await;

    tree.request_stop(StopCause::Api);
    log.wait_for_event("a", "escalated").await;
    assert_eq!(log.so_far().count("root", "stopped"), 0);
    drop(release);

    assert_eq!(tree.wait().await.ending, Ending::Forced);
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_drop_that_does_not_end_is_reported_as_such() {
    let (release, released) = mpsc::channel::<()>();
    let (runs, says) = signal();
    let slow = Mutex::new(Some(SlowToDrop(released)));
    let a = ChildSpec::task("a", move |_| {
        let slow = slow.lock().unwrap().take();
        says.say();
        async move {
            let _slow = slow;
            std::future::pending::<()>().await;
        }
    });
    let elsewhere = another_runtime(1);
    let builder = builder(Supervisor::new("root").child(a.shutdown(Shutdown::Kill)));
    let builder = builder.deadline(Duration::from_millis(200)).task_runtime(elsewhere.handle().clone());
    let (tree, _log) = given_tree(builder).await;
    runs.wait().await;

    let report = tree.stop().await;

    let stuck = report.find("root/a").unwrap().stuck.clone().expect("it is known");
    assert_eq!(stuck.why, StuckIn::Drop);
    drop(release);
    tree.wait_gone().await;
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_task_for_which_its_runtime_has_no_thread_is_told_from_the_one_that_has_it() {
    let (task, release) = blocks_in_its_poll("guilty");
    let elsewhere = another_runtime(1);
    let root = Supervisor::new("root").child(stubborn("victim").shutdown(Shutdown::Kill)).child(task.spec);
    let builder = builder(root).deadline(Duration::from_millis(200));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    task.runs.wait().await;

    let report = tree.stop().await;

    let why = |path| report.find(path).unwrap().stuck.as_ref().map(|stuck| stuck.why);
    assert_eq!(why("root/guilty"), Some(StuckIn::Poll));
    assert_eq!(why("root/victim"), Some(StuckIn::NotPolled));
    drop(release);
    tree.wait_gone().await;
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_task_that_does_not_yield_is_named_while_it_runs() {
    let (task, release) = blocks_in_its_poll("a");
    let elsewhere = another_runtime(1);
    let builder = builder(Supervisor::new("root").child(obedient("b")).child(task.spec));
    let builder = builder.stall_threshold(Duration::from_millis(100));
    let (tree, mut log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;

    let stalled = log.wait_for_event("a", "stalled").await;

    let EventKind::Stalled { elapsed, thread } = &stalled.what else { unreachable!("it is called that") };
    assert!(*elapsed >= Duration::from_millis(100) && thread.starts_with("task-thread"));
    drop(release);
    assert!(tree.stop().await.clean);
    let record = log.until_the_end().await;
    assert_eq!((record.count("a", "stalled"), record.count("b", "stalled")), (1, 0));
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn children_of_tasks_are_named_as_well_when_they_do_not_yield() {
    let (task, release) = blocks_in_its_poll("a");
    let spec = task.spec.clone();
    let parent = ChildSpec::task("parent", move |cx| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.unwrap();
            cx.stopping().await;
        }
    });
    let elsewhere = another_runtime(2);
    let builder = builder(Supervisor::new("root").child(parent)).stall_threshold(Duration::from_millis(100));
    let (tree, mut log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;

    log.wait_for_event("parent/a", "stalled").await;

    drop(release);
    assert!(tree.stop().await.clean);
    elsewhere.shutdown_background();
}

/// A task that blocks its thread as soon as it is polled.
struct Blocks {
    spec: ChildSpec,
    /// Waits until it does.
    runs: Runs,
}

fn blocks_in_its_poll(id: &str) -> (Blocks, mpsc::Sender<()>) {
    let (release, blocked) = mpsc::channel::<()>();
    let (runs, says) = signal();
    let blocked = Arc::new(Mutex::new(blocked));
    let spec = ChildSpec::task(id, move |cx| {
        let (blocked, says) = (Arc::clone(&blocked), says.clone());
        async move {
            says.say();
            drop(blocked.lock().map(|blocked| blocked.recv()));
            cx.stopping().await;
        }
    });
    (Blocks { spec, runs }, release)
}

struct Runs(tokio::sync::watch::Receiver<bool>);

impl Runs {
    async fn wait(&self) {
        let mut says = self.0.clone();
        within("a word of the task", async { says.wait_for(|said| *said).await.map(drop) })
            .await
            .expect("the task is there");
    }
}

#[derive(Clone)]
struct Says(Arc<tokio::sync::watch::Sender<bool>>);

impl Says {
    fn say(&self) {
        self.0.send_replace(true);
    }
}

fn signal() -> (Runs, Says) {
    let (sender, receiver) = tokio::sync::watch::channel(false);
    (Runs(receiver), Says(Arc::new(sender)))
}

struct SlowToDrop(mpsc::Receiver<()>);

impl Drop for SlowToDrop {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

/// A runtime whose threads tasks may block without blocking the test.
fn another_runtime(threads: usize) -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("task-thread")
        .build()
        .expect("the system has threads for it")
}
