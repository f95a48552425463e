//! What a report says about the end of the program: its status, or the signal that has stopped it.

use rootward_core::{Ending, Exit, StopCause, StopReport};
use rootward_signals::Signal;

/// The signal that has stopped a tree of which everything is gone.
pub(super) fn signal_of(report: &StopReport) -> Option<Signal> {
    let StopCause::Signal(name) = report.cause else { return None };
    let is_gone = matches!(report.ending, Ending::Clean | Ending::Forced);
    is_gone.then(|| name.parse().ok()).flatten()
}

/// The status with which a program ends that hands on how a child has ended.
pub(super) fn status_from(report: &StopReport, path: &str) -> u8 {
    let own = report.ending.exit_status();
    let is_gone = report.ending != Ending::Incomplete;
    let blame = report.blame.as_ref().filter(|blame| is_gone && blame.child == *path);
    blame.and_then(|blame| status_of(&blame.exit)).unwrap_or(own)
}

/// The status of a process as a shell has it. Only the lowest eight bits of an exit code reach the parent.
fn status_of(exit: &Exit) -> Option<u8> {
    match exit.plain() {
        Exit::Code(code) => u8::try_from(code & 0xff).ok(),
        Exit::Signal { number, .. } => u8::try_from(128 + number).ok(),
        Exit::Normal
        | Exit::Shutdown
        | Exit::Failed { .. }
        | Exit::Panicked(_)
        | Exit::Aborted
        | Exit::Unknown
        | _ => None,
    }
}
