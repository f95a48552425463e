//! An init that also ends all that the program leaves behind: containment for a program that is its own supervisor, or
//! that becomes another program by an exec.

use std::time::Duration;

use super::group::SessionState;
use super::guard::guard;
use super::serve::{LeftoverPolicy, serve};
use super::{Init, InitError, not_forked};
use crate::sys::{self, raw};

impl Init {
    /// Makes this process the init of a copy of itself, as [`fork`](Self::fork) does, and has nothing outlive the copy:
    /// when the program ends, whatever is left of its descendants gets SIGTERM, and SIGKILL when this grace is over.
    /// The init ends after that.
    ///
    /// That holds for processes that leave the program's group or session, and however the program or the init dies. A
    /// third process, the guard, stands between the two for it, and ends everything if the init is killed; the init
    /// does if the guard is. A stop signal that comes during the grace ends the grace. Processes that have changed
    /// their user may be out of reach; they are waited for.
    ///
    /// The program keeps its descriptors, its terminal, its session and, where the init can leave it, its process
    /// group: it may become another program by an exec, for a wrapper in scripts and containers. Under a
    /// [`Warden`](crate::Warden) a program has no terminal, but events, restarts and a place in a tree.
    ///
    /// # Errors
    ///
    /// As [`fork`](Self::fork).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::os::unix::process::CommandExt as _;
    /// use std::time::Duration;
    /// use rootward_procs::Init;
    ///
    /// fn main() {
    ///     Init::fork_containing(Duration::from_secs(5)).expect("there is one thread");
    ///     let error = std::process::Command::new("make").arg("test").exec();
    ///     eprintln!("make: {error}");
    ///     std::process::exit(127);
    /// }
    /// ```
    pub fn fork_containing(grace: Duration) -> Result<Self, InitError> {
        let init = Self { pid: raw::own_pid() };
        // An init that heard of no end would stay for ever.
        raw::can_wait().map_err(InitError::without_wait)?;
        let place = SessionState::now();
        let (ready, is_ready) = sys::pair()?;
        // Before anything is forked, so that no orphan goes elsewhere.
        raw::adopt_orphans().map_err(InitError::of_system)?;
        match sys::fork_blocked() {
            Err(error) => Err(not_forked(error)),
            Ok((Some(guard), _)) => serve(guard, place, ready, LeftoverPolicy::Killed),
            Ok((None, mask)) => {
                drop(ready);
                guard(init.pid, place, is_ready, grace, &mask)?;
                Ok(init)
            }
        }
    }
}
