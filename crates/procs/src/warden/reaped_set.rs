//! The set of a process child that a reaper looks after, as the supervisor has it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward_core::Exit;

use super::WardenClient;
use super::protocol::{FromWarden, REPLY, SetRemainder, ToReaper};
use super::shared_client::is_hung_up;
use crate::Signal;
use crate::group::{exit, group_of};
use crate::signal::and_continue;
use crate::sys::raw::Blocking;
use crate::sys::{self, Spawned, Status};

/// A program with all its descendants, through the reaper that is the ancestor of them all.
///
/// If this is dropped, the line to the reaper is cut, and the reaper ends the set.
#[derive(Debug)]
pub(crate) struct ReapedSet {
    pid: i32,
    pidfd: OwnedFd,
    reaper: i32,
    line: Arc<OwnedFd>,
    client: Arc<WardenClient>,
    heard: Mutex<ReaperReport>,
}

/// What the reaper has said.
#[derive(Debug, Default)]
struct ReaperReport {
    exit: Option<Exit>,
    empty: bool,
    /// Whether the reaper can be given another set.
    stays: bool,
    /// Whether the line is cut before the reaper's last word: it has died.
    lost: bool,
}

impl ReapedSet {
    /// The set of a program that was just started.
    pub(crate) fn new(spawned: Spawned, reaper: i32, line: Arc<OwnedFd>, client: Arc<WardenClient>) -> Self {
        let Spawned { pid, pidfd } = spawned;
        client.began(reaper, &line);
        Self { pid, pidfd, reaper, line, client, heard: Mutex::default() }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn reaper(&self) -> i32 {
        self.reaper
    }

    /// Readable when there is something to hear.
    pub(crate) fn line(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.line)
    }

    /// Sends a signal to the program's group, and to the program also when it has left the group. SIGCONT follows, so
    /// that stopped processes react. SIGKILL goes to the whole set.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let heard = self.lock();
        if heard.empty {
            // The reaper's number may be another process's by now.
            return Ok(());
        }
        if signal == Signal::KILL {
            // The reaper goes on until no process is left. Should it be gone, the warden does.
            let _ = sys::send_message(&self.line, &ToReaper::Kill.encode(), &[], Blocking::Never);
            self.rouse();
        }
        let result = self.signal_group(signal);
        if group_of(self.pid).is_some_and(|group| group != self.pid) {
            for signal in and_continue(signal) {
                let _ = sys::send(&self.pidfd, signal.number());
            }
        }
        drop(heard);
        result
    }

    /// Sends a signal to the program alone, and SIGCONT after it.
    pub(crate) fn signal_leader(&self, signal: Signal) -> io::Result<()> {
        and_continue(signal).try_for_each(|signal| sys::send(&self.pidfd, signal.number()))
    }

    /// Sends a signal to the program alone, and nothing after it.
    pub(crate) fn tell_program(&self, signal: Signal) -> io::Result<()> {
        sys::send(&self.pidfd, signal.number())
    }

    /// Continues the reaper if a process has stopped it, for example its own program. Without a descriptor to spare it
    /// stays stopped.
    fn rouse(&self) {
        if let Ok(reaper) = sys::open(self.reaper) {
            // As long as its end of the line is open the number was its own.
            if !is_hung_up(&self.line) {
                let _ = sys::send(&reaper, libc::SIGCONT);
            }
        }
    }

    fn signal_group(&self, signal: Signal) -> io::Result<()> {
        let mut result = Ok(());
        for signal in and_continue(signal) {
            let sent = sys::send_to_group(&self.pidfd, signal.number());
            result = result.and(match sent.as_ref().err().and_then(io::Error::raw_os_error) {
                // There is no process in the group any more.
                Some(libc::ESRCH) => Ok(()),
                Some(libc::EINVAL) if signal == Signal::KILL => Ok(()),
                // This kernel cannot, and only the reaper knows whether the number is still the program's.
                Some(libc::EINVAL) => {
                    let order = ToReaper::Signal(signal.number()).encode();
                    sys::send_message(&self.line, &order, &[], Blocking::Never)
                }
                _ => sent,
            });
        }
        result
    }

    /// Lets go of a set that is empty. If its reaper stays, it is free for another one, once.
    pub(crate) fn release(&self) {
        if std::mem::take(&mut self.lock().stays) {
            self.client.recycle(Arc::clone(&self.line));
        }
    }

    /// How the program ended, if it has.
    pub(crate) fn exited(&self) -> Option<Exit> {
        let mut heard = self.listen();
        if heard.exit.is_none() && heard.lost && self.client.is_swept(self.reaper) {
            // The warden has reaped it, or the kernel cannot tell.
            heard.exit = Some(sys::reaped_status(&self.pidfd).map_or(Exit::Unknown, exit));
        }
        heard.exit.clone()
    }

    /// Whether no process is left of the set.
    pub(crate) fn is_empty(&self) -> bool {
        let heard = self.listen();
        heard.empty || (heard.lost && self.client.is_swept(self.reaper))
    }

    /// Whether there is nothing more to hear on the line, by what was heard the last time.
    pub(crate) fn is_silent(&self) -> bool {
        let heard = self.lock();
        heard.empty || heard.lost
    }

    /// Hears what there is to hear.
    fn listen(&self) -> MutexGuard<'_, ReaperReport> {
        let mut heard = self.lock();
        let mut message = [0; REPLY];
        while !heard.empty && !heard.lost {
            match sys::receive(&self.line, &mut message, Blocking::Never) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok((0, _)) | Err(_) => heard.lost = true,
                Ok((bytes, _)) => heard.hear(&message[..bytes]),
            }
        }
        heard
    }

    fn lock(&self) -> MutexGuard<'_, ReaperReport> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReaperReport {
    fn hear(&mut self, message: &[u8]) {
        match FromWarden::decode(message) {
            Some(FromWarden::Ended { how, status, rest, out_of_memory: out }) => {
                let mut exit = exit(Status::of(how, status));
                if let Exit::Signal { out_of_memory, .. } = &mut exit {
                    *out_of_memory = out;
                }
                self.exit = Some(exit);
                self.hear_rest(rest);
            }
            Some(FromWarden::Empty { rest }) => self.hear_rest(rest),
            Some(
                FromWarden::Ready { .. }
                | FromWarden::Unable { .. }
                | FromWarden::Started { .. }
                | FromWarden::Refused { .. }
                | FromWarden::Swept { .. },
            )
            | None => {}
        }
    }

    fn hear_rest(&mut self, rest: SetRemainder) {
        self.empty = rest != SetRemainder::Processes;
        self.stays = rest == SetRemainder::Nothing;
    }
}

impl Drop for ReapedSet {
    fn drop(&mut self) {
        self.client.ended(self.reaper);
    }
}
