//! The life of every child of a tree as a picture, and what its start and its stop waited for.
//!
//! A [`Recorder`] folds a tree's events into a [`Timeline`]: a lane for every child, and the critical path of the start
//! and of the stop. That is written as a picture ([`Timeline::to_svg`]), as text ([`Timeline::to_text`]), and for
//! Perfetto ([`Timeline::to_perfetto`]).
//!
//! Pure: it reads no clock and no tree. The same events give the same picture, to the byte.
//!
//! # Examples
//!
//! ```
//! use rootward_observer::timeline;
//!
//! let events = r#"{"seq":1,"at":0.0,"time":"","event":"starting","path":"root","incarnation":1,"kind":"supervisor"}
//! {"seq":2,"at":0.25,"time":"","event":"started","path":"root","incarnation":1,"kind":"supervisor"}"#;
//! let timeline = timeline::read(events.as_bytes())?;
//!
//! let start = timeline.start().expect("the root has started");
//! assert_eq!(start.duration().as_millis(), 250);
//! # Ok::<(), timeline::ReadError>(())
//! ```

mod critical;
mod episodes;
mod fold;
mod lanes;
mod perfetto;
mod read;
mod rows;
mod scale;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::time::Duration;

pub use critical::{CriticalPath, Link, WaitedFor};
pub use fold::Recorder;
pub use lanes::{Lane, Mark, MarkKind, Part, Phase};
pub use read::{ReadError, read};

/// What happened in a tree, as lanes. Times count from the moment at which the root began.
#[derive(Clone, Debug)]
pub struct Timeline {
    lanes: Vec<Lane>,
    end: Duration,
    start: Option<CriticalPath>,
    stop: Option<CriticalPath>,
    lost: u64,
}

impl Timeline {
    /// A lane for every child: each before its children, in the order in which they were first started.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// When the last event happened.
    pub fn end(&self) -> Duration {
        self.end
    }

    /// What the first start of the whole tree waited for. `None` if the events do not tell when it began.
    pub fn start(&self) -> Option<&CriticalPath> {
        self.start.as_ref()
    }

    /// What the stop of the whole tree waited for. `None` if the events tell of none.
    pub fn stop(&self) -> Option<&CriticalPath> {
        self.stop.as_ref()
    }

    /// How many events the recording leaves out, because its reader was too slow. A lane is then as exact as the
    /// events that are there.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
