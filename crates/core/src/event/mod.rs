//! Everything that happens in a tree, in order: the one record that logs, reports and tests read.

mod event;
mod record;
mod telemetry;

pub use event::{Event, EventKind, SignalAction, StopCause, Stream};
pub use record::{Events, Lagged};

pub(crate) use record::{DEFAULT_CAPACITY, Record};
