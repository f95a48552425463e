//! What a signal means, given those that came before it: stop, then force, then leave.
//!
//! The machine does not ask why a tree stops. Whether the tree is healthy, gives up by itself, or has been
//! stopping for a while because the program asked for it: the first signal is a request to stop, and joins a
//! stop that is under way. A person that presses Ctrl-C just as the program comes to its end must not cut
//! every grace short by accident.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rootward_core::SignalAction;

use crate::Signal;

/// Two requests from programs that are no further apart than this are one: an orchestrator and its hook, a
/// service manager that sends SIGHUP along with SIGTERM, a wrapper that passes on what the terminal has sent
/// to the whole process group already.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// Two SIGINT that are no further apart than this are one key press: a terminal sends it to a whole process group, and
/// a wrapper in the group passes on what its child has got already. No hand is that fast.
const SAME_KEY_PRESS: Duration = Duration::from_millis(100);

/// What SIGHUP does.
///
/// The default is [`Stop`](Self::Stop): the terminal is gone, and the person in front of it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hangup {
    /// It stops the tree as SIGTERM does.
    #[default]
    Stop,
    /// It changes nothing by itself. Handlers see it, and may read the configuration again.
    Reload,
}

/// What the application chose.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignalRules {
    pub(crate) hangup: Hangup,
    /// What stops the tree as SIGTERM does, after the snapshot has been shown.
    pub(crate) stop: BTreeSet<Signal>,
    /// Whether SIGUSR1 shows the snapshot.
    pub(crate) snapshot: bool,
    /// Whether SIGTSTP and SIGCONT are passed on to the processes.
    pub(crate) suspend: bool,
}

/// What happens because of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Stop in order.
    Stop,
    /// End every grace now.
    Force,
    /// One last kill, and then the program may leave.
    Leave,
    /// Show what the tree looks like.
    Snapshot,
    /// Suspend the processes, and then the program.
    Suspend,
    /// Have the processes go on.
    Resume,
    /// Nothing.
    Ignore,
}

impl From<Reaction> for SignalAction {
    fn from(reaction: Reaction) -> Self {
        match reaction {
            Reaction::Stop => Self::Stop,
            Reaction::Force => Self::Force,
            Reaction::Leave => Self::Leave,
            Reaction::Snapshot => Self::Snapshot,
            Reaction::Suspend => Self::Suspend,
            Reaction::Resume => Self::Resume,
            Reaction::Ignore => Self::Ignore,
        }
    }
}

/// Counts requests to stop.
#[derive(Clone, Debug)]
pub(crate) struct Escalation {
    rules: SignalRules,
    level: EscalationLevel,
    /// When the last SIGINT arrived, whether it counted or not.
    last_key: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum EscalationLevel {
    /// No signal has asked for a stop yet.
    Calm,
    /// One has.
    Stopping { counted: Instant },
    /// Two have.
    Forcing { counted: Instant },
    /// Three have, and nothing is left that a signal could ask for.
    Leaving { counted: Instant },
}

/// What a signal stands for, whatever came before it.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// A person pressed a key. Pressing it again is a second request.
    Keypress,
    /// A program sent it, and may send it twice.
    Request,
    /// A person wants to see the tree.
    Show,
    /// A person, or a shell, has the program pause.
    Pause,
    /// And go on.
    GoOn,
    /// Only handlers care.
    ForHandlers,
}

impl Escalation {
    pub(crate) fn new(rules: SignalRules) -> Self {
        Self { rules, level: EscalationLevel::Calm, last_key: None }
    }

