//! The guard: the parent of a program, between it and its init. It passes signals on, and ends all that is left when
//! the program has ended, or when the init is dead.
//!
//! The guard adopts the orphans among its descendants, so that "no children" means that nothing is left.
//! The times that it grants do not run out while it is suspended itself, as the processes of a frozen container are.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::signal::SigSet;

use super::awake::{AwakeEnd, now};
use super::group::{SessionState, follow_to_place};
use super::leftovers::{Leftovers, Scope};
use super::serve::{end_as, leave_files};
use super::suspend::follow;
use crate::Signal;
use crate::sys;
use crate::sys::raw::{self, Blocking, Reaped, Taken};

/// Makes this process the guard of a copy of itself, in which this returns. All signals are blocked, and the mask is
/// what the program is to have.
///
/// # Errors
///
/// The copy could not be made: this process is the program then.
pub(super) fn guard(
    init: i32,
    place: SessionState,
    is_ready: OwnedFd,
    ending: EndOptions,
    mask: &SigSet,
) -> io::Result<()> {
    // Every signal is looked at together with whether the init lives, and this one means nothing else.
    let _ = raw::die_with_parent(libc::SIGCHLD);
    if raw::parent_pid() != init {
        raw::exit(128 + libc::SIGKILL);
    }
    // If it could not, orphans would come to the init, which kills them.
    let _ = raw::adopt_orphans();
    // Waits until the init closes its end: it has found its place then.
    let _ = sys::receive(&is_ready, &mut [0], Blocking::Wait);
    let noted = sys::take_noted();
    let guard = raw::own_pid();
    let forked = sys::fork_blocked();
    match forked {
        Ok((Some(program), _)) => {
            // If we are killed, the init ends what is in the program's session.
            let _ = sys::send_message(&is_ready, &program.to_ne_bytes(), &[], Blocking::Wait);
            drop(is_ready);
            let mut guard =
                Guard { init, program, ending, kill_at: None, leftovers: Leftovers::of(ending.scope) };
            noted.into_iter().for_each(|signal| guard.send_early(signal));
            guard.stay()
        }
        Ok((None, _)) => {
            let _ = raw::die_with_parent(libc::SIGKILL);
            if raw::parent_pid() != guard {
                raw::exit(128 + libc::SIGKILL);
            }
            follow_to_place(place);
            sys::restore(mask);
            Ok(())
        }
        Err(error) => {
            sys::restore(mask);
            Err(error)
        }
    }
}

/// How a program is asked to end, and how much time it and what it leaves have.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndOptions {
    pub(super) grace: Duration,
    pub(super) stop_signal: Signal,
    pub(super) kill_after: Option<Duration>,
    pub(super) scope: Scope,
}

impl Default for EndOptions {
    fn default() -> Self {
        let grace = Duration::from_secs(5);
        Self { grace, stop_signal: Signal::TERM, kill_after: None, scope: Scope::Tree }
    }
}

struct Guard {
    init: i32,
    program: i32,
    ending: EndOptions,
    /// When the program is killed, once it has been asked to stop.
    kill_at: Option<AwakeEnd>,
    leftovers: Leftovers,
}

impl Guard {
    fn stay(mut self) -> ! {
        // Also of SIGCHLD: where that is ignored, children leave no status.
        raw::reset_dispositions();
        // A signal to the program's group is the program's.
        let _ = raw::lead_group();
        sys::rename(c"rootward-reaper");
        // The end of an output comes when the program and its descendants have closed it.
        let _ = leave_files();
        let (ended, has_patience) = self.until_the_end();
        self.end_the_rest(has_patience);
        end_as(ended)
    }

    /// Passes signals on until the program has ended. Says how it has, and whether what is left has a grace: a signal
    /// that came after the end, and was taken before the end was noticed, ends that.
    fn until_the_end(&mut self) -> ((i32, i32), bool) {
        loop {
            if let Some(ended) = self.reap() {
                return (ended, true);
            }
            self.leave_without_init();
            let Some(taken) = self.take_signal() else {
                let killed = self.kill();
                return (killed, false);
            };
            if taken.number() == libc::SIGCHLD {
                continue;
            }
            // Of two that wait the one with the lower number is taken first, and SIGTERM is lower than SIGCHLD.
            if let Some(ended) = self.reap() {
                return (ended, false);
            }
            self.pass_on(&taken);
        }
    }

