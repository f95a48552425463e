//! Everything that happens in a tree, in order: the one record that logs, reports and tests read.

mod backlog;
mod cause;
mod kind;
mod line;
mod reader;
mod record;
mod span;
mod telemetry;
#[cfg(test)]
mod tests;
mod text;

pub use cause::StopCause;
pub use kind::{EventKind, SignalAction, Stream};
pub use line::Event;
pub use reader::{Events, Lagged};

pub(crate) use record::{DEFAULT_CAPACITY, Record};
pub(crate) use span::{ChildSpan, Inside};
