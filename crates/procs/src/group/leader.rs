//! A process group, through the program that leads it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward_core::Exit;

use super::group_of;
use crate::Signal;
use crate::signal::and_continue;
use crate::sys::{self, Reap, Spawned, Status, WaitStatus};

/// A process group and the program that leads it.
///
/// Signals go to the whole group and never to a group that has got the same number later. Where the kernel can signal a
/// group through its leader's descriptor (6.9), that is certain by itself, and the leader is reaped as soon as it ends.
/// Elsewhere the leader is left as a zombie until the group is empty: its process id, which is the group's number,
/// stays taken for that long.
#[derive(Debug)]
pub(crate) struct Group {
    pid: i32,
    pidfd: Arc<OwnedFd>,
    reach: SignalRoute,
    /// Whether the leader has been reaped. Held while a signal is sent by number.
    reaped: Mutex<bool>,
}

/// How the group can be signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignalRoute {
    /// Through the leader's descriptor.
    Descriptor,
    /// By its number, while the leader has not been reaped.
    Number,
}

impl Group {
    /// The group of a program that was just started.
    pub(crate) fn new(spawned: Spawned) -> Self {
        let Spawned { pid, pidfd } = spawned;
        let reach = match sys::send_to_group(&pidfd, 0) {
            // Kernels before 6.9 do not know the flag, and a sandbox may refuse the call.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS | libc::EPERM)) => {
                SignalRoute::Number
            }
            Ok(()) | Err(_) => SignalRoute::Descriptor,
        };
        Self { pid, pidfd: Arc::new(pidfd), reach, reaped: Mutex::new(false) }
    }

    /// As on a kernel that cannot signal a group through a descriptor.
    #[cfg(test)]
    pub(crate) fn by_number(spawned: Spawned) -> Self {
        Self { reach: SignalRoute::Number, ..Self::new(spawned) }
    }

    /// The leader's process id, which is the group's number.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// The leader's descriptor, which becomes readable when the leader has ended.
    pub(crate) fn pidfd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.pidfd)
    }

    /// Whether the leader has ended. It is not reaped by this.
    pub(crate) fn has_ended(&self) -> bool {
        sys::has_ended(&self.pidfd)
    }

    /// Sends a signal to every process of the group, and to the leader also when it has left the group. SIGCONT
    /// follows, so that stopped processes react. An empty group is no error.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        self.signal_stray_leader(signal)?;
        for signal in and_continue(signal) {
            let result = match self.reach {
                SignalRoute::Descriptor => sys::send_to_group(&self.pidfd, signal.number()),
                SignalRoute::Number => self.signal_by_number(signal),
            };
            match result {
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Sends a signal to the leader alone, and SIGCONT after it.
    pub(crate) fn signal_leader(&self, signal: Signal) -> io::Result<()> {
        and_continue(signal).try_for_each(|signal| sys::send(&self.pidfd, signal.number()))
    }

    /// Sends a signal to the leader alone, and nothing after it.
    pub(crate) fn tell_program(&self, signal: Signal) -> io::Result<()> {
        sys::send(&self.pidfd, signal.number())
    }

    /// How the leader ended, or `None` if that cannot be said yet: it runs, or a tracer has not let go of it.
    pub(crate) fn exited(&self) -> Option<Exit> {
        let mut reaped = self.lock();
        let reap = match self.reach {
            SignalRoute::Descriptor => Reap::Take,
            SignalRoute::Number => Reap::Leave,
        };
        match sys::wait(&self.pidfd, reap) {
            Ok(WaitStatus::NotYet) => None,
            Ok(WaitStatus::Ended(status)) => {
                *reaped = reap == Reap::Take;
                Some(exit(status))
            }
            // Another part of this program reaps children that are not its own, or this program ignores SIGCHLD.
            Ok(WaitStatus::Stolen) | Err(_) => {
                *reaped = true;
                Some(sys::reaped_status(&self.pidfd).map_or(Exit::Unknown, exit))
            }
        }
    }

    /// Whether no process is left in the group, after the leader has ended. `None` if only the list of members can
    /// tell.
    ///
    /// Zombies that have not been reaped are members of a group.
    pub(crate) fn is_empty(&self) -> Option<bool> {
        let is_reaped = *self.lock();
        match (self.reach, is_reaped) {
            (SignalRoute::Descriptor, _) => {
                let looked = sys::send_to_group(&self.pidfd, 0);
                Some(looked.is_err_and(|error| error.raw_os_error() == Some(libc::ESRCH)))
            }
            (SignalRoute::Number, false) => None,
            // Its number may be that of another group by now, so that nothing can be said or done about it.
            (SignalRoute::Number, true) => Some(true),
        }
    }

    /// Lets go of a group that is empty.
    pub(crate) fn release(&self) {
        let mut reaped = self.lock();
        if !*reaped {
            // It is a zombie that we have seen, or another part of this program has reaped it.
            let _ = sys::wait(&self.pidfd, Reap::Take);
            *reaped = true;
        }
    }

    /// A leader can join another group of its session. It is still ours.
    fn signal_stray_leader(&self, signal: Signal) -> io::Result<()> {
        let reaped = self.lock();
        // Not reaped, so that its process id is its own.
        match group_of(self.pid) {
            Some(group) if !*reaped && group != self.pid => {
                and_continue(signal).try_for_each(|signal| sys::send(&self.pidfd, signal.number()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn signal_by_number(&self, signal: Signal) -> io::Result<()> {
        let reaped = self.lock();
        if *reaped {
            return Ok(());
        }
        sys::send_to_group_number(self.pid, signal.number())
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.reaped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn exit(status: Status) -> Exit {
    match status {
        Status::Code(code) => Exit::Code(code),
        Status::Signal { number, core_dumped } => {
            let name = Signal::from_number(number).map_or("an unknown signal", Signal::name).to_owned();
            Exit::Signal { name, number, core_dumped, out_of_memory: false }
        }
    }
}

#[cfg(test)]
#[path = "leader_tests.rs"]
mod tests;
