//! What most programs need of tasks, each in one line.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use rootward::snapshot::ChildState;
use rootward::{
    ChildSpec, DynamicSupervisor, EventKind, Exit, PartitionSupervisor, Restart, Supervisor,
    SupervisorAddress, TaskContext, TaskSupervisor,
};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::support::{Puppet, builder, given, given_tree, obedient, settle, within};

const SECOND: Duration = Duration::from_secs(1);

// --- state ---

#[tokio::test(start_paused = true)]
async fn a_task_with_state_gets_a_clone_of_it_for_every_incarnation() {
    async fn count(_: TaskContext, starts: Arc<AtomicU32>) -> Result<(), String> {
        match starts.fetch_add(1, Ordering::SeqCst) {
            0 => Err("the first one fails".to_owned()),
            _ => Ok(()),
        }
    }
    let starts = Arc::new(AtomicU32::new(0));
    let task = ChildSpec::task_with("a", Arc::clone(&starts), count).restart(Restart::Transient);
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;

    log.wait_for_event("a", "restarting").await;
    settle().await;

    assert_eq!(starts.load(Ordering::SeqCst), 2);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_service_and_blocking_work_take_state_as_well() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let service = ChildSpec::service_with("service", sender.clone(), |cx, sender| async move {
        sender.send("service").unwrap();
        cx.ready();
        cx.stopping().await;
    });
    let blocking = ChildSpec::blocking_with("blocking", sender, |_, sender| sender.send("blocking").unwrap())
        .restart(Restart::Temporary);
    let (tree, _log) = given(Supervisor::new("root").child(service).child(blocking)).await;

    let told = BTreeSet::from([told.recv().await.unwrap(), told.recv().await.unwrap()]);

    assert_eq!(told, BTreeSet::from(["blocking", "service"]));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_runs_once_owns_what_cannot_be_cloned_and_is_not_restarted() {
    let (sender, received) = oneshot::channel();
    let (given_back, waits) = oneshot::channel::<u32>();
    let once = ChildSpec::once("once", move |_| async move {
        sender.send(waits.await.unwrap()).unwrap();
        Err::<(), _>("and then it fails")
    });
    let (tree, mut log) = given(Supervisor::new("root").child(once)).await;

    given_back.send(7).unwrap();

    assert_eq!(received.await, Ok(7));
    log.wait_for_event("once", "exited").await;
    settle().await;
    assert_eq!(tree.root().unwrap().count_children().specs, 0, "a temporary child that failed is forgotten");
    assert!(tree.stop().await.clean);
}

// --- waiting unless stopping ---

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_is_left_when_the_task_is_asked_to_stop() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let (items, received) = mpsc::unbounded_channel::<u32>();
    let received = Arc::new(tokio::sync::Mutex::new(received));
    let task = ChildSpec::task_with("a", (sender, received), |cx, (sender, received)| async move {
        while let Some(item) = cx.unless_stopping(async { received.lock().await.recv().await }).await {
            sender.send(item).unwrap();
        }
        sender.send(None).unwrap();
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    items.send(1).unwrap();
    assert_eq!(told.recv().await.unwrap(), Some(1));

    let report = tree.stop().await;

    assert_eq!((told.recv().await.unwrap(), report.clean), (None, true));
}

#[tokio::test(start_paused = true)]
async fn once_a_stop_has_begun_nothing_more_is_taken_even_if_it_is_there() {
    let taken = Arc::new(AtomicU32::new(0));
    let task = ChildSpec::task_with("a", Arc::clone(&taken), |cx, taken| async move {
        cx.stopping().await;
        let take = async { taken.fetch_add(1, Ordering::SeqCst) };
        assert_eq!(cx.unless_stopping(take).await, None);
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    assert!(tree.stop().await.clean);

    assert_eq!(taken.load(Ordering::SeqCst), 0);
}

// --- the tree, seen from a task ---

#[tokio::test(start_paused = true)]
async fn a_task_finds_its_tree_a_sibling_by_its_path_the_events_and_the_stop() {
    let found = Arc::new(Mutex::new(None));
    let finder = ChildSpec::task_with("finder", Arc::clone(&found), |cx, found| async move {
        let tree = cx.tree();
        let jobs = tree.supervisor("root/jobs").expect("it stands before this task");
        let mut events = tree.events().expect("the tree is there");
        jobs.start_child(obedient("job")).await.unwrap();
        let started = loop {
            let event = events.next().await.unwrap().unwrap();
            if matches!(event.what, EventKind::Started { .. }) {
                break event.path.to_string();
            }
        };
        let snapshot = tree.snapshot().expect("the tree is there");
        let state = snapshot.find("root/finder").map(|node| node.state);
        *found.lock().unwrap() = Some((started, state));
        tree.request_stop();
        cx.stopping().await;
    });
    let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs")).child(finder);
    let (tree, _log) = given(root).await;

    let report = tree.wait().await;

    assert!(report.clean);
    let found = found.lock().unwrap().take();
    assert_eq!(found, Some(("root/jobs/job-0".to_owned(), Some(ChildState::Running))));
}

#[tokio::test(start_paused = true)]
async fn a_reference_to_a_tree_does_not_keep_it_and_leads_nowhere_once_it_is_gone() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let reference = tree.downgrade();
    assert!(reference.root().is_some());

    drop(tree);
    log.until_the_end().await;
    settle().await;

    assert!(reference.root().is_none() && reference.snapshot().is_none() && reference.events().is_none());
    reference.request_stop();
}

#[tokio::test(start_paused = true)]
async fn a_task_finds_what_the_program_has_given_to_all_children() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let task = ChildSpec::task_with("a", sender, |cx, sender| async move {
        sender.send(cx.provided::<u32>().map(|number| *number)).unwrap();
        cx.stopping().await;
    });
    let (tree, _log) = given_tree(builder(Supervisor::new("root").child(task)).provide(Arc::new(7u32))).await;

    assert_eq!(told.recv().await.unwrap(), Some(7));
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn blocking_work_finds_its_tree_and_what_the_program_has_given_to_all_children() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let work = ChildSpec::blocking("work", move |cx| {
        let stands_there = cx.tree().supervisor("root/jobs").is_some();
        sender.send((cx.provided::<u32>().map(|number| *number), stands_there)).unwrap();
        cx.tree().request_stop();
        assert!(cx.wait_stopping(Duration::MAX));
    });
    let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs")).child(work);
    let (tree, _log) = given_tree(builder(root).provide(Arc::new(7u32))).await;

    let report = tree.wait().await;

    assert_eq!(told.recv().await, Some((Some(7), true)));
    assert!(report.clean, "{report}");
}

// --- addresses of supervisors ---

#[tokio::test(start_paused = true)]
async fn a_task_supervisor_that_was_named_before_the_tree_is_found_again_after_a_restart() {
    let address = SupervisorAddress::new();
    let tasks = TaskSupervisor::at(&address);
    let early = tasks.spawn(|_| async {}).await.unwrap_err();
    assert_eq!(early.to_string(), "no task could be started: the supervisor does not run");
    let fragile = Puppet::new("fragile");
    let jobs = DynamicSupervisor::new("jobs").intensity(0, SECOND).at(&address).into_child();
    let (tree, mut log) = given(Supervisor::new("root").child(jobs)).await;
    assert_eq!(tasks.run(|_| async { 1 }).await.unwrap().await, Ok(1));
    let before = address.wait().await;

    before.start_child(fragile.spec()).await.unwrap();
    fragile.fails();
    log.wait_for_event("jobs", "restarting").await;
    log.wait_for_event("jobs", "started").await;

    assert!(!before.is_running());
    assert_eq!(tasks.run(|_| async { 2 }).await.unwrap().await, Ok(2));
    assert!(tree.stop().await.clean);
    assert!(address.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_partition_supervisor_that_was_named_before_the_tree_is_found_again_after_a_restart() {
    let address = SupervisorAddress::new();
    let fails = Arc::new(Notify::new());
    let shard = |_| {
        ChildSpec::task_with("shard", Arc::clone(&fails), |cx: TaskContext, fails| async move {
            cx.unless_stopping(fails.notified()).await.map_or(Ok(()), |()| Err("it fails once"))
        })
    };
    let two = NonZeroUsize::new(2).unwrap();
    let shards = PartitionSupervisor::new("shards", two, shard).intensity(0, SECOND).at(&address);
    let (tree, mut log) = given(Supervisor::new("root").child(shards)).await;
    let before = within("the supervisor", address.wait()).await;

    fails.notify_one();
    log.wait_for_event("shards", "restarting").await;
    log.wait_for_event("shards", "started").await;
    let after = address.current().expect("it is there again");
    after.resize(1).await.unwrap();

    assert!(!before.is_running());
    assert_eq!((*after.path() == *"root/shards", after.count_children().active), (true, 1));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_at_an_address_gets_the_first_incarnation_that_comes() {
    let address = SupervisorAddress::new();
    let root = Supervisor::new("root").child(Supervisor::new("inner").at(&address));

    let (found, (tree, _log)) = tokio::join!(address.wait(), given(root));

    assert_eq!(*found.path(), *"root/inner");
    assert!(tree.stop().await.clean);
}

/// What is told to a supervisor that stops is refused, so that a caller that tries again would never rest.
#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_at_an_address_does_not_get_an_incarnation_that_stops() {
    let address = SupervisorAddress::new();
    let fails = Arc::new(Notify::new());
    let fragile = ChildSpec::task_with("fragile", Arc::clone(&fails), |cx: TaskContext, fails| async move {
        cx.unless_stopping(fails.notified()).await.map_or(Ok(()), |()| Err("it fails"))
    });
    let goes = Arc::new(Notify::new());
    let slow = ChildSpec::task_with("slow", Arc::clone(&goes), |cx: TaskContext, goes| async move {
        cx.stopping().await;
        goes.notified().await;
    });
    let inner = Supervisor::new("inner").intensity(0, SECOND).at(&address).child(slow).child(fragile);
    let (tree, mut log) = given(Supervisor::new("root").child(inner)).await;
    let before = address.wait().await;

    fails.notify_one();
    log.wait_for_event("inner", "gave_up").await;
    assert!(address.current().is_some_and(|inner| inner.is_running()), "it waits for what is slow");
    let mut next = pin!(address.wait());
    settle().await;
    assert!(futures_util::poll!(next.as_mut()).is_pending());
    goes.notify_one();
    let after = within("the next one", next).await;
    goes.notify_one();

    assert!(!before.is_running() && after.is_running());
    assert!(tree.stop().await.clean);
}

// --- streams ---

#[tokio::test(start_paused = true)]
async fn a_stream_without_an_end_of_its_own_ends_with_the_stop_and_is_dropped_then() {
    let dropped = Arc::new(AtomicU32::new(0));
    let task = ChildSpec::task_with("a", Arc::clone(&dropped), |cx: TaskContext, dropped| async move {
        let held = CountsDrops(Arc::clone(&dropped));
        let endless = stream::iter(1..=2).chain(stream::pending()).inspect(move |_| {
            let _held = &held;
        });
        let mut numbers = pin!(cx.until_stopping(endless));
        let mut seen = Vec::new();
        while let Some(number) = numbers.next().await {
            seen.push(number);
        }
        assert_eq!((seen, cx.is_stopping(), dropped.load(Ordering::SeqCst)), (vec![1, 2], true, 1));
        assert_eq!(numbers.next().await, None, "it stays over");
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!((report.clean, report.elapsed), (true, Duration::ZERO));
}

struct CountsDrops(Arc<AtomicU32>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

// --- results ---

#[tokio::test(start_paused = true)]
async fn one_job_after_the_other_always_finds_its_place_and_a_map_waits_for_it() {
    let (tree, _log) =
        given(Supervisor::new("root").child(DynamicSupervisor::new("jobs").max_children(1))).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").unwrap());
    for n in 0..100u32 {
        assert_eq!(tasks.run(move |_| async move { n }).await.unwrap().await, Ok(n));
    }

    let mut results = tasks.map(10, 0..50u32, |_, n| async move { n });
    let mut all = Vec::new();
    while let Some(result) = results.next().await.unwrap() {
        all.push(result.unwrap());
    }

    assert_eq!(all, (0..50).collect::<Vec<_>>());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_map_under_a_supervisor_that_stops_hands_back_the_item_that_was_not_run() {
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").unwrap());
    let mut results = tasks.map(1, ["item"], |_, item| async move { item });
    let _ = tree.stop().await;

    let refused = results.next().await.unwrap_err();

    assert_eq!(refused.into_run(), Some("item"));
}

// --- errors ---

#[tokio::test(start_paused = true)]
async fn an_error_of_a_spawn_converts_also_when_the_task_is_not_sync() {
    async fn start(cx: &TaskContext) -> Result<(), Box<dyn Error + Send + Sync>> {
        // It can be sent, and not shared.
        let cell = std::cell::Cell::new(7);
        cx.spawn(move |_| async move { cell.set(8) }).await?;
        Ok(())
    }
    let said = Arc::new(Mutex::new(String::new()));
    let task = ChildSpec::task_with("a", Arc::clone(&said), |cx, said| async move {
        cx.stopping().await;
        *said.lock().unwrap() = start(&cx).await.unwrap_err().to_string();
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let _ = tree.stop().await;

    assert_eq!(*said.lock().unwrap(), "no task could be started below `root/a`: it is stopping");
}

#[tokio::test(start_paused = true)]
async fn every_way_to_spawn_takes_a_function_of_its_own_context_and_what_a_task_may_return() {
    let there = Arc::new(Notify::new());
    let paths = Arc::new(Mutex::new(BTreeSet::new()));
    let state = (Arc::clone(&there), Arc::clone(&paths));
    let task = ChildSpec::task_with("t", state, |cx: TaskContext, (there, paths)| async move {
        let note = |paths: &Arc<Mutex<BTreeSet<String>>>| {
            let paths = Arc::clone(paths);
            move |cx: TaskContext| async move {
                paths.lock().unwrap().insert(cx.path().to_string());
                Exit::Normal
            }
        };
        cx.spawn(note(&paths)).await.unwrap();
        cx.spawn_named("named", note(&paths)).await.unwrap();
        cx.clean_up(note(&paths)).await.unwrap();
        cx.clean_up_named("last", note(&paths)).await.unwrap();
        let jobs = cx.tree().supervisor("root/jobs").unwrap();
        let jobs = TaskSupervisor::new(jobs);
        jobs.spawn(note(&paths)).await.unwrap();
        jobs.run(note(&paths)).await.unwrap().await.unwrap();
        let mut mapped =
            jobs.map(1, ["item"], |cx: TaskContext, item| async move { (cx.path().to_string(), item) });
        let (path, item) = mapped.next().await.unwrap().unwrap().unwrap();
        paths.lock().unwrap().insert(format!("{path} for {item}"));
        cx.wait_for_children().await;
        there.notify_one();
        cx.stopping().await;
    });
    let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs")).child(task);
    let (tree, _log) = given(root).await;

    there.notified().await;
    settle().await;

    let expected = [
        "root/jobs/task-0",
        "root/jobs/task-1",
        "root/jobs/task-2 for item",
        "root/t/clean-up-2",
        "root/t/last",
        "root/t/named",
        "root/t/task-1",
    ];
    assert_eq!(*paths.lock().unwrap(), expected.map(str::to_owned).into());
    assert!(tree.stop().await.clean);
}
