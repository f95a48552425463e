//! What a task may return.

use std::error::Error;

use super::stop_error::failed_in_a_stop;
use crate::child::Exit;

/// What a task may return: nothing, a `Result`, or the exit itself.
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "return `()`, `Result<(), E>`, `Exit` or `!` here",
    note = "`E` has to convert into `Box<dyn Error + Send + Sync>`, as most error types do, `anyhow::Error` and `String` among them",
    note = "what a task computes is handed over by `TaskSupervisor::run`, or by a channel"
)]
pub trait IntoExit {
    /// Says how the task ended.
    fn into_exit(self) -> Exit;

    /// Says how the task ended, if a stop of the task or of its supervisor had begun by then. The library calls this in
    /// place of [`into_exit`](Self::into_exit), which it is by default.
    ///
    /// A stop begins for a whole tree at once and asks child after child. In between, what a task wants to start is
    /// refused. A task that returns that refusal has ended because of the stop: a `Result` with it is
    /// [`Exit::Shutdown`] and no failure. Refusals are `Stopping` and `NotRunning` of
    /// [`ReserveError`](crate::ReserveError), [`SpawnErrorKind`](crate::SpawnErrorKind),
    /// [`StartChildError`](crate::StartChildError), [`RestartChildError`](crate::RestartChildError),
    /// [`TerminateChildError`](crate::TerminateChildError) and [`DeleteChildError`](crate::DeleteChildError), and
    /// `Stopped` of [`TaskError`](crate::TaskError) and [`StartError`](crate::StartError), also as the
    /// [source](Error::source) of another error.
    fn into_exit_of_a_stop(self) -> Exit
    where
        Self: Sized,
    {
        self.into_exit()
    }
}

impl IntoExit for () {
    fn into_exit(self) -> Exit {
        Exit::Normal
    }
}

impl IntoExit for Exit {
    fn into_exit(self) -> Exit {
        self
    }
}

impl<T: IntoExit, E: Into<Box<dyn Error + Send + Sync>>> IntoExit for Result<T, E> {
    fn into_exit(self) -> Exit {
        match self {
            Ok(value) => value.into_exit(),
            Err(error) => Exit::failed(error.into().as_ref()),
        }
    }

    fn into_exit_of_a_stop(self) -> Exit {
        match self {
            Ok(value) => value.into_exit_of_a_stop(),
            Err(error) => failed_in_a_stop(error.into().as_ref()),
        }
    }
}

/// A task that loops for ever has the type `!`, which can be named on stable Rust in this way alone.
impl IntoExit for Never {
    fn into_exit(self) -> Exit {
        match self {}
    }
}

/// How a task ended that has returned this.
pub(super) fn exit_of(end: impl IntoExit, in_a_stop: impl FnOnce() -> bool) -> Exit {
    if in_a_stop() { end.into_exit_of_a_stop() } else { end.into_exit() }
}

type Never = <fn() -> ! as Returns>::Value;

/// Reads a function pointer's return type.
#[expect(
    unnameable_types,
    reason = "it names the type `!`, which stable Rust cannot, and no program needs it"
)]
pub trait Returns {
    /// What the function returns.
    type Value;
}

impl<T> Returns for fn() -> T {
    type Value = T;
}
