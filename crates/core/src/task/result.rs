//! What a task may return.

use std::error::Error;

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
}

/// A task that loops for ever has the type `!`, which can be named on stable Rust in this way alone.
impl IntoExit for Never {
    fn into_exit(self) -> Exit {
        match self {}
    }
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
