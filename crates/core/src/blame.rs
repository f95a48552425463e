//! What brought a tree down that stopped by itself.

use std::fmt;
use std::time::Instant;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::child::{ChildPath, Exit};
use crate::clock::whole_millis;
use crate::policy::Intensity;

/// Says which failure brought down a tree, or a supervisor in it, that stopped by itself.
///
/// In a report it serialises as
/// `{"child":"root/worker","status":{"error":"boom"},"supervisor":"root","max_restarts":1,"within_ms":5000}`, and
/// displays on one line, such as `root/worker failed: connection refused, and root gave up: more than 1 restart
/// within 5s`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blame {
    /// The child that failed, the deepest one that is known.
    pub child: ChildPath,
    /// How it ended.
    pub exit: Exit,
    /// The supervisor that stopped because of that. `None` if nothing was left to run.
    pub supervisor: Option<ChildPath>,
    /// The limit that was exceeded. `None` if the supervisor stopped because of its
    /// [`AutoShutdown`](crate::AutoShutdown).
    pub limit: Option<Intensity>,
}

/// What a supervisor that has ended says of failures, for the report of the whole tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    /// For what it stopped by itself.
    pub(crate) blame: Option<Blame>,
    /// The last end of a child, here or below, that ended for good by itself, and what it was if it was a failure.
    pub(crate) last: Option<(Instant, Option<Blame>)>,
}

impl Failures {
    pub(crate) fn is_empty(&self) -> bool {
        self.blame.is_none() && self.last.is_none()
    }

    /// Notes an end, unless a later one is known.
    pub(crate) fn note_last(&mut self, at: Instant, blame: Option<Blame>) {
        if self.last.as_ref().is_none_or(|(known, _)| *known <= at) {
            self.last = Some((at, blame));
        }
    }
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.exit.plain() {
            Exit::Code(_) => "ended with ",
            Exit::Aborted | Exit::Signal { .. } => "was ",
            Exit::Unknown => "is ",
            Exit::Normal
            | Exit::Shutdown
            | Exit::Failed { .. }
            | Exit::Panicked(_)
            | Exit::Success { .. } => "",
        };
        write!(f, "{} {verb}{}", self.child, self.exit)?;
        match (&self.supervisor, self.limit) {
            (Some(supervisor), Some(Intensity { max_restarts, within })) => {
                let restarts = if max_restarts == 1 { "restart" } else { "restarts" };
                write!(f, ", and {supervisor} gave up: more than {max_restarts} {restarts} within {within:?}")
            }
            (Some(supervisor), None) => write!(f, ", and {supervisor} shut down because of that"),
            (None, _) => f.write_str(", and nothing was left to run"),
        }
    }
}

impl Serialize for Blame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("child", &self.child)?;
        map.serialize_entry("status", &self.exit)?;
        if let Some(supervisor) = &self.supervisor {
            map.serialize_entry("supervisor", supervisor)?;
        }
        if let Some(Intensity { max_restarts, within }) = self.limit {
            map.serialize_entry("max_restarts", &max_restarts)?;
            map.serialize_entry("within_ms", &whole_millis(within))?;
        }
        map.end()
    }
}
