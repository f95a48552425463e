//! Async tasks as children.
//!
//! A task child is a plain tokio task. Around the user's future stands a thin one that catches panics, drops the user's future
//! and only then reports the end: when a task's stop is acknowledged, everything the future held has been given back.

mod awaited;
mod context;
mod future;
mod once;
mod result;
mod start;
mod supervisor;

pub use awaited::TaskError;
pub use context::TaskContext;
pub use result::IntoExit;
pub use supervisor::{TaskResult, TaskResults, TaskSupervisor};

pub(crate) use start::TaskStart;

use once::once;
use start::launch;
