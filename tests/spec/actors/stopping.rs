//! How an actor is asked to stop, and when it is gone.

use std::time::Duration;

use rootward::ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, EventKind, Exit, Shutdown, Supervisor};

use super::clerk::{Clerk, Diary, Step};
use crate::support::{given, until};

#[tokio::test(start_paused = true)]
async fn a_stop_is_acknowledged_after_post_stop_and_when_actor_and_state_have_been_dropped() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(witness(&a.diary)).child(a.spec("a"))).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(
        a.diary.from("post_stop"),
        ["post_stop", "state dropped", "actor dropped", "the next one is asked"]
    );
    assert_eq!(report.root.children[1].status, Some(Exit::Normal));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_until_a_message_that_is_being_handled_has_been_handled() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    a.does(Step::Take(3 * SECOND));
    assert!(a.address.current().is_some());
    tokio::task::yield_now().await;

    let report = tree.stop().await;

    assert_eq!((report.clean, report.elapsed), (true, 3 * SECOND));
    assert!(a.diary.says("post_stop"));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_does_not_come_to_its_end_is_killed_when_its_grace_is_over() {
    let a = Clerk::new();
    let spec = a.spec("a").shutdown(2 * SECOND);
    let (tree, log) = given(Supervisor::new("root").child(witness(&a.diary)).child(spec)).await;
    a.does(Step::Hang);
    tokio::task::yield_now().await;

    let report = tree.stop().await;

    let node = &report.root.children[1];
    assert_eq!((node.outcome, node.forced, node.elapsed), (Outcome::Killed, true, 2 * SECOND));
    assert_eq!(node.status, Some(Exit::Aborted));
    assert_eq!(a.diary.entries()[2..], ["state dropped", "actor dropped", "the next one is asked"]);
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("a")[2..], ["stopping", "escalated", "stopped"]);
    assert!(matches!(&record.find("a", "escalated").what, EventKind::Escalated { to } if to == "kill"));
}

#[tokio::test(start_paused = true)]
async fn a_post_stop_that_does_not_end_is_cut_short_when_the_grace_is_over() {
    let a = Clerk::new().that(Step::Hang, "post_stop");
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;

    let report = tree.stop().await;

    let node = &report.root.children[0];
    assert_eq!((node.outcome, node.status.clone()), (Outcome::Killed, Some(Exit::Aborted)));
    assert_eq!(a.diary.from("post_stop"), ["post_stop", "state dropped", "actor dropped"]);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_is_to_be_killed_has_no_post_stop() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a").shutdown(Shutdown::Kill))).await;

    let report = tree.stop().await;

    assert_eq!(report.root.children[0].outcome, Outcome::Killed);
    assert!(a.diary.says("state dropped") && !a.diary.says("post_stop"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_post_stop_is_the_exit_and_does_not_hold_up_the_stop() {
    for step in [Step::Fail, Step::Panic] {
        let a = Clerk::new().that(step, "post_stop");
        let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;

        let report = tree.stop().await;

        let node = &report.root.children[0];
        assert_eq!(node.outcome, Outcome::Graceful);
        assert!(matches!(node.status, Some(Exit::Failed { .. } | Exit::Panicked(_))), "{:?}", node.status);
        // It is told and counted as the failure of a task is.
        assert_eq!((report.ending, report.ending.exit_status()), (Ending::Failed, 1));
        assert_eq!(
            report.failed_while_stopping().iter().map(|node| &node.path).collect::<Vec<_>>(),
            [&node.path]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_stops_already_when_it_is_asked_is_awaited() {
    let a = Clerk::new().that(Step::Take(SECOND), "post_stop");
    let (tree, _log) = given(Supervisor::new("root").child(witness(&a.diary)).child(a.spec("a"))).await;
    a.now().stop(None);
    until("it stops", || a.diary.says("post_stop")).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(a.diary.from("state dropped").last(), Some(&"the next one is asked"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_drops_the_state_although_another_actor_keeps_all_that_ractor_says() {
    let a = Clerk::new();
    let (hoarder, hoarding) = Actor::spawn(None, Hoarder, ()).await.unwrap();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a").shutdown(SECOND))).await;
    a.now().get_cell().link(ActorCell::from(hoarder.clone()));

    a.does(Step::KillYourself);
    until("its state is dropped", || a.diary.says("state dropped")).await;
    let report = tree.stop().await;

    assert!(report.root.children[0].outcome != Outcome::Unreapable);
    hoarder.stop(None);
    hoarding.await.unwrap();
}

/// Stands before the others in the tree, so that it is asked when they have acknowledged.
fn witness(diary: &Diary) -> ChildSpec {
    let diary = diary.clone();
    ChildSpec::task("witness", move |cx| {
        let diary = diary.clone();
        async move {
            cx.stopping().await;
            diary.note("the next one is asked");
        }
    })
}

/// Never lets go of a supervision event, nor of the state in it.
struct Hoarder;

impl Actor for Hoarder {
    type Msg = ();
    type State = Vec<SupervisionEvent>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(Vec::new())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        hoard: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        hoard.push(event);
        Ok(())
    }
}

const SECOND: Duration = Duration::from_secs(1);
