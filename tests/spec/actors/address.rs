//! Where an actor can be found.

use std::time::Duration;

use rootward::error::{Abandoned, Undelivered};
use rootward::ractor::ActorStatus;
use rootward::{Backoff, Restart, Supervisor};

use super::clerk::{Clerk, Order, Step};
use crate::support::{
    Act, Blocked, Flag, Odd, OtherRuntime, given, launched, poll, settle, started_by, until,
};

#[tokio::test(start_paused = true)]
async fn an_address_leads_to_the_incarnation_that_is_there() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    let first = a.now();
    assert_eq!((a.count().await, a.count().await), (1, 2));

    a.does(Step::Fail);
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;

    assert_ne!(a.now().get_id(), first.get_id());
    assert_eq!(a.count().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_can_be_waited_at_while_its_actor_is_restarted() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(late(&a))).await;
    let first = a.now();
    a.does(Step::Panic);
    log.wait_for_event("a", "restarting").await;
    assert!(a.address.current().is_none());

    let second = a.address.wait().await.expect("it comes back");

    assert_ne!(second.get_id(), first.get_id());
}

#[tokio::test(start_paused = true)]
async fn a_message_for_an_address_without_an_actor_is_given_back() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(late(&a))).await;
    a.does(Step::Panic);
    log.wait_for_event("a", "restarting").await;

    let Err(Undelivered(order)) = a.address.cast(Order::Do(Step::Fail)) else { panic!("there is no actor") };

    assert!(matches!(order, Order::Do(Step::Fail)));
}

#[tokio::test(start_paused = true)]
async fn a_message_can_wait_for_the_next_incarnation() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(late(&a))).await;
    a.does(Step::Panic);
    log.wait_for_event("a", "restarting").await;

    a.address.send(Order::Do(Step::StopYourself)).await.expect("it comes back");

    log.wait_for_event("a", "exited").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_sent_while_its_actor_dies_is_given_back_or_taken_by_the_next() {
    let a = Clerk::new();
    let (_tree, mut log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    let dying = a.now();
    dying.kill();
    until("it is about to go", || dying.get_status() >= ActorStatus::Stopping).await;

    a.address.send(Order::Do(Step::StopYourself)).await.expect("it comes back");

    log.wait_for_event("a", "started").await;
    log.wait_for_event("a", "exited").await;
}

#[tokio::test(start_paused = true)]
async fn a_sibling_that_starts_later_finds_the_actor_at_its_address() {
    let a = Clerk::new().that(Step::Take(Duration::from_secs(1)), "pre_start");
    let its_address = a.address.clone();
    let found = Flag::default();
    let its_flag = found.clone();
    let b = started_by("b", move |_| {
        if its_address.current().is_some() {
            its_flag.raise();
        }
        rootward::child_kind::Launch::Ignored
    });

    let (_tree, _log) = given(Supervisor::new("root").child(a.spec("a")).child(b)).await;

    assert!(found.is_raised());
}

#[tokio::test(start_paused = true)]
async fn no_actor_is_there_before_the_start_and_from_the_request_to_stop_on() {
    let a = Clerk::new().that(Step::Hang, "pre_start");
    let (_tree, mut log) = launched(Supervisor::new("root").child(a.spec("a")));
    log.wait_for_event("a", "starting").await;
    assert!(a.address.current().is_none());

    let b = Clerk::new();
    let (tree, mut log) = given(Supervisor::new("root").child(b.spec("b"))).await;
    b.does(Step::Hang);
    tokio::task::yield_now().await;
    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    assert!(b.address.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_stops_by_itself_is_not_found_any_more_while_it_cleans_up() {
    let a = Clerk::new().that(Step::Hang, "post_stop");
    let (_tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;

    a.does(Step::StopYourself);
    settle().await;

    assert!(a.diary.says("post_stop") && a.address.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_waited_at_before_any_child_has_it() {
    let a = Clerk::new();

    let (found, (_tree, _log)) = tokio::join!(a.address.wait(), async {
        settle().await;
        given(Supervisor::new("root").child(a.spec("a"))).await
    });

    assert_eq!(found.unwrap().get_id(), a.now().get_id());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_abandoned_when_its_tree_is_gone_and_may_be_taken_again() {
    let a = Clerk::new();
    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    tree.stop().await;
    tree.wait_gone().await;

    assert_eq!(a.address.wait().await.err(), Some(Abandoned));
    assert!(a.address.send(Order::Do(Step::Fail)).await.is_err());

    let (_tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;
    assert_eq!(a.count().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_not_abandoned_while_its_child_could_be_started_again() {
    let a = Clerk::new();
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec("a").restart(Restart::Transient))).await;
    a.does(Step::StopYourself);
    log.wait_for_event("a", "exited").await;

    let (found, ()) = tokio::join!(a.address.wait(), async {
        settle().await;
        tree.root().unwrap().restart_child("a").await.unwrap();
    });

    assert!(found.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_one_actor_does_not_drive_another_one_from_its_address() {
    let a = Clerk::new();
    let spec = a.spec("a").restart(Restart::Temporary);
    let (tree, mut log) = given(Supervisor::new("root").child(spec)).await;
    let first = a.now();
    tree.root().unwrap().start_child(a.spec("b")).await.unwrap();
    let second = a.now();
    assert_ne!(first.get_id(), second.get_id());

    first.kill();
    log.wait_for_event("a", "exited").await;

    assert_eq!(a.now().get_id(), second.get_id());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_waiting_at_an_address_changes_nothing() {
    let a = Clerk::new();
    let waiting = tokio::time::timeout(Duration::from_secs(1), a.address.wait()).await;
    assert!(waiting.is_err());

    let (tree, _log) = given(Supervisor::new("root").child(a.spec("a"))).await;

    assert_eq!(a.count().await, 1);
    assert!(tree.stop().await.clean);
}

/// A clerk that is restarted a second after its end.
fn late(clerk: &Clerk) -> rootward::ChildSpec {
    clerk.spec("a").backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).jitter(0.0))
}

#[tokio::test]
async fn a_waker_that_waits_at_an_address_keeps_neither_the_actor_nor_its_supervisor() {
    for wake in ["panics", "blocks"] {
        let runtime = OtherRuntime::new(3);
        let (blocked, release) = Blocked::new();
        let blocks = blocked.clone();
        let act: Act = match wake {
            "panics" => Box::new(|| panic!("a waker panics")),
            _ => Box::new(move || blocks.stay()),
        };
        let (a, woken) = (Clerk::new(), Flag::default());
        let odd = Odd { wake: act, woken: woken.clone(), ..Odd::default() };
        let address = a.address.clone();
        let mut waits = Box::pin(async move { drop(address.wait().await) });
        assert!(poll(waits.as_mut(), &odd.waker()).is_pending());

        let entered = runtime.enter();
        let (tree, _log) = launched(Supervisor::new("root").child(a.spec("a")));
        drop(entered);
        tree.started().await.expect("the tree can be started");

        assert!(tree.stop().await.clean, "{wake}");
        until("the waker is woken", || woken.is_raised()).await;
        drop(release);
    }
}
