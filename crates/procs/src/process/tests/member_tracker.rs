//! What is left of a set: which members are counted, and which the report names.

use std::path::PathBuf;

use rootward_core::Outcome;
use tempfile::TempDir;

use super::super::member_tracker::{Found, MemberTracker};
use super::super::message::Fact;
use super::*;
use crate::Signal;
use crate::group::{Group, Which, list_members};
use crate::set::ProcessSet;
use crate::sys::given::running;

#[tokio::test]
async fn the_rest_of_a_set_is_found_and_ended_also_by_number() {
    for reach in [Group::new, Group::by_number] {
        let set = ProcessSet::Group(reach(running("sleep 1000 & exit 0")));
        ended(&set).await;
        let mut members = MemberTracker::default();
        members.left_alone();

        assert_eq!(found(&mut members, &set).await, Found::Members);
        members.about_to_signal(Signal::KILL, &set);
        set.signal(Signal::KILL).unwrap();
        until_empty(&mut members, &set).await;
        set.release();

        let left = members.report();
        assert_eq!(left.iter().map(|left| left.outcome).collect::<Vec<_>>(), [Outcome::Killed]);
    }
}

#[tokio::test]
async fn a_member_that_leaves_the_set_is_not_spoken_of() {
    let mut left = Left::behind().await;

    left.leave().await;
    let is_to_be_counted = left.members.look(&left.set);

    assert!(is_to_be_counted, "only the listed can tell whether that was the last one");
    left.assert_is_not_spoken_of().await;
}

#[tokio::test]
async fn a_member_that_has_left_the_set_when_it_is_counted_again_is_not_spoken_of() {
    let left = Left::behind().await;

    left.leave().await;

    left.assert_is_not_spoken_of().await;
}

#[tokio::test]
async fn a_process_is_gone_when_its_last_member_has_left_the_set() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = fifo(&dir);
    let daemon = "trap \"\" TERM; echo $$; echo > ready; read -r line < fifo; exec setsid sleep 1000";
    let script = format!("sh -c '{daemon}' & until [ -s ready ]; do :; done; exit 0");
    let mut given = Given::new(StartProcess::new(Arc::new(shell(&script).current_dir(dir.path()))));
    let member: u32 = given.line().await.parse().unwrap();

    std::fs::write(fifo, "go\n").unwrap();

    assert_eq!(given.exit().await, Exit::Code(0));
    assert!(is_alive(member));
    kill(member.try_into().unwrap());
}

#[tokio::test]
async fn a_census_that_has_been_replaced_is_not_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (mut given, owner) = given(leaves_a_member(dir.path()));
    let member: i32 = given.line().await.parse().unwrap();
    given.wait_for_line("asked").await;

    owner.tell(OwnerMessage::Fact(Fact::Counted(0, Some(Vec::new()))));
    owner.tell(OwnerMessage::Fact(Fact::Counted(0, Some(Vec::new()))));
    send(member, nix::sys::signal::SIGTERM);

    given.wait_for_line("asked").await;
    kill(member);
    assert_eq!(given.exit().await, Exit::Code(5));
}

/// A member of a group whose leader has ended.
struct Left {
    set: ProcessSet,
    members: MemberTracker,
    member: i32,
    fifo: PathBuf,
    _dir: TempDir,
}

impl Left {
    async fn behind() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fifo = fifo(&dir);
        let daemon = format!("sh -c 'read -r line < {0}; exec setsid sleep 1000' & exit 0", fifo.display());
        let set = ProcessSet::Group(Group::new(running(&daemon)));
        ended(&set).await;
        let mut members = MemberTracker::default();
        members.left_alone();
        assert_eq!(found(&mut members, &set).await, Found::Members);
        let member = list_members(Which::Group(set.pid())).await.unwrap().unwrap().remove(0).pid;
        Self { set, members, member, fifo, _dir: dir }
    }

    /// Has the member go to a session of its own.
    async fn leave(&self) {
        std::fs::write(&self.fifo, "go\n").unwrap();
        until(|| !self.set.has(self.member)).await;
    }

    async fn assert_is_not_spoken_of(mut self) {
        until_empty(&mut self.members, &self.set).await;
        kill(self.member);
        assert_eq!(self.members.report(), []);
    }
}

fn fifo(dir: &TempDir) -> PathBuf {
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    fifo
}

fn kill(pid: i32) {
    send(pid, nix::sys::signal::SIGKILL);
}

fn send(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}

async fn ended(set: &ProcessSet) {
    until(|| set.exited().is_some()).await;
}

/// What the list of members finds.
async fn found(members: &mut MemberTracker, set: &ProcessSet) -> Found {
    let listed = timeout(PATIENCE, set.list_members()).await.expect("it is counted").unwrap();
    members.counted(listed, set)
}

async fn until_empty(members: &mut MemberTracker, set: &ProcessSet) {
    let empties =
        async { while set.is_empty() != Some(true) && found(members, set).await != Found::Empty {} };
    timeout(PATIENCE, empties).await.expect("the set becomes empty");
    members.dismiss(set);
}
