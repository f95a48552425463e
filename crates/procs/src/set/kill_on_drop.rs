//! Has a process set killed and reaped that its owner has lost.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::SigSet;
use rootward_core::Exit;

use super::{Ack, ProcessSet};
use crate::Signal;

/// Makes its holder responsible for a process set.
///
/// If it is dropped before the set was released, because a runtime was shut down or a task panicked, the set is killed
/// and reaped all the same, by a thread that exists only for that. The acknowledgement is let go after that.
#[derive(Debug)]
pub(crate) struct KillOnDrop {
    set: Option<Arc<ProcessSet>>,
    ack: Option<Ack>,
}

/// How often a thread that buries a set looks whether it is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

impl KillOnDrop {
    pub(crate) fn new(set: Arc<ProcessSet>) -> Self {
        Self { set: Some(set), ack: None }
    }

    /// Holds this until nothing is left of the set.
    pub(crate) fn with(mut self, ack: Ack) -> Self {
        self.ack = Some(ack);
        self
    }

    pub(crate) fn set(&self) -> &Arc<ProcessSet> {
        self.set.as_ref().expect("the owner holds its set until it is used up")
    }

    /// Lets go of a set that is empty.
    pub(crate) fn release(mut self) {
        if let Some(set) = self.set.take() {
            set.release();
        }
    }

    /// Kills the set, and calls a function when nothing of it is left.
    pub(crate) fn kill_and_reap(mut self, then: impl FnOnce(Exit) + Send + 'static) {
        if let Some(set) = self.set.take() {
            kill_and_reap(set, self.ack.take(), then);
        }
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(set) = self.set.take() {
            kill_and_reap(set, self.ack.take(), drop);
        }
    }
}

fn kill_and_reap(set: Arc<ProcessSet>, ack: Option<Ack>, then: impl FnOnce(Exit) + Send + 'static) {
    kill(&set);
    // Without a thread the zombie stays until this program ends. The kill has been sent in any case.
    let reap = thread::Builder::new().name("rootward-reap".to_owned());
    let _ = reap.spawn(move || {
        let _ = SigSet::all().thread_block();
        let exit = wait(&set);
        while !is_empty(&set) {
            kill(&set);
            pause();
        }
        set.release();
        then(exit);
        drop(ack);
    });
}

/// Whether the set, whose leader has ended, has no living member. Zombies that their parent does not reap do not count.
fn is_empty(set: &ProcessSet) -> bool {
    let counted = || matches!(set.list_members().blocking_recv(), Ok(Some(members)) if members.is_empty());
    set.is_empty() == Some(true) || (set.can_be_counted_out() && counted())
}

/// Waits until the leader has ended.
fn wait(set: &ProcessSet) -> Exit {
    let notify_fd = set.notify_fd();
    loop {
        let mut fds = [PollFd::new(notify_fd.as_fd(), PollFlags::POLLIN)];
        // The next line finds out whether the leader has ended, also after an error.
        let _ = nix::poll::poll(&mut fds, PollTimeout::NONE);
        match set.exited() {
            Some(exit) => return exit,
            // The descriptor was readable for another reason, or a tracer has not let go of the leader.
            None => pause(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread has no runtime, and the end of a set is no event")]
fn pause() {
    thread::sleep(LOOK_AGAIN);
}

fn kill(set: &ProcessSet) {
    // What cannot be killed is waited for all the same.
    let _ = set.signal(Signal::KILL);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::group::{Group, Which, list_members};
    use crate::sys::given::running;

    #[test]
    fn a_group_whose_kill_on_drop_is_dropped_is_killed_and_reaped() {
        let group = Arc::new(ProcessSet::Group(Group::new(running("trap '' TERM; exec sleep 1000"))));
        let process = format!("/proc/{}", group.pid());

        drop(KillOnDrop::new(group));

        let begin = std::time::SystemTime::now();
        while std::fs::exists(&process).unwrap() {
            assert!(begin.elapsed().unwrap() < Duration::from_secs(30), "it should have been reaped");
            thread::yield_now();
        }
    }

    #[test]
    fn a_burial_is_over_when_the_whole_group_is_gone() {
        for reach in [Group::new, Group::by_number] {
            let group = Arc::new(ProcessSet::Group(reach(running("sleep 1000 & exec sleep 1000"))));
            let (sender, receiver) = mpsc::channel();

            KillOnDrop::new(Arc::clone(&group)).kill_and_reap(move |exit| sender.send(exit).unwrap());

            let exit = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!(
                exit,
                Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false }
            );
            assert_eq!(list_members(Which::Group(group.pid())).blocking_recv().unwrap().unwrap().len(), 0);
        }
    }

    #[test]
    fn a_group_that_is_released_is_left_alone() {
        let group = Arc::new(ProcessSet::Group(Group::new(running("exit 0"))));
        let exit = wait(&group);

        KillOnDrop::new(group).release();

        assert_eq!(exit, Exit::Code(0));
    }
}
