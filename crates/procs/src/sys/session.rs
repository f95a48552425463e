//! What a program leads, beside its process group.

use super::raw::{self, Errno};

/// Which session a program is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Session {
    /// That of its starter, in a process group of its own.
    #[default]
    Ours,
    /// One of its own, which it leads.
    Own,
    /// One of its own, whose terminal is its standard input.
    OwnWithTerminal,
}

impl Session {
    /// The session with this number. What is no number of one is ours.
    pub(crate) fn from_number(number: usize) -> Self {
        [Self::Own, Self::OwnWithTerminal]
            .into_iter()
            .find(|session| *session as usize == number)
            .unwrap_or(Self::Ours)
    }

    /// Has the calling process lead what it is to lead. The rules of [`child`](super::child) hold.
    pub(super) fn lead(self) -> Result<(), Errno> {
        match self {
            Self::Ours => raw::lead_group(),
            Self::Own | Self::OwnWithTerminal => raw::lead_session(),
        }
    }

    /// Gives the session its terminal, when that is at its place. The process's group is in the foreground then.
    pub(super) fn take_terminal(self) -> Result<(), Errno> {
        match self {
            Self::Ours | Self::Own => Ok(()),
            Self::OwnWithTerminal => raw::take_terminal(0),
        }
    }
}
