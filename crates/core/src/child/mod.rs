//! The words in which a child is spoken of: plain data and no runtime.

mod cause;
mod errors;
mod exit;
mod id;
mod outcome;
mod path;
mod properties;

pub use cause::StopCause;
pub use errors::{SpecError, SpecProblem, StartError};
pub use exit::{Exit, ExitClass, Panic};
pub use id::{ChildId, InvalidId};
pub use outcome::{Outcome, Straggler};
pub use path::ChildPath;
pub use properties::{ChildKind, Restart, Shutdown};
