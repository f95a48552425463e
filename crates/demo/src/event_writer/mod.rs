//! Where the demo writes: the event record, the report, and what a person sees.
//!
//! Everything that is written goes through an [`EventWriter`]: a bounded backlog and a thread of its own behind it. A
//! pipe without a reader, a full disk or a terminal that was paused holds up that thread and no other. Only a file that
//! is slower than what is written into it holds up the processes that write so much. No `println!` anywhere: it panics
//! when the reader has gone.

mod backlog;
mod destination;
mod event_pump;
mod state;
mod target;
mod writer;

pub(crate) use event_pump::EventPump;
pub(crate) use state::{ReaderTimeout, WriteOutcome};
pub(crate) use target::{OutputOpenError, OutputTarget, Sink, standard_stream};
pub(crate) use writer::{EventFormatter, EventWriter};
