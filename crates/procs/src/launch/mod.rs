//! How programs come to run: the trait of the launchers that start them, and what can go wrong.
//!
//! The [`Direct`] launcher starts programs as children of this process, the [`ThroughWarden`] one has a warden do it.
//! The rest of the crate does not know which launcher it uses.

mod attributes;
mod cause;
mod direct;
mod env_file;
mod error;
#[cfg(test)]
mod error_tests;
mod foresee;
mod identity;
mod image;
mod interpreter;
mod resolve;
mod stdio;
mod through_warden;

use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;

use crate::set::{Ack, KillOnDrop, SetKillHandle};
use crate::spec::Process;
use crate::sys::Watched;

pub(crate) use direct::Direct;
pub use error::LaunchError;
pub use foresee::{DescribedPart, ForeseenFailure};
pub(crate) use identity::problem_with_identity;
pub(crate) use resolve::{launch, with_directory};
pub(crate) use through_warden::ThroughWarden;

/// Starts programs.
pub(crate) trait Launcher: Send + Sync + 'static {
    /// Starts a program. If this is dropped before it is done, the program is killed and reaped.
    fn launch(&self, order: Order) -> Launching;
}

/// A program to be started.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) process: Arc<Process>,
    /// Is given the process first, so that the last kill reaches it from then on.
    pub(crate) kill_handle: Arc<SetKillHandle>,
    /// What the program gets for this start alone, and as which number.
    pub(crate) pipe: Option<(u32, Arc<OwnedFd>)>,
    /// Held until the attempt is over, and then by [`KillOnDrop`](crate::set::KillOnDrop).
    pub(crate) ack: Ack,
}

/// A start that is under way.
pub(crate) type Launching = Pin<Box<dyn Future<Output = LaunchResult> + Send>>;

/// How a start went.
pub(crate) type LaunchResult = Result<Launched, LaunchError>;

/// A program that runs.
pub(crate) struct Launched {
    pub(crate) owned_set: KillOnDrop,
    /// Watches the set's notification descriptor already, if the launcher had to.
    pub(crate) watch: Option<Watched>,
    /// What is weaker than it should be, if that has not been said before.
    pub(crate) degraded: Option<String>,
    /// Our end of the program's terminal, if it has one, which is hung up when nothing holds this.
    pub(crate) terminal: Option<Arc<OwnedFd>>,
    /// Our end of an input that stays open as long as this is held.
    pub(crate) stdin: Option<OwnedFd>,
    /// Our ends of the captured and the piped streams, non-blocking.
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
}
