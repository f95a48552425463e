//! Sees to it that a process group is not forgotten.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::SigSet;
use rootward_core::Exit;

use super::{Group, census};
use crate::Signal;

/// Whoever holds a leash is responsible for a process group.
///
/// If it is dropped before the group was released, because a runtime was shut down or a task panicked, the group is killed
/// and reaped all the same, by a thread that exists only for that.
#[derive(Debug)]
pub(crate) struct Leash(Option<Arc<Group>>);

/// How often a thread that buries a group looks whether it is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

impl Leash {
    pub(crate) fn new(group: Arc<Group>) -> Self {
        Self(Some(group))
    }

    pub(crate) fn group(&self) -> &Arc<Group> {
        self.0.as_ref().expect("a leash holds its group until it is used up")
    }

    /// Lets go of a group that is empty.
    pub(crate) fn release(mut self) {
        if let Some(group) = self.0.take() {
            group.release();
        }
    }

    /// Kills the group, and calls a function when nothing of it is left.
    pub(crate) fn bury(mut self, then: impl FnOnce(Exit) + Send + 'static) {
        if let Some(group) = self.0.take() {
            bury(group, then);
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            bury(group, drop);
        }
    }
}

fn bury(group: Arc<Group>, then: impl FnOnce(Exit) + Send + 'static) {
    kill(&group);
    let name = "rootward-reap".to_owned();
    // Without a thread the zombie stays until this program ends. The kill has been sent in any case.
    let _ = thread::Builder::new().name(name).spawn(move || {
        let _ = SigSet::all().thread_block();
        let exit = wait(&group);
        while !is_empty(&group) {
            kill(&group);
            pause();
        }
        group.release();
        then(exit);
    });
}

/// Whether nobody lives in the group, whose leader has ended. Zombies that their parent does not reap do not count.
fn is_empty(group: &Group) -> bool {
    let counted = || matches!(census(group.pid()).blocking_recv(), Ok(Some(members)) if members.is_empty());
    group.is_empty() == Some(true) || counted()
}

/// Waits until the leader has ended.
fn wait(group: &Group) -> Exit {
    let pidfd = group.pidfd();
    loop {
        let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        // An error is as good as an end: the next line finds out.
        let _ = nix::poll::poll(&mut fds, PollTimeout::NONE);
        match group.exited() {
            Some(exit) => return exit,
            // Somebody traces it and has not let go.
            None => pause(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread has no runtime, and the end of a group is no event"
)]
fn pause() {
    thread::sleep(LOOK_AGAIN);
}

fn kill(group: &Group) {
    // What cannot be killed is waited for all the same.
    let _ = group.signal(Signal::KILL);
}
