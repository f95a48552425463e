//! The signals that mean something to a tree: numbers become meaning here, once.

use std::fmt;

/// A signal that the root signal actor can listen for.
///
/// The first four have a meaning of their own, which [`Signals`](crate::Signals) lists. The others are there
/// for handlers and change nothing by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT: a user pressed Ctrl-C.
    Interrupt,
    /// SIGTERM: an orchestrator, an init system or `kill` asks the program to end.
    Terminate,
    /// SIGHUP: the terminal was closed, or a daemon should read its configuration again.
    Hangup,
    /// SIGUSR1: show what the tree looks like.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGQUIT: a user pressed Ctrl-\\. Unless a handler is registered it keeps its default, an immediate end with a
    /// core image, as the last way out of a program that hangs.
    Quit,
    /// SIGALRM: a timer of the program's own went off.
    Alarm,
    /// SIGWINCH: the terminal changed its size.
    WindowChange,
}

impl Signal {
    /// Every signal that can be listened for.
    pub const ALL: [Self; 8] = [
        Self::Interrupt,
        Self::Terminate,
        Self::Hangup,
        Self::User1,
        Self::User2,
        Self::Quit,
        Self::Alarm,
        Self::WindowChange,
    ];

    /// The signal's name, such as `SIGTERM`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Hangup => "SIGHUP",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
            Self::Quit => "SIGQUIT",
            Self::Alarm => "SIGALRM",
            Self::WindowChange => "SIGWINCH",
        }
    }

    /// The signal's number on this system.
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
            Self::Hangup => libc::SIGHUP,
            Self::User1 => libc::SIGUSR1,
            Self::User2 => libc::SIGUSR2,
            Self::Quit => libc::SIGQUIT,
            Self::Alarm => libc::SIGALRM,
            Self::WindowChange => libc::SIGWINCH,
        }
    }

    /// The exit status of a program that leaves because of this signal: 128 and its number, as shells have
    /// it.
    pub fn exit_status(self) -> u8 {
        // No Unix numbers these signals above 127, so the other case is there for the type alone.
        u8::try_from(128 + self.number()).unwrap_or(u8::MAX)
    }
}

/// The signal's name.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_leaves_by_a_signal_has_the_status_that_shells_expect() {
        assert_eq!(Signal::Hangup.exit_status(), 129);
        assert_eq!(Signal::Interrupt.exit_status(), 130);
        assert_eq!(Signal::Terminate.exit_status(), 143);
    }

    #[test]
    fn no_two_signals_share_a_name_or_a_number() {
        let mut names = Signal::ALL.map(Signal::name).to_vec();
        let mut numbers = Signal::ALL.map(Signal::number).to_vec();
        names.sort_unstable();
        names.dedup();
        numbers.sort_unstable();
        numbers.dedup();

        assert_eq!((names.len(), numbers.len()), (Signal::ALL.len(), Signal::ALL.len()));
    }
}
