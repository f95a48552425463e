//! Why a child that should be gone is not.

use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::clock::whole_millis;
use crate::detector::{self, Doing, WorkerId};

/// What a child is stuck in, as far as that can be seen from outside.
///
/// In a report it serialises as `{"in":"poll","for_ms":1200,"thread":"rootward-task (4711)"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stuck {
    /// Where it is.
    pub why: StuckIn,
    /// For how long, to a tenth of a second, if that is known.
    pub elapsed: Option<Duration>,
    /// On which thread: its name, and the number that the system's tools show for it.
    pub thread: Option<String>,
}

/// Where a child is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StuckIn {
    /// It has been inside one poll all the time: it computes, or it blocks its thread. An abort takes effect where a
    /// task waits.
    Poll,
    /// What it held is being dropped, and the drop does not end.
    Drop,
    /// It is a blocking closure that has been started and has not returned. Such a thing cannot be aborted.
    Blocking,
    /// Its future is gone, and a [guest](crate::TaskContext::guest) is still there, which runs elsewhere.
    Guest,
    /// It has been aborted, and its runtime has not come round to it: all of its threads are taken.
    NotPolled,
}

impl Stuck {
    /// It is stuck in this, for a time and on a thread that are not known.
    pub fn new(why: StuckIn) -> Self {
        Self { why, elapsed: None, thread: None }
    }

    /// What the thread that is at work on this worker is stuck in, if there is one.
    pub(crate) fn at_work_on(worker: WorkerId) -> Option<Self> {
        let stall = detector::find(worker)?;
        let why = match stall.doing {
            Doing::Poll => StuckIn::Poll,
            Doing::Drop => StuckIn::Drop,
        };
        Some(Self::new(why).for_time(stall.elapsed).on_thread(stall.thread))
    }

    /// Adds for how long.
    #[must_use]
    pub fn for_time(mut self, elapsed: Duration) -> Self {
        self.elapsed = Some(elapsed);
        self
    }

    /// Adds on which thread.
    #[must_use]
    pub fn on_thread(mut self, thread: impl Into<String>) -> Self {
        self.thread = Some(thread.into());
        self
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.why {
            StuckIn::Poll => "inside one poll",
            StuckIn::Drop => "inside a drop",
            StuckIn::Blocking => "inside a blocking section",
            StuckIn::Guest => "a guest that runs elsewhere has not gone",
            StuckIn::NotPolled => "aborted, but its runtime has no thread left for it",
        })?;
        if let Some(elapsed) = self.elapsed {
            let tenths = Duration::from_millis(whole_millis(elapsed) / 100 * 100);
            write!(f, " for {}", humantime::format_duration(tenths))?;
        }
        match &self.thread {
            Some(thread) => write!(f, " on thread {thread}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Stuck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("in", &self.why)?;
        if let Some(elapsed) = self.elapsed {
            map.serialize_entry("for_ms", &whole_millis(elapsed))?;
        }
        if let Some(thread) = &self.thread {
            map.serialize_entry("thread", thread)?;
        }
        map.end()
    }
}
