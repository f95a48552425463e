//! What waits in the guardian's queue.

use super::command::{GuardianCommand, commands};
use crate::child::StopCause;

#[tokio::test]
async fn a_wish_that_is_repeated_a_million_times_waits_once() {
    let (sender, mut receiver) = commands();

    for _ in 0..1_000_000 {
        sender.send(GuardianCommand::Stop(StopCause::Api));
        sender.send(GuardianCommand::Force);
        sender.send(GuardianCommand::GiveUp);
        sender.send(GuardianCommand::Answer);
    }

    assert_eq!(receiver.len(), 4);
    assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Api))));
    assert!(matches!(receiver.recv().await, Some(GuardianCommand::Force)));
}

#[tokio::test]
async fn a_wish_that_is_being_dealt_with_may_be_repeated() {
    let (sender, mut receiver) = commands();
    sender.send(GuardianCommand::Stop(StopCause::Api));
    assert!(receiver.recv().await.is_some());

    sender.send(GuardianCommand::Stop(StopCause::Api));

    assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Api))));
}

#[tokio::test]
async fn of_two_stops_that_wait_the_first_has_the_cause() {
    let (sender, mut receiver) = commands();

    sender.send(GuardianCommand::Stop(StopCause::Signal("SIGTERM")));
    sender.send(GuardianCommand::Stop(StopCause::Api));

    assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Signal("SIGTERM")))));
    assert!(receiver.len() == 0);
}

#[tokio::test]
async fn a_stop_that_is_not_put_off_is_heard_beside_one_that_is() {
    let (sender, mut receiver) = commands();

    sender.send(GuardianCommand::Stop(StopCause::Api));
    sender.send(GuardianCommand::Stop(StopCause::Uncontained));

    assert!(receiver.recv().await.is_some());
    assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Uncontained))));
}

#[test]
fn a_guardian_that_is_gone_is_told_nothing() {
    let (sender, receiver) = commands();
    assert!(sender.send(GuardianCommand::Answer));

    drop(receiver);

    assert!(!sender.send(GuardianCommand::Answer), "it waits for ever");
    assert!(!sender.send(GuardianCommand::Force));
}
