//! How much text an event holds, for the bound on what waits for readers.
//!
//! Roughly: texts that a child or a process can make long are counted, and what every event has is not.

use super::EventKind;
use crate::child::Straggler;
use crate::child::{Exit, Panic};

impl EventKind {
    /// How many bytes of text this holds.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::StartFailed { error, stragglers } => error.len() + of_stragglers(stragglers),
            Self::Retrying { error, .. } | Self::Unhealthy { error, .. } => error.len(),
            Self::Exited { status, stragglers } | Self::Stopped { status, stragglers, .. } => {
                of_exit(status.as_ref()) + of_stragglers(stragglers)
            }
            Self::Signal { signal, .. } => signal.len(),
            Self::Asked { with, error, .. } => with.len() + error.as_ref().map_or(0, String::len),
            Self::MadeToCrash { by } => by.len(),
            Self::HandlerFailed { handler, error } => handler.len() + error.len(),
            Self::Stalled { thread, .. } => thread.len(),
            Self::GuestPanicked { panic } => of_panic(panic),
            Self::Degraded { what, reason } => what.len() + reason.len(),
            Self::Notified(notice) => notice.status.as_ref().map_or(0, String::len),
            Self::Output { line, .. } => line.len(),
            Self::Starting
            | Self::Healthy
            | Self::NotReady { .. }
            | Self::Started { .. }
            | Self::Ignored
            | Self::Restarting { .. }
            | Self::GaveUp { .. }
            | Self::Draining { .. }
            | Self::Stopping { .. }
            | Self::Escalated { .. } => 0,
        }
    }
}

fn of_exit(exit: Option<&Exit>) -> usize {
    match exit {
        Some(Exit::Failed { error }) => error.len(),
        Some(Exit::Panicked(panic)) => of_panic(panic),
        Some(Exit::Signal { name, .. }) => name.len(),
        Some(Exit::Success { exit }) => size_of::<Exit>() + of_exit(Some(&**exit)),
        Some(Exit::Normal | Exit::Shutdown | Exit::Aborted | Exit::Code(_) | Exit::Unknown) | None => 0,
    }
}

fn of_panic(Panic { message, location, backtrace }: &Panic) -> usize {
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    message.len() + of(location) + of(backtrace)
}

fn of_stragglers(stragglers: &[Straggler]) -> usize {
    stragglers.iter().map(|straggler| size_of::<Straggler>() + straggler.command.len()).sum()
}
