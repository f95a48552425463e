//! An init above the program: a process of its own that adopts the orphans instead of the program.
//!
//! ```text
//! init (the process that was started) ──► program ──► warden ──► reapers
//!   └──► orphans: whatever has lost its parent
//! ```
//!
//! Inside one process the kernel does not tell a child that was adopted from one that the program has started, and to
//! wait for the latter would take its exit from `std::process` or `tokio::process`. So the process to which orphans
//! come must start nothing by itself but the program: then whatever else ends there is a stranger, and is reaped.
//!
//! [`serve`] is what the init does, [`group`] where it stands among process groups, so that no signal reaches the
//! program twice, and [`suspend`] how it is suspended together with the program. With [`contain`] there is a third
//! process between the two, the [`guard`], which ends all that the program leaves.

mod awake;
mod contain;
mod error;
mod group;
mod guard;
mod leftovers;
mod serve;
mod suspend;

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::shortage::note_former_refusals;
use crate::sys;
use crate::sys::raw::{self, Blocking};

pub use contain::InitBuilder;
pub use error::InitError;
use group::{SessionState, follow_to_place};
use serve::{LeftoverPolicy, serve};

/// An init above this program: the process to which orphans among its descendants come, and which reaps them.
///
/// The process that was started becomes the init, and the program goes on as its only child, under another process
/// id. A program that adopted orphans itself could not reap them: it cannot tell them from what it has started by
/// `std::process` or `tokio::process`, the exit of which is not for others to take. As process 1 of a container it
/// could not even choose.
///
/// - The init **reaps** all that comes to it. It never waits for what the program has started.
/// - It **passes on** every signal, with the value that it carries, once. It stands in a process group of its own, so
///   that a signal to the program's group, from the terminal for example, reaches the program alone.
/// - It **ends** as the program ends, with its exit code or by its signal. Process 1 ends with 128 + n then.
/// - When it is **killed**, so is the program, by the kernel.
/// - When the program is **suspended**, so is the init, as shells expect it, and goes on together with it. SIGSTOP
///   that is sent to the init suspends the init alone: it cannot be passed on.
///
/// A stop signal to process 1 that arrives before it has forked is not lost either: it is noted from before `main` on,
/// and has its effect in the program.
///
/// What was blocked or ignored in the program stays so. There is no more to it than one small process that sleeps.
///
/// # Examples
///
/// ```no_run
/// use rootward_procs::Init;
///
/// fn main() {
///     // First of all: later there are other threads, and a fork is refused.
///     if Init::is_needed() {
///         let init = Init::fork().expect("there is one thread");
///         assert_eq!(init.pid(), 1);
///     }
///     // Here the program goes on, as another process.
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init {
    pid: i32,
}

/// The init above this process. 0 says that there is none.
static ABOVE: AtomicI32 = AtomicI32::new(0);

impl Init {
    /// Makes this process the init of a copy of itself. In the copy this returns; in the init it never does.
    ///
    /// This has to happen at the very start of `main`, before [`Warden::fork`](crate::Warden::fork) and while the
    /// program is small and has one thread.
    ///
    /// # Errors
    ///
    /// [`InitError::TooLate`] if there are other threads already, [`InitError::Transient`] if the system lacks
    /// processes, memory or descriptors, and others if it refuses something. Nothing has changed then.
    pub fn fork() -> Result<Self, InitError> {
        note_former_refusals();
        let init = Self { pid: raw::own_pid() };
        // An init that heard of no end would stay for ever.
        raw::can_wait().map_err(InitError::without_wait)?;
        let place = SessionState::now();
        let (ready, is_ready) = sys::pair()?;
        // Before the program is forked, so that none of its orphans goes elsewhere.
        raw::adopt_orphans().map_err(InitError::of_system)?;
        match sys::fork_blocked() {
            Err(error) => Err(not_forked(error)),
            Ok((Some(program), _)) => {
                drop(is_ready);
                serve(program, place, ready, LeftoverPolicy::Left)
            }
            Ok((None, mask)) => {
                init.hold_on();
                ABOVE.store(init.pid, Ordering::Relaxed);
                follow_to_place(place);
                drop(ready);
                // Waits until the init closes its end: it is ready then.
                let _ = sys::receive(&is_ready, &mut [0], Blocking::Wait);
                // What has arrived before there was an init has its effect now.
                let noted = sys::take_noted();
                sys::restore(&mask);
                noted.into_iter().for_each(sys::raise);
                Ok(init)
            }
        }
    }

    /// Whether this process is process 1, to which orphans come whether it wants them or not.
    pub fn is_needed() -> bool {
        raw::own_pid() == 1
    }

    /// The init that [`fork`](Self::fork) has put above this process.
    pub fn above() -> Option<Self> {
        let pid = ABOVE.load(Ordering::Relaxed);
        // The process that was forked from the program has a program above it.
        (pid != 0 && raw::parent_pid() == pid).then_some(Self { pid })
    }

    /// The init's process id.
    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// Has the program die when the init is killed.
    fn hold_on(self) {
        let _ = raw::die_with_parent(libc::SIGKILL);
        if raw::parent_pid() != self.pid {
            // The init died before the line above, so that nothing would tell.
            raw::exit(128 + libc::SIGKILL);
        }
    }

    pub(crate) fn process(self) -> i32 {
        self.pid
    }
}

/// Takes back what was done for an init that there will not be.
fn not_forked(error: io::Error) -> InitError {
    let _ = raw::adopt_no_orphans();
    match (error.raw_os_error(), sys::threads()) {
        (Some(libc::EBUSY), Ok(threads)) => InitError::TooLate { threads },
        _ => error.into(),
    }
}
