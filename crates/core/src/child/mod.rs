//! The words in which a child is spoken of: plain data and no runtime.

mod cause;
mod exit;
mod id;
mod outcome;
mod path;
mod properties;
mod spec_error;
mod start_error;

pub use cause::StopCause;
pub use exit::{Exit, ExitClass, Panic};
pub use id::{ChildId, InvalidId};
pub use outcome::{Outcome, Straggler};
pub use path::ChildPath;
pub use properties::{ChildKind, Restart, Shutdown};
pub use spec_error::{SpecError, SpecProblem};
pub use start_error::StartError;
