//! What a group does, however the kernel lets it be reached.

use std::os::fd::OwnedFd;

use super::*;
use crate::sys::given::running;
use crate::sys::has_ended;

const REACHES: [fn(Spawned) -> Group; 2] = [Group::new, Group::by_number];

#[test]
fn a_leader_that_runs_has_not_exited() {
    for group in REACHES.map(|reach| reach(running("kill -STOP $$"))) {
        assert_eq!(group.exited(), None);
        end(&group);
    }
}

#[test]
fn a_signal_reaches_the_members_that_the_leader_has_left_behind() {
    for reach in REACHES {
        let group = reach(running("sleep 1000 & exit 5"));
        wait(&group.pidfd());
        let exit = group.exited();
        let member = sys::open(only_member(&group)).unwrap();

        group.signal(Signal::KILL).unwrap();

        wait(&member);
        assert_eq!(exit, Some(Exit::Code(5)));
        group.release();
    }
}

#[test]
fn a_group_whose_leader_was_alone_is_empty_afterwards() {
    let group = Group::new(running("exit 0"));
    wait(&group.pidfd());

    assert_eq!(group.exited(), Some(Exit::Code(0)));
    assert_eq!(group.is_empty(), Some(true));
}

#[test]
fn a_group_that_is_reached_by_number_keeps_its_number_until_it_is_released() {
    let group = Group::by_number(running("exit 0"));
    wait(&group.pidfd());
    group.exited();

    let before = std::fs::exists(format!("/proc/{}", group.pid())).unwrap();
    group.release();

    assert!(before);
    assert_eq!(group.is_empty(), Some(true));
    group.signal(Signal::KILL).unwrap();
}

#[test]
fn an_exit_that_other_code_took_is_not_waited_for() {
    let group = Group::new(running("exit 42"));
    wait(&group.pidfd());
    assert_eq!(sys::wait(group.pidfd(), Reap::Take).unwrap(), WaitStatus::Ended(Status::Code(42)));

    // Kernels since 6.15 still know it.
    assert!(matches!(group.exited(), Some(Exit::Code(42) | Exit::Unknown)));
}

fn end(group: &Group) {
    group.signal(Signal::KILL).unwrap();
    wait(&group.pidfd());
    assert_eq!(
        group.exited(),
        Some(Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false })
    );
    group.release();
}

fn wait(process: &OwnedFd) {
    while !has_ended(process) {
        std::thread::yield_now();
    }
}

fn only_member(group: &Group) -> i32 {
    loop {
        let members = crate::group::list_members(crate::group::Which::Group(group.pid()))
            .blocking_recv()
            .unwrap()
            .unwrap();
        if let [member] = members.as_slice() {
            return member.pid;
        }
    }
}
