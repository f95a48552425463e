//! Async tasks as children.
//!
//! A task child is a plain tokio task. Around the user's future stands a thin one that catches panics, drops the user's future
//! and only then reports the end: when a task's stop is acknowledged, everything the future held has been given back.
//!
//! A task may have children of its own. Their supervisor, the nest, is made when the first of them comes; a gate decides what
//! may still be started, and which of the two has the last word.

mod awaited;
mod blocking;
mod context;
mod future;
mod gate;
mod guest;
mod lazy;
mod map;
mod nest;
mod node;
mod notify;
mod once;
mod result;
mod room;
mod spawn;
mod spawn_error;
mod spec;
mod special;
mod start;
mod stopping;
mod supervisor;
mod sync;

pub use awaited::TaskError;
pub use blocking::BlockingContext;
pub use context::TaskContext;
pub use guest::Guest;
pub use map::TaskResults;
pub use result::IntoExit;
pub use room::{Room, RoomError};
pub use spawn_error::{SpawnError, SpawnErrorKind};
pub use supervisor::{TaskResult, TaskSupervisor};

pub(crate) use blocking::BlockingStart;
pub(crate) use start::{Ready, TaskStart};

use once::job;
