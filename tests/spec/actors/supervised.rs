//! Actors under the rules by which every child lives.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rootward::error::StartChildError;
use rootward::event::StopCause;
use rootward::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward::{ChildSpec, Exit, Restart, Strategy, Supervisor, SupervisorHandle};

use super::clerk::{Clerk, Order, Step};
use crate::support::{given, obedient, settle};

#[tokio::test(start_paused = true)]
async fn a_restart_depends_on_the_kind_of_child_and_the_kind_of_end() {
    let ends = [Step::StopYourself, Step::Fail, Step::Panic, Step::KillYourself];

    assert_eq!(restarted_after(Restart::Permanent, ends).await, [true, true, true, true]);
    assert_eq!(restarted_after(Restart::Transient, ends).await, [false, true, true, true]);
    assert_eq!(restarted_after(Restart::Temporary, ends).await, [false, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn one_for_one_restarts_the_actor_that_failed_and_leaves_the_others_their_state() {
    assert_eq!(counts_after_the_second_failed(Strategy::OneForOne).await, [2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn one_for_all_restarts_all_actors() {
    assert_eq!(counts_after_the_second_failed(Strategy::OneForAll).await, [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_restarts_the_actor_that_failed_and_those_that_started_after_it() {
    assert_eq!(counts_after_the_second_failed(Strategy::RestForOne).await, [2, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn siblings_that_a_strategy_restarts_are_stopped_and_not_killed() {
    let (a, b) = (Clerk::new(), Clerk::new());
    let root = Supervisor::new("root").strategy(Strategy::OneForAll);
    let (tree, mut log) = given(root.child(a.spec("a")).child(b.spec("b"))).await;

    a.does(Step::Panic);
    log.wait_for_event("b", "stopped").await;
    log.wait_for_event("b", "started").await;

    assert!(b.diary.says("post_stop") && !a.diary.says("post_stop"));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_whose_actor_fails_too_often_gives_up() {
    let a = Clerk::new();
    let root = Supervisor::new("root").intensity(2, Duration::from_secs(5)).child(a.spec("a"));
    let (tree, log) = given(root).await;

    for _ in 0..3 {
        a.address.send(Order::Do(Step::Panic)).await.expect("it is there");
        settle().await;
    }

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    assert_eq!(log.until_the_end().await.count("a", "started"), 3);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_ends_as_soon_as_it_has_started_is_restarted_until_its_supervisor_gives_up() {
    let a = Clerk::new().that(Step::StopYourself, "post_start").that(Step::Take(SECOND), "pre_start");
    let root = Supervisor::new("root").intensity(2, 60 * SECOND).child(a.spec("a"));
    let (tree, _log) = given(root).await;

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    let starts = a.diary.entries().iter().filter(|entry| **entry == "pre_start").count();
    assert_eq!(starts, 3);
}

#[tokio::test(start_paused = true)]
async fn an_actor_is_terminated_restarted_and_deleted_by_hand_like_any_other_child() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    let root = tree.root().expect("it runs");

    root.terminate_child("a").await.unwrap();
    assert!(a.diary.says("state dropped") && a.address.current().is_none());
    root.restart_child("a").await.unwrap();
    assert_eq!(a.count().await, 1);
    root.terminate_child("a").await.unwrap();
    root.delete_child("a").await.unwrap();

    assert!(a.address.wait().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_actor_may_ask_its_own_supervisor_for_a_sibling_and_wait_for_it() {
    let (a, b) = (Clerk::new(), Clerk::new());
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    let root = tree.root().expect("it runs");

    root.start_child(b.spec("b")).await.unwrap();

    assert_eq!((a.count().await, b.count().await), (1, 1));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn callers_of_an_actor_that_stops_get_an_error_and_do_not_hang() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    a.does(Step::Take(SECOND));
    let actor = a.now();

    let (answer, report) = tokio::join!(async { rootward::ractor::call!(actor, Order::Count) }, tree.stop());

    assert!(answer.is_err() && report.clean);
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_mailbox_do_not_outlive_their_incarnation() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(a.spec("a"))).await;

    a.does(Step::Fail);
    a.does(Step::StopYourself);
    log.wait_for_event("a", "restarting").await;
    settle().await;

    // The second order would have stopped it.
    assert_eq!(a.count().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_again_and_again_is_there_again_and_again() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").intensity(100, SECOND).child(a.spec("a"))).await;

    for _ in 0..100 {
        a.address.send(Order::Do(Step::Panic)).await.expect("it comes back");
        settle().await;
        assert_eq!(a.count().await, 1);
    }

    let snapshot = tree.snapshot();
    let seen = snapshot.find("root/a").expect("it is there");
    assert_eq!((seen.incarnation, seen.restarts), (101, 100));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn actors_that_ask_their_stopping_supervisor_for_a_child_are_refused_and_do_not_hang() {
    let handle = Arc::new(OnceLock::new());
    let asks = |id: &str| {
        let handle = Arc::clone(&handle);
        ChildSpec::actor(id, move || (Asks(Arc::clone(&handle)), ()))
    };
    let (tree, _log) = given(Supervisor::new("root").child(asks("a")).child(asks("b"))).await;
    handle.set(tree.root().expect("it runs")).expect("it has not been set before");

    let report = tree.stop().await;

    assert!(report.clean);
    assert!(report.root.children.iter().all(|child| child.status == Some(Exit::Normal)));
}

/// Asks its supervisor for one more child when it stops.
struct Asks(Arc<OnceLock<SupervisorHandle>>);

impl Actor for Asks {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let supervisor = self.0.get().expect("the test has set it");
        match supervisor.start_child(obedient("late")).await {
            Err(StartChildError::Stopping { .. }) => Ok(()),
            other => Err(format!("this was not refused: {other:?}").into()),
        }
    }
}

/// Whether an actor with this restart is started again, after each of these ends.
async fn restarted_after(restart: Restart, ends: [Step; 4]) -> Vec<bool> {
    let mut restarted = Vec::new();
    for end in ends {
        let a = Clerk::new();
        let (_tree, mut log) = given(Supervisor::new("root").child(a.spec("a").restart(restart))).await;
        a.does(end);
        log.wait_for_event("a", "exited").await;
        settle().await;
        restarted.push(a.address.current().is_some());
    }
    restarted
}

/// What three actors count that have counted to one, after the second has failed.
async fn counts_after_the_second_failed(strategy: Strategy) -> [u32; 3] {
    let clerks = [Clerk::new(), Clerk::new(), Clerk::new()];
    let [a, b, c] = &clerks;
    let root = Supervisor::new("root").strategy(strategy);
    let (_tree, mut log) = given(root.child(a.spec("a")).child(b.spec("b")).child(c.spec("c"))).await;
    for clerk in &clerks {
        clerk.count().await;
    }

    b.does(Step::Fail);
    log.wait_for_event("b", "restarting").await;
    settle().await;

    [a.count().await, b.count().await, c.count().await]
}

const SECOND: Duration = Duration::from_secs(1);
