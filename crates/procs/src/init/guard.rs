//! The guard: the parent of a program, between it and its init. It passes signals on, and ends all that is left when
//! the program has ended, or when the init is dead.
//!
//! The guard adopts the orphans among its descendants, so that "no children" means that nothing is left.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;

use super::group::{SessionState, follow_to_place};
use super::leftovers::{children_by_number, is_over, kill_all_children};
use super::serve::{end_as, leave_files};
use super::suspend::follow;
use crate::Signal;
use crate::group::{descendants_of, is_descendant};
use crate::signal::and_continue;
use crate::sys;
use crate::sys::raw::{self, Blocking, Reaped};

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
    grace: Duration,
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
    drop(is_ready);
    let noted = sys::take_noted();
    let guard = raw::own_pid();
    let forked = sys::fork_blocked();
    match forked {
        Ok((Some(program), _)) => {
            for signal in noted {
                let _ = raw::kill(program, signal);
            }
            Guard { init, program, grace }.stay()
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

struct Guard {
    init: i32,
    program: i32,
    grace: Duration,
}

impl Guard {
    fn stay(&self) -> ! {
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
    fn until_the_end(&self) -> ((i32, i32), bool) {
        loop {
            if let Some(ended) = self.reap() {
                return (ended, true);
            }
            self.leave_without_init();
            let taken = raw::take_signal();
            if taken.number() == libc::SIGCHLD {
                continue;
            }
            // Of two that wait the one with the lower number is taken first, and SIGTERM is lower than SIGCHLD.
            if let Some(ended) = self.reap() {
                return (ended, false);
            }
            taken.send_on(self.program);
        }
    }

    /// Takes what has ended or has been stopped. Says how the program has ended, if it has.
    fn reap(&self) -> Option<(i32, i32)> {
        while let Ok(reaped) = raw::reap_any_or_stopped() {
            match reaped {
                Reaped { pid, how: libc::CLD_STOPPED, status } if pid == self.program => {
                    follow(self.program, status, Some(self.init));
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
    #[expect(clippy::disallowed_methods, reason = "this process has no runtime")]
    fn end_the_rest(&self, has_patience: bool) {
        let since = Instant::now();
        let mut is_asked = false;
        if !has_patience {
            return kill_all_children();
        }
        while !is_over() {
            self.leave_without_init();
            if !std::mem::replace(&mut is_asked, true) {
                ask_descendants();
            }
            let left = self.grace.saturating_sub(since.elapsed());
            let taken = raw::take_signal_within(left);
            if left.is_zero() || taken.is_some_and(|taken| taken.number() != libc::SIGCHLD) {
                return kill_all_children();
            }
        }
    }

    /// Ends everything if the init is dead.
    fn leave_without_init(&self) {
        if raw::parent_pid() != self.init {
            kill_all_children();
            raw::exit(128 + libc::SIGKILL);
        }
    }
}

fn ask_descendants() {
    if !sys::proc_is_ours() {
        for (pid, signal) in
            children_by_number().flat_map(|pid| and_continue(Signal::TERM).map(move |signal| (pid, signal)))
        {
            let _ = raw::kill(pid, signal.number());
        }
        return;
    }
    let own = raw::own_pid();
    for pid in descendants_of(own) {
        let Ok(pidfd) = sys::open(pid) else { continue };
        if is_descendant(pid, own) {
            for signal in and_continue(Signal::TERM) {
                // One that has changed its user may be out of reach.
                let _ = sys::send(&pidfd, signal.number());
            }
        }
    }
}
