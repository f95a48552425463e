//! Tasks that have not been asked to stop yet, and what they may still start below themselves.

use std::future::ready;
use std::sync::Arc;

use rootward::error::{SpawnErrorKind, StartChildError};
use rootward::report::Ending;
use rootward::{ChildSpec, Exit, StopReport, TaskContext};
use tokio::sync::{Notify, mpsc};

use super::{SECOND, begun_after, root_with};
use crate::support::{EventLog, GivenTree, Puppet, given, obedient, work_for};

#[tokio::test(start_paused = true)]
async fn what_a_task_wants_to_spawn_is_handed_back() {
    let given = given_a_task(|cx| async move {
        let refused = cx.spawn(move |_| ready(Exit::Code(7))).await.map(|_| ());
        let Err(error) = refused else { return "it was started".to_owned() };
        let kind = format!("{:?}", error.kind());
        format!("{kind}: {:?}", error.into_run().unwrap()(cx.clone()).await)
    })
    .await;

    let (said, report, begun) = given.stops().await;

    assert_eq!(said, format!("{:?}: {:?}", SpawnErrorKind::Stopping, Exit::Code(7)));
    assert_eq!(report.find("root/group").unwrap().refused, 1);
    assert_eq!(begun, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_a_task_wants_to_start_is_handed_back() {
    let given = given_a_task(|cx| async move {
        match cx.start_child(obedient("a")).await {
            Err(StartChildError::Stopping { spec }) => spec.id().to_owned(),
            other => format!("{other:?}"),
        }
    })
    .await;

    let (said, report, begun) = given.stops().await;

    assert_eq!(said, "a");
    assert_eq!(report.find("root/group").unwrap().refused, 1);
    assert_eq!(begun, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_is_let_in_before_and_after_the_task_is_asked() {
    let given = given_a_task(|cx| async move {
        let before = cx.clean_up_named("before", move |_| work_for(SECOND)).await.map(|_| ());
        cx.stopping().await;
        let after = cx.clean_up_named("after", move |_| work_for(SECOND)).await.map(|_| ());
        format!("{} {}", before.is_ok(), after.is_ok())
    })
    .await;

    let (said, report, begun) = given.stops().await;

    assert_eq!((said.as_str(), report.ending), ("true true", Ending::Clean));
    assert_eq!(begun, ["group/before starting", "group/after starting"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_of_a_task_that_ends_stays_down() {
    let x = Puppet::new("x");
    let spec = x.spec();
    let (tree, mut log) = given(root_with(ChildSpec::service("group", move |cx: TaskContext| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.expect("it runs");
            cx.ready();
            cx.stopping().await;
        }
    })))
    .await;
    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;

    x.fails();

    assert!(tree.wait().await.clean);
    assert_eq!(log.until_the_end().await.of_child("group/x"), ["starting", "started", "exited"]);
}

/// A tree with a task that does something once the stop has begun, says what came of it, and waits for its turn.
struct Given {
    tree: GivenTree,
    log: EventLog,
    begun: Arc<Notify>,
    said: mpsc::UnboundedReceiver<String>,
}

async fn given_a_task<F>(act: impl Fn(TaskContext) -> F + Clone + Send + Sync + 'static) -> Given
where
    F: Future<Output = String> + Send + 'static,
{
    let (say, said) = mpsc::unbounded_channel();
    let begun = Arc::new(Notify::new());
    let is_told = Arc::clone(&begun);
    let task = ChildSpec::task("group", move |cx: TaskContext| {
        let (act, say, is_told) = (act.clone(), say.clone(), Arc::clone(&is_told));
        async move {
            is_told.notified().await;
            let _ = say.send(act(cx.clone()).await);
            cx.stopping().await;
        }
    });
    let (tree, log) = given(root_with(task)).await;
    Given { tree, log, begun, said }
}

impl Given {
    /// Stops the tree, and answers what the task has said and what is begun in the meantime.
    async fn stops(mut self) -> (String, Arc<StopReport>, Vec<String>) {
        self.tree.request_stop();
        self.log.wait_for_event("slow", "stopping").await;
        self.begun.notify_one();
        let report = self.tree.wait().await;
        let said = self.said.recv().await.expect("the task says what came of it");
        (said, report, begun_after(&self.log.until_the_end().await, "root stopping"))
    }
}
