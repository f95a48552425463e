//! Processes and actors as children of a task, in real time.

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward::report::Outcome;
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, Exit, Restart, Shutdown, Supervisor};

use crate::support::{fixture, given, identity_of, obedient};

#[tokio::test]
async fn a_process_below_a_task_is_stopped_and_gone_before_the_task_is() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.start_child(fixture!("prints_signals").into_child("p")).await.expect("it can be started");
        cx.stopping().await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("first")).child(task)).await;
    let process = identity_of(&*log.wait_for_event("task/p", "started").await);
    log.wait_for_line("task/p", "ready").await;

    let report = tree.stop().await;

    let p = report.find("root/task/p").unwrap();
    assert_eq!((p.kind, p.outcome, &p.status), (ChildKind::Process, Outcome::Graceful, &Some(Exit::Code(0))));
    assert!(report.clean && !process.is_there());
    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["task/p", "task", "first", "root"]);
    assert_eq!(record.output("task/p")[1..], ["got SIGTERM", "bye"]);
}

#[tokio::test]
async fn a_process_below_a_task_that_ends_by_itself_is_gone_before_the_task_is() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.start_child(fixture!("runs_forever").into_child("p")).await.expect("it can be started");
    });
    let root = Supervisor::new("root").child(task.restart(Restart::Temporary));
    let (tree, mut log) = given(root).await;
    let process = identity_of(&*log.wait_for_event("task/p", "started").await);

    log.wait_for_event("task", "exited").await;

    assert!(!process.is_there());
    assert_eq!(log.so_far().paths("stopped"), ["task/p"]);
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_process_below_a_task_that_is_aborted_is_killed_with_it() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.start_child(fixture!("ignores_sigterm").into_child("p")).await.expect("it can be started");
        std::future::pending::<()>().await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task.shutdown(Shutdown::Infinity))).await;
    let process = identity_of(&*log.wait_for_event("task/p", "started").await);
    log.wait_for_line("task/p", "ready").await;

    tree.force();
    let report = tree.wait().await;

    let outcomes = ["root/task/p", "root/task"].map(|path| report.find(path).unwrap().outcome);
    assert_eq!(outcomes, [Outcome::Killed; 2]);
    assert!(!process.is_there());
    assert_eq!(log.until_the_end().await.paths("stopped"), ["task/p", "task", "root"]);
}

#[tokio::test]
async fn an_actor_below_a_task_is_stopped_before_the_task_is() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.start_child(ChildSpec::actor("a", || (Idle, ()))).await.expect("it can be started");
        cx.ready();
        cx.stopping().await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;
    log.wait_for_event("task/a", "started").await;

    let report = tree.stop().await;

    let a = report.find("root/task/a").unwrap();
    assert_eq!((a.kind, a.outcome, &a.status), (ChildKind::Actor, Outcome::Graceful, &Some(Exit::Normal)));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["task/a", "task", "root"]);
}

struct Idle;

impl Actor for Idle {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
