//! An init that also ends all that the program leaves behind: containment for a program that is its own supervisor, or
//! that becomes another program by an exec.

use std::time::Duration;

use super::group::SessionState;
use super::guard::{EndOptions, guard};
use super::leftovers::Scope;
use super::serve::{LeftoverPolicy, serve};
use super::{Init, InitError, not_forked};
use crate::Signal;
use crate::shortage::note_former_refusals;
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
        Self::containing().grace(grace).fork()
    }

    /// The same, with more to say about how the program ends than a grace.
    pub fn containing() -> InitBuilder {
        InitBuilder { ending: EndOptions::default() }
    }
}

/// How an init ends its program and what that leaves: [`Init::containing`].
///
/// # Examples
///
/// A web server that finishes its requests on SIGQUIT, and has a minute for them:
///
/// ```no_run
/// use std::time::Duration;
/// use rootward_procs::{Init, Signal};
///
/// # fn main() -> Result<(), rootward_procs::InitError> {
/// let minute = Duration::from_secs(60);
/// Init::containing().stop_signal(Signal::QUIT).kill_after(minute).fork()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is contained before `fork`"]
pub struct InitBuilder {
    ending: EndOptions,
}

impl InitBuilder {
    /// How long what the program leaves may take to go after it has been asked; 5 s unless this is called.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.ending.grace = grace;
        self
    }

    /// What asks the program to stop: a SIGTERM that is sent to the init reaches the program as this signal, and what
    /// the program leaves is asked by it. SIGTERM unless this is called.
    ///
    /// A signal that suspends (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU) asks no program to stop: [`fork`](Self::fork)
    /// refuses it.
    pub fn stop_signal(mut self, signal: Signal) -> Self {
        self.ending.stop_signal = signal;
        self
    }

    /// How long the program may go on after it was asked to stop: then it is killed together with all that it has
    /// started. The time begins with the first SIGTERM or [stop signal](Self::stop_signal) that is sent to the init,
    /// and stands still while the program is suspended, by whatever signal.
    ///
    /// Unless this is called the program decides itself when it ends.
    pub fn kill_after(mut self, time: Duration) -> Self {
        self.ending.kill_after = Some(time);
        self
    }

    /// Ends no process that has left the session of the program, as daemons do (`setsid`): a build server or an agent
    /// that the program has started for later. What it leaves in the session is still ended; if the program has begun a
    /// session itself, that holds for both.
    ///
    /// Unless this is called all descendants are ended.
    pub fn leave_daemons(mut self) -> Self {
        self.ending.scope = Scope::Session;
        self
    }

    /// Makes this process the init of a copy of itself, as [`Init::fork_containing`] says.
    ///
    /// # Errors
    ///
    /// As [`Init::fork`], and [`InitError::StopSignal`] if the [stop signal](Self::stop_signal) suspends.
    pub fn fork(self) -> Result<Init, InitError> {
        let Self { ending } = self;
        let signal = ending.stop_signal;
        if [Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU].contains(&signal) {
            return Err(InitError::StopSignal { signal });
        }
        note_former_refusals();
        let init = Init { pid: raw::own_pid() };
        // An init that heard of no end would stay for ever.
        raw::can_wait().map_err(InitError::without_wait)?;
        let place = SessionState::now();
        let (ready, is_ready) = sys::pair()?;
        // Before anything is forked, so that no orphan goes elsewhere.
        raw::adopt_orphans().map_err(InitError::of_system)?;
        match sys::fork_blocked() {
            Err(error) => Err(not_forked(error)),
            Ok((Some(guard), _)) => {
                // The guard's copy is then the only one, so that the init hears when the guard has ended.
                drop(is_ready);
                serve(guard, place, ready, LeftoverPolicy::Killed(ending.scope))
            }
            Ok((None, mask)) => {
                drop(ready);
                guard(init.pid, place, is_ready, ending, &mask)?;
                Ok(init)
            }
        }
    }
}
