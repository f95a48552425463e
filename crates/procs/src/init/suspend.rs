//! The init is suspended together with the program: a shell looks at the process that it has started.

use crate::sys::{self, raw};

/// How often it is looked whether the program goes on, in milliseconds. Only a parent that runs is told, and the init does not.
const LOOK_AGAIN: u32 = 20;

/// Suspends this process by the signal that has suspended the program, until either goes on.
pub(super) fn follow(program: i32, signal: i32) {
    if raw::own_pid() == 1 {
        // No signal suspends process 1, and no shell looks at it.
        return;
    }
    let Ok((helper, _)) = sys::fork_blocked() else { return };
    let Some(helper) = helper else { wake_when_it_goes_on(program) };
    raw::unblock_only(signal);
    let _ = raw::kill(raw::own_pid(), signal);
    raw::block_all_signals();
    let _ = raw::kill(helper, libc::SIGKILL);
    let _ = raw::reap_now(helper);
    match raw::take_if_sent(libc::SIGCONT) {
        Some(taken) if taken.sender() == helper => {}
        Some(taken) => taken.send_on(program),
        // The kernel has not suspended us: no shell would continue us. So it was not for the program, either.
        None if signal == libc::SIGTSTP => drop(raw::kill(program, libc::SIGCONT)),
        None => {}
    }
}

/// Continues the init when the program is suspended no more.
fn wake_when_it_goes_on(program: i32) -> ! {
    let init = raw::parent_pid();
    let _ = raw::die_with_parent(libc::SIGKILL);
    while raw::parent_pid() == init && raw::is_stopped(program) {
        let _ = raw::wait_readable([], Some(LOOK_AGAIN));
    }
    if raw::parent_pid() == init {
        let _ = raw::kill(init, libc::SIGCONT);
    }
    raw::exit(0)
}
