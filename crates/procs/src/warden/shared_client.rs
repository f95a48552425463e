//! What the thread that listens to the warden shares with the handles, and how the warden ends.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::sync::watch;

use super::cgroup;
use super::orphans::look_after_orphans;
use super::pool::Pool;
use super::protocol::{FromWarden, REPLY};
use super::state::{WardenState, locked};
use crate::sys::raw::Blocking;
use crate::sys::{self, Reap};

/// How long idle reapers are waited for when the warden is over. They end at once, unless something has suspended them.
const IDLE_REAPERS: Duration = Duration::from_secs(1);

/// What the thread that listens to the warden shares with the handles.
pub(super) struct SharedClient {
    pub(super) pid: i32,
    pub(super) socket: OwnedFd,
    pub(super) pidfd: OwnedFd,
    pub(super) state: Mutex<WardenState>,
    pub(super) changed: Condvar,
    pub(super) pool: Pool,
    pub(super) died: watch::Sender<bool>,
}

impl SharedClient {
    pub(super) fn state(&self) -> MutexGuard<'_, WardenState> {
        locked(&self.state)
    }

    pub(super) fn listen(&self) {
        let mut message = [0; REPLY];
        loop {
            match sys::receive(&self.socket, &mut message, Blocking::Wait) {
                Ok((0, _)) | Err(_) => break,
                Ok((bytes, _)) => {
                    if let Some(FromWarden::Swept { reaper }) = FromWarden::decode(&message[..bytes]) {
                        self.state().reapers.swept(reaper);
                    }
                }
            }
        }
        self.wait_for_the_end(PollTimeout::NONE);
        let mut state = self.state();
        if !std::mem::replace(&mut state.dead, true) && !state.closing {
            drop(state);
            self.pool.close();
            self.died.send_replace(true);
            look_after_orphans(&self.state);
            cgroup::remove_after_a_warden();
            self.state().settled = true;
            self.changed.notify_all();
        }
    }

    pub(super) fn close(&self, within: Duration) -> bool {
        self.let_go();
        self.wait_for_the_end(PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX))
            && self.settle(within)
            && self.pool.wait_until_gone(within.min(IDLE_REAPERS))
    }

    /// Lets go of the warden, and waits for nothing.
    pub(super) fn let_go(&self) {
        self.state().closing = true;
        self.pool.close();
        sys::hang_up(&self.socket);
        // It may have been stopped.
        let _ = sys::send(&self.pidfd, libc::SIGCONT);
    }

    /// Waits until nothing is left of a warden that has died before its time.
    fn settle(&self, within: Duration) -> bool {
        if !*self.died.borrow() {
            return true;
        }
        let state = self.changed.wait_timeout_while(self.state(), within, |state| !state.settled);
        state.unwrap_or_else(PoisonError::into_inner).0.settled
    }

    /// Waits for the warden's end, and reaps it. `false` says that it has not ended in this time.
    pub(super) fn wait_for_the_end(&self, within: PollTimeout) -> bool {
        let mut fds = [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        let ended = poll(&mut fds, within).is_ok_and(|ready| ready > 0);
        if ended {
            // If another part of this program has reaped it, it is gone all the same.
            let _ = sys::wait(&self.pidfd, Reap::Take);
        }
        ended
    }
}

/// Waits until there is a message, or no process is at the other end any more. `false` says that the time is over.
pub(super) fn has_something_to_read(socket: &OwnedFd, within: Duration) -> io::Result<bool> {
    let end = now() + within;
    loop {
        let left = end.saturating_duration_since(now());
        let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Err(Errno::EINTR) => {}
            answer => return Ok(answer? > 0),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a process is waited for, and no paused clock says how long")]
fn now() -> Instant {
    Instant::now()
}

/// Whether no process is at the other end of a conversation any more.
pub(super) fn is_hung_up(socket: &OwnedFd) -> bool {
    // poll reports a hang-up without being asked for it.
    is_reported(poll(&mut [PollFd::new(socket.as_fd(), PollFlags::empty())], PollTimeout::ZERO))
}

/// A poll that a signal has interrupted, or that the system has refused, has seen nothing.
fn is_reported(answer: nix::Result<i32>) -> bool {
    matches!(answer, Ok(ready) if ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_whose_other_end_is_gone_is_hung_up() {
        let (ours, theirs) = sys::pair().unwrap();

        assert!(!is_hung_up(&ours));
        drop(theirs);
        // A process that another test of this program forks meanwhile has it until it has closed what it inherited.
        while !is_hung_up(&ours) {
            std::thread::yield_now();
        }
        assert!(
            [Err(Errno::EINTR), Err(Errno::ENOMEM), Ok(0)].into_iter().all(|answer| !is_reported(answer))
        );
    }
}
