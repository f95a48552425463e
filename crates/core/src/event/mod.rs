//! Everything that happens in a tree, in order: the one record that the log, the report and the tests read.

mod backlog;
mod entry;
mod hint;
mod kind;
mod log;
mod notice;
mod output_batch;
mod reader;
mod record;
mod size;
mod span;
mod telemetry;
#[cfg(test)]
mod tests;

pub use entry::{Event, RecordPosition};
pub use hint::background_hint;
pub use kind::{EventKind, OutputStream, SignalAction};
pub use notice::Notice;
pub use reader::{Events, Lagged};

pub(crate) use backlog::Capacity;
pub(crate) use log::TreeLog;
pub(crate) use record::{Record, RecordWriter};
pub(crate) use span::{ChildSpan, Inside};
