//! What a user writes down about a child: plain data and no runtime.

mod exit;
mod id;
mod kind;
mod path;
mod restart;
mod shutdown;
mod spec;
mod starter;

pub use exit::{Exit, ExitClass, Panic};
pub use id::{ChildId, InvalidId};
pub use kind::ChildKind;
pub use path::ChildPath;
pub use restart::Restart;
pub use shutdown::Shutdown;
pub use spec::ChildSpec;