    /// Waits for a signal. There is none when the time is over that the program has.
    fn take_signal(&mut self) -> Option<Taken> {
        let Some(kill_at) = &mut self.kill_at else { return Some(raw::take_signal()) };
        loop {
            let is_over = kill_at.is_over();
            // What has been sent is taken also when the time is over.
            let taken = kill_at.take_signal_within(Duration::MAX);
            if taken.is_some() || is_over {
                return taken;
            }
        }
    }

    fn pass_on(&mut self, taken: &Taken) {
        if taken.number() == libc::SIGTERM && self.ending.stop_signal != Signal::TERM {
            let _ = raw::kill(self.program, self.ending.stop_signal.number());
        } else {
            taken.send_on(self.program);
        }
        self.note_stop(taken.number());
    }

    /// Passes on what arrived before there was a program.
    fn send_early(&mut self, signal: i32) {
        let stop_signal = self.ending.stop_signal.number();
        let _ = raw::kill(self.program, if signal == libc::SIGTERM { stop_signal } else { signal });
        self.note_stop(signal);
    }

    /// The first signal that asks the program to stop begins its time.
    fn note_stop(&mut self, signal: i32) {
        if self.kill_at.is_none() && [libc::SIGTERM, self.ending.stop_signal.number()].contains(&signal) {
            self.kill_at = self.ending.kill_after.and_then(AwakeEnd::after);
        }
    }

    /// Kills the program, and says how it has ended: it may have done so by itself a moment before.
    fn kill(&mut self) -> (i32, i32) {
        let _ = raw::kill(self.program, libc::SIGKILL);
        loop {
            if let Some(ended) = self.reap() {
                return ended;
            }
            self.leave_without_init();
            let _ = raw::take_signal();
        }
    }

    /// Takes what has ended or has been stopped. Says how the program has ended, if it has.
    fn reap(&mut self) -> Option<(i32, i32)> {
        while let Ok(Reaped { pid, .. }) = raw::ended_or_stopped_child() {
            if pid == self.program {
                self.leftovers.note_session_of(pid);
            }
            // It may have gone on meanwhile.
            let Ok(reaped) = raw::reap_or_stopped(pid) else { continue };
            match reaped {
                Reaped { pid, how: libc::CLD_STOPPED, status } if pid == self.program => {
                    let since = now();
                    follow(self.program, status, Some(self.init));
                    let stood_still = now().saturating_duration_since(since);
                    self.kill_at = self.kill_at.and_then(|at| at.put_off(stood_still));
                }
                Reaped { how: libc::CLD_STOPPED | libc::CLD_TRAPPED, .. } => {}
                Reaped { pid, how, status } if pid == self.program => return Some((how, status)),
                // An orphan that was adopted.
                _ => {}
            }
        }
        None
    }

    /// Asks what is left to go, and kills it when the grace is over, or at once if there is none.
    fn end_the_rest(&mut self, has_patience: bool) {
        let mut grace = AwakeEnd::after(self.ending.grace);
        let mut is_asked = false;
        if !has_patience {
            return self.leftovers.kill_all();
        }
        while !self.leftovers.is_over() {
            self.leave_without_init();
            if !std::mem::replace(&mut is_asked, true) {
                self.leftovers.signal_all(self.ending.stop_signal);
            }
            let is_over = grace.as_mut().is_some_and(AwakeEnd::is_over);
            let again = self.leftovers.looks_again();
            let taken = match &mut grace {
                Some(grace) => grace.take_signal_within(again),
                None => raw::take_signal_within(again),
            };
            if is_over || taken.is_some_and(|taken| taken.number() != libc::SIGCHLD) {
                return self.leftovers.kill_all();
            }
        }
    }

    /// Ends everything if the init is dead.
    fn leave_without_init(&mut self) {
        if raw::parent_pid() != self.init {
            self.leftovers.note_session_of(self.program);
            self.leftovers.kill_all();
            raw::exit(128 + libc::SIGKILL);
        }
    }
}