    /// Takes note of one signal and says what happens because of it.
    pub(crate) fn step(&mut self, signal: Signal, now: Instant) -> Reaction {
        let meaning = self.meaning(signal);
        let is_repeated = matches!(meaning, Meaning::Keypress) && self.repeats_key(now);
        let (level, reaction) = match (self.level, meaning) {
            (level, Meaning::Show) => (level, Reaction::Snapshot),
            (level, Meaning::Pause) => (level, Reaction::Suspend),
            (level, Meaning::GoOn) => (level, Reaction::Resume),
            (level, Meaning::ForHandlers) => (level, Reaction::Ignore),
            (EscalationLevel::Calm, Meaning::Keypress | Meaning::Request) => {
                (EscalationLevel::Stopping { counted: now }, Reaction::Stop)
            }
            // The request that is ignored does not count, so it does not move the time from which the next
            // one is measured: a program that sends SIGTERM twice a second still gets through.
            (
                level @ (EscalationLevel::Stopping { counted } | EscalationLevel::Forcing { counted }),
                Meaning::Request,
            ) if now.saturating_duration_since(counted) <= SAME_REQUEST => (level, Reaction::Ignore),
            // What belongs to one key press moves the time from which the next one is measured, so that a key that is
            // held down, or a storm, is one request. But for no longer than a request of a program is one.
            (
                level @ (EscalationLevel::Stopping { counted } | EscalationLevel::Forcing { counted }),
                Meaning::Keypress,
            ) if is_repeated && now.saturating_duration_since(counted) <= SAME_REQUEST => {
                (level, Reaction::Ignore)
            }
            (EscalationLevel::Stopping { .. }, Meaning::Keypress | Meaning::Request) => {
                (EscalationLevel::Forcing { counted: now }, Reaction::Force)
            }
            (EscalationLevel::Forcing { .. }, Meaning::Keypress | Meaning::Request) => {
                (EscalationLevel::Leaving { counted: now }, Reaction::Leave)
            }
            (level @ EscalationLevel::Leaving { .. }, Meaning::Keypress | Meaning::Request) => {
                (level, Reaction::Ignore)
            }
        };
        self.level = level;
        reaction
    }

    /// Whether a signal ends a program that has nothing left to do but to tell how its tree has ended: it is the one
    /// that says to leave, or a further request behind that one.
    pub(crate) fn ends_program(&self, signal: Signal, reaction: Reaction, now: Instant) -> bool {
        let asks_to_end = match self.meaning(signal) {
            Meaning::Keypress | Meaning::Request => true,
            Meaning::Show | Meaning::Pause | Meaning::GoOn | Meaning::ForHandlers => false,
        };
        let is_further = match self.level {
            EscalationLevel::Leaving { counted } => now.saturating_duration_since(counted) > SAME_REQUEST,
            EscalationLevel::Calm | EscalationLevel::Stopping { .. } | EscalationLevel::Forcing { .. } => {
                false
            }
        };
        reaction == Reaction::Leave || (asks_to_end && is_further)
    }

    /// Whether the snapshot is shown for a signal that has led to this.
    pub(crate) fn shows_snapshot(&self, signal: Signal, reaction: Reaction) -> bool {
        match reaction {
            Reaction::Snapshot => true,
            Reaction::Stop | Reaction::Force => self.rules.snapshot && self.rules.stop.contains(&signal),
            Reaction::Leave | Reaction::Suspend | Reaction::Resume | Reaction::Ignore => false,
        }
    }

    /// Takes note of a SIGINT, and says whether it belongs to the key press of the one before.
    fn repeats_key(&mut self, now: Instant) -> bool {
        let last = self.last_key.replace(now);
        last.is_some_and(|last| now.saturating_duration_since(last) <= SAME_KEY_PRESS)
    }

    fn meaning(&self, signal: Signal) -> Meaning {
        match signal {
            Signal::INT => Meaning::Keypress,
            Signal::TERM => Meaning::Request,
            signal if self.rules.stop.contains(&signal) => Meaning::Request,
            Signal::HUP => match self.rules.hangup {
                Hangup::Stop => Meaning::Request,
                Hangup::Reload => Meaning::ForHandlers,
            },
            Signal::USR1 if self.rules.snapshot => Meaning::Show,
            Signal::TSTP if self.rules.suspend => Meaning::Pause,
            Signal::CONT if self.rules.suspend => Meaning::GoOn,
            _ => Meaning::ForHandlers,
        }
    }
}

#[cfg(test)]
mod tests;
