//! The init's own life: it passes signals on to the program, reaps strangers, and ends as the program ends.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use super::group::{SessionState, leave_group};
use super::leftovers::{Leftovers, Scope};
use super::suspend::follow;
use crate::sys;
use crate::sys::raw::{self, Blocking, ChildrenLeft, Reaped, Taken};

/// How the init ends if nothing says how the program has ended.
const UNKNOWN: i32 = 1;

/// What becomes of children of the init that are left when the program has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftoverPolicy {
    /// They go to the system's init.
    Left,
    /// These are killed.
    Killed(Scope),
}

/// Serves a program or its guard, our child, and ends as it ends. All signals are blocked. The child goes on when
/// `ready` ends.
pub(super) fn serve(program: i32, place: SessionState, ready: OwnedFd, rest: LeftoverPolicy) -> ! {
    // Also of SIGCHLD: where that is ignored, children leave no status.
    raw::reset_dispositions();
    let in_its_group = leave_group(place);
    sys::rename(c"rootward-init");
    // A signal to the group from when both were in it is pending in the program, too. The kernel merges it with the
    // same signal that is sent now.
    while let Some(signal) = raw::take_any_now() {
        pass_on(&signal, program, in_its_group);
    }
    let mut guarded = None;
    if rest != LeftoverPolicy::Left {
        sys::hang_up(&ready);
        guarded = program_of_guard(&ready);
    }
    drop(ready);
    // An open file or a working directory keeps a file system in use. The init keeps none: the program decides about
    // its own.
    let _ = leave_files();
    loop {
        if let Some(ended) = reap(program) {
            if let LeftoverPolicy::Killed(scope) = rest {
                let mut leftovers = Leftovers::of(scope);
                // If the guard was killed, its program came to us with all that it has left.
                guarded.into_iter().for_each(|program| leftovers.note_session_of(program));
                leftovers.kill_all();
            }
            end_as(ended);
        }
        pass_on(&raw::take_signal(), program, in_its_group);
    }
}

/// The number of the guard's program. There is none if the guard has ended before.
fn program_of_guard(guard: &OwnedFd) -> Option<i32> {
    let mut number = [0; size_of::<i32>()];
    sys::receive(guard, &mut number, Blocking::Wait).ok().filter(|(bytes, _)| *bytes == number.len())?;
    Some(i32::from_ne_bytes(number))
}

fn pass_on(signal: &Taken, program: i32, in_its_group: bool) {
    match signal.number() {
        libc::SIGCHLD => {}
        number if in_its_group && signal.is_from_kernel() && is_of_terminal(number) => {}
        _ => signal.send_on(program),
    }
}

pub(super) fn leave_files() -> io::Result<()> {
    let null = || File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from).ok();
    nix::unistd::chdir("/")?;
    sys::take_numbers([(null(), 0), (null(), 1), (null(), 2)])
}

/// Whether the terminal sends this to all of its foreground group.
fn is_of_terminal(signal: i32) -> bool {
    matches!(signal, libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP | libc::SIGWINCH)
}

/// Reaps all that has ended. Returns how the program has, if it is among them.
fn reap(program: i32) -> Option<(i32, i32)> {
    loop {
        match raw::reap_any_or_stopped() {
            Ok(Reaped { pid, how: libc::CLD_STOPPED, status }) => {
                if pid == program {
                    follow(program, status, None);
                }
            }
            Ok(Reaped { how: libc::CLD_TRAPPED, .. }) => {}
            Ok(Reaped { pid, how, status }) if pid == program => return Some((how, status)),
            // An orphan that the init has adopted.
            Ok(_) => {}
            Err(ChildrenLeft::Alive) => return None,
            // The program ended before the init caught SIGCHLD.
            Err(ChildrenLeft::NoChild) => return Some((libc::CLD_EXITED, UNKNOWN)),
        }
    }
}

/// Ends this process as another one has ended.
pub(super) fn end_as((how, status): (i32, i32)) -> ! {
    if how == libc::CLD_EXITED {
        raw::exit(status);
    }
    // The program has left a core if there is to be one.
    let _ = raw::dump_no_core();
    let _ = raw::kill(raw::own_pid(), status);
    raw::unblock_only(status);
    // Nothing kills process 1 from inside.
    raw::exit(128 + status)
}
