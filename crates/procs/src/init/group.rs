//! Where the init stands among process groups: not in the program's, wherever that can be avoided.
//!
//! A signal to a group reaches all members at once. An init in the program's group would get it, too, could not see
//! that it was for a group, and would pass it on: the program would have it twice. So the init leaves the group to
//! the program, which stays where the shell has put it, with the other programs of the same pipeline and before the
//! terminal.
//!
//! A session leader cannot leave its group. Then the program leaves, unless there is a terminal, before which it
//! would have no right to stand any more. With a terminal both are in one group, and of what comes from the terminal
//! the program gets its own.

use crate::sys::{self, raw};

/// What the process was before there was an init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionState {
    leads_session: bool,
    has_terminal: bool,
}

impl SessionState {
    pub(super) fn now() -> Self {
        let terminal =
            raw::open(libc::AT_FDCWD, c"/dev/tty", libc::O_RDONLY | libc::O_NOCTTY | libc::O_NONBLOCK);
        Self {
            leads_session: raw::session_of(0) == Ok(raw::own_pid()),
            has_terminal: terminal.map(raw::close).is_ok(),
        }
    }

    /// Whether the program goes to a group of its own.
    fn is_left_by_program(self) -> bool {
        self.leads_session && !self.has_terminal
    }
}

/// Moves the program to its group. Called in the program.
pub(super) fn follow_to_place(place: SessionState) {
    if place.is_left_by_program() {
        // A new process leads no session, so that nothing speaks against it.
        let _ = raw::lead_group();
    }
}

/// Moves the init to its group. Called in the init. Returns whether the terminal sends its signals to the program as
/// well.
pub(super) fn leave_group(place: SessionState) -> bool {
    let alone = place.is_left_by_program() || (!place.leads_session && begin_group().is_some());
    !alone && place.has_terminal
}

/// Makes a group of our own, even if we are the leader of the present one.
///
/// A leader's number is that of its group, which the program is in. So a child makes the group, and is not needed any
/// more.
fn begin_group() -> Option<()> {
    let own = raw::own_pid();
    if raw::group_of(0) != Ok(own) {
        return raw::lead_group().ok();
    }
    if own == 1 {
        // When process 1 ends, the kernel waits until no other number is in use in the namespace, that of its group
        // included.
        return None;
    }
    let (Some(helper), _) = sys::fork_blocked().ok()? else { raw::exit(0) };
    let moved = raw::move_to_group(helper, helper).and_then(|()| raw::move_to_group(0, helper));
    let _ = raw::reap_now(helper);
    moved.ok()
}
