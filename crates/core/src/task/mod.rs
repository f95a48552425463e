//! Async tasks as children.
//!
//! A task child is a plain tokio task. Around the user's future stands a thin one that catches panics, drops the user's
//! future and only then reports the end: when a task's stop is acknowledged, everything the future held has been given
//! back.
//!
//! A task may have children of its own. Their supervisor, the task group, is made when the first of them comes; a gate
//! decides what may still be started, and which of the two reports the end.

mod abort;
mod blocking;
mod context;
mod coop_budget;
mod future;
mod gate;
mod group;
mod guest;
mod inspect;
mod map;
mod node;
mod notify;
mod once;
mod permit;
mod result;
mod spawn;
mod spawn_error;
mod start;
mod stop_error;
mod stopping;
mod supervisor;
mod until_stopping;
mod with_result;

pub use blocking::BlockingContext;
pub use context::TaskContext;
pub use guest::{Guest, part_of_guest};
pub use map::TaskResults;
pub use permit::Permit;
pub use result::IntoExit;
pub use spawn_error::{SpawnError, SpawnErrorKind};
pub use supervisor::{TaskResult, TaskSupervisor};
pub use until_stopping::UntilStopping;
pub use with_result::TaskError;

#[cfg(feature = "actors")]
pub(crate) use stop_error::failed_in_a_stop;

use once::job;
