//! What the root signal actor decides, as pure state machines.
//!
//! Pure: the caller passes `now`; nothing here reads a clock, spawns, logs, or knows of tokio and ractor.

mod call_queue;
mod escalation;
mod inherited;
mod stop_delay;
mod suspension;

pub use escalation::Hangup;
pub use suspension::goes_on;

pub(crate) use call_queue::{CallPlace, CallQueue, HandlerCallId, OverdueCall, QueuedCall};
pub(crate) use escalation::{Escalation, Reaction, SignalDecision, SignalRules};
pub(crate) use inherited::stays_ignored;
pub(crate) use stop_delay::StopDelay;

#[cfg(test)]
mod tests {
    use crate::Signal;

    /// Signals of every meaning.
    pub(super) const SIGNALS: [Signal; 10] = [
        Signal::INT,
        Signal::TERM,
        Signal::HUP,
        Signal::USR1,
        Signal::USR2,
        Signal::QUIT,
        Signal::ALRM,
        Signal::WINCH,
        Signal::TSTP,
        Signal::CONT,
    ];
}
