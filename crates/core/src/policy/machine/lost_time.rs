//! Timers that come late because this program did not run: it was suspended, or starved.
//!
//! The time that was lost is given back, to each child its own. So after a suspension not everything that was due
//! happens at once: what happened meanwhile is heard of first, and restarts that were put off stay apart.

use std::time::{Duration, Instant};

use super::child::{ChildKey, State};
use super::doubt::DOUBT;
use super::{Machine, SLOW};
use crate::child::Shutdown;
use crate::policy::{LOOK, lost_time};

impl Machine {
    /// Whether what is due about a child is put off, because its timer came late. It goes on for what was lost, and no
    /// longer than the whole time.
    pub(super) fn goes_on_for_lost_time(&mut self, key: ChildKey, now: Instant) -> bool {
        let state = self.children.state(key);
        let Some(whole) = self.whole_time(key, state) else { return false };
        let later = state.timer().and_then(|due| lost_time(due, now, whole)).filter(|later| *later > now);
        let next = match state {
            State::Starting { .. } => State::Starting { next: later },
            State::Stopping { .. } => State::Stopping { kill_at: later },
            State::Restarting { .. } => State::Restarting { due: later },
            State::Failed { .. } => State::Failed { doubted_until: later },
            State::Down | State::Abandoned | State::Running | State::Ended(_) | State::Killed { .. } => state,
        };
        if later.is_some() {
            self.children.set(key, next);
        }
        later.is_some()
    }

    /// How long the time is that a child in this state has.
    fn whole_time(&self, key: ChildKey, state: State) -> Option<Duration> {
        let child = self.children.get(key)?;
        match state {
            State::Starting { .. } => {
                Some(child.traits.start_timeout().map_or(SLOW, |timeout| timeout.min(SLOW)))
            }
            State::Stopping { .. } => Some(match child.traits.shutdown {
                Shutdown::Grace(grace) => grace,
                // Only the deadline ends it.
                Shutdown::Kill | Shutdown::Infinity => LOOK,
            }),
            // Whatever the noise has made of it.
            State::Restarting { .. } => {
                child.traits.backoff().map(|backoff| backoff.delay(child.attempt, 0.5))
            }
            State::Failed { .. } => Some(DOUBT),
            State::Killed { .. } | State::Down | State::Abandoned | State::Running | State::Ended(_) => None,
        }
    }
}
