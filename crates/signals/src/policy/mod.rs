//! What the root signal actor decides, as pure state machines.
//!
//! Pure: the caller passes `now`; nothing here reads a clock, spawns, logs, or knows of tokio and ractor.

mod calls;
mod escalation;
mod inherited;
mod patience;

pub use escalation::Hangup;

pub(crate) use calls::{Calls, Ticket};
pub(crate) use escalation::{Escalation, Reaction, Rules};
pub(crate) use inherited::stays_ignored;
pub(crate) use patience::{Decided, Patience};

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
