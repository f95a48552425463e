//! The words in which a child is spoken of: plain data and no runtime.

mod cause;
mod errors;
mod exit;
mod id;
mod outcome;
mod path;
mod properties;
mod refused_by_stop;

pub use cause::StopCause;
pub use errors::{SpecError, SpecProblem, StartError};
pub use exit::{Exit, ExitClass, Panic};
pub use id::{ChildId, InvalidId};
pub use outcome::{Outcome, Straggler};
pub use path::ChildPath;
pub use properties::{ChildKind, Restart, Shutdown};
pub(crate) use refused_by_stop::RefusedByStop;
