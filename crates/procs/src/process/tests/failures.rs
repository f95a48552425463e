//! An owner whose handling of a message panics, and a sensor that panics: the process is killed, and the supervisor
//! hears of it.

use super::super::message::Fact;
use super::*;

#[tokio::test]
async fn a_process_whose_owner_fails_is_killed_and_reaped_and_reported() {
    let (mut given, owner) = given(shell("trap '' TERM; echo $$; exec sleep 1000"));
    let pid = given.line().await.parse().unwrap();

    owner.tell(OwnerMessage::Poison);

    assert_eq!(given.exit().await, sigkill());
    assert!(!is_there(pid));
}

#[tokio::test]
async fn a_start_whose_owner_fails_has_failed() {
    let (mut given, owner) = given(shell("exec sleep 1000"));
    given.starting().await;
    until(|| owner.is_known()).await;

    owner.tell(OwnerMessage::Poison);

    let is_over = |what: &EventKind| {
        matches!(what, EventKind::StartFailed { .. } | EventKind::Exited { .. }).then_some(())
    };
    given.find(is_over).await;
}

#[tokio::test]
async fn an_owner_that_fails_after_the_program_has_ended_says_how_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let (mut given, owner) = given(leaves_a_member(dir.path()));
    let left: u32 = given.line().await.parse().unwrap();
    given.wait_for_line("asked").await;

    owner.tell(OwnerMessage::Poison);

    assert_eq!(given.exit().await, Exit::Code(5));
    assert!(!is_alive(left));
}

#[tokio::test]
async fn an_owner_that_fails_while_it_waits_for_a_check_says_how_the_process_ended() {
    let check = BlockingCheck::new();
    let process = shell("exec sleep 1000").ready(check.ready());
    let (mut given, owner) = given_with_tasks_on(&check.tasks(), process);
    let pid = check.pid().await;
    given.tree.request_stop();
    until(|| !is_there(pid)).await;

    owner.tell(OwnerMessage::Poison);

    let asked = Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false, out_of_memory: false };
    assert_eq!(given.exit().await, asked);
}

#[tokio::test]
async fn a_process_whose_sensor_fails_is_killed_and_reaped_and_reported() {
    let (mut given, owner) = given(shell("trap '' TERM; echo $$; exec sleep 1000"));
    let pid = given.line().await.parse().unwrap();

    owner.tell(OwnerMessage::Fact(Fact::Lost));

    assert_eq!(given.exit().await, sigkill());
    assert!(!is_there(pid));
}

#[tokio::test]
async fn an_owner_that_has_failed_hears_nothing_else() {
    let (mut given, owner) = given(shell("trap 'exit 7' TERM; echo running; while :; do :; done"));
    given.wait_for_line("running").await;

    owner.tell(OwnerMessage::Poison);
    owner.tell(OwnerMessage::Stop);
    owner.tell(OwnerMessage::Poison);

    assert_eq!(given.exit().await, sigkill());
}
