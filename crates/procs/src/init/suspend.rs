//! The init is suspended together with the program: a shell looks at the process that it has started.

use std::os::fd::AsRawFd as _;

use crate::sys::{self, raw};

/// How often the helper looks whether the program goes on, in milliseconds. The kernel tells only the parent, and the
/// init is suspended.
const LOOK_AGAIN: u32 = 20;

/// Suspends this process because a signal has suspended the program, until either goes on.
///
/// The process at which a shell looks is this one, or our parent if `init` is its number.
pub(super) fn follow(program: i32, signal: i32, init: Option<i32>) {
    if signal != libc::SIGSTOP && is_orphaned(init) {
        // Without the init the kernel would not have suspended the program by this signal: no shell would continue it.
        if signal == libc::SIGTSTP {
            let _ = raw::kill(program, libc::SIGCONT);
        }
        return;
    }
    if init.unwrap_or_else(raw::own_pid) == 1 {
        // No signal suspends process 1.
        return;
    }
    let Ok((helper, _)) = sys::fork_blocked() else { return };
    let Some(helper) = helper else { wake_when_it_goes_on(program) };
    // What stops this process discards a SIGCONT that is pending. One that comes between the next two calls is lost.
    let before = raw::take_if_sent(libc::SIGCONT);
    if before.is_none() {
        // Not by the same signal: it would have to be let through, and another one like it would slip in when this
        // process goes on.
        let _ = raw::kill(raw::own_pid(), libc::SIGSTOP);
    }
    let _ = raw::kill(helper, libc::SIGKILL);
    let _ = raw::reap_now(helper);
    // The helper may have sent another one.
    let after = raw::take_if_sent(libc::SIGCONT);
    if let Some(taken) = [before, after].into_iter().flatten().find(|taken| taken.sender() != helper) {
        taken.send_on(program);
    }
}

/// Whether no parent in our session looks after the init's group, as POSIX has it. The init is alone in its group, or
/// leads the session.
fn is_orphaned(init: Option<i32>) -> bool {
    let parent = match init {
        None => Some(raw::parent_pid()),
        Some(init) => sys::open(init).ok().and_then(|pidfd| raw::parent_of(init, pidfd.as_raw_fd())),
    };
    match parent {
        // It is outside the namespace.
        None | Some(0) => true,
        Some(parent) => raw::session_of(parent) != raw::session_of(0),
    }
}

/// Continues the init when the program is suspended no more, until the init, which goes on then, kills it.
fn wake_when_it_goes_on(program: i32) -> ! {
    let init = raw::parent_pid();
    let _ = raw::die_with_parent(libc::SIGKILL);
    while raw::parent_pid() == init && raw::is_stopped(program) {
        let _ = raw::wait_readable([], Some(LOOK_AGAIN));
    }
    // Again, because the first may come before the init is suspended, and be lost.
    while raw::parent_pid() == init {
        let _ = raw::kill(init, libc::SIGCONT);
        let _ = raw::wait_readable([], Some(LOOK_AGAIN));
    }
    raw::exit(0)
}
