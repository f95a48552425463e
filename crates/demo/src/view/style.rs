//! Colours, where a terminal shows them and the user has not turned them off.

use std::fmt;
use std::io::IsTerminal;

use crate::safe::Safe;

/// Whether what is written may be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Coloured,
}

/// What a part of a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What must be there and need not be read.
    Quiet,
    /// It runs, or it went as it should.
    Good,
    /// Something was asked of it, or is under way.
    Busy,
    /// It ended by itself, or is started again.
    Notice,
    /// It failed or had to be forced.
    Bad,
}

impl Style {
    /// Colours for standard error, if it is a terminal that has them and `NO_COLOR` is unset or empty.
    pub(crate) fn of_stderr() -> Self {
        Self::of(&std::io::stderr())
    }

    /// The same for standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::of(&std::io::stdout())
    }

    fn of(stream: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if stream.is_terminal() && !refused && !dumb { Self::Coloured } else { Self::Plain }
    }

    pub(super) fn paint<T: fmt::Display>(self, tone: Tone, text: T) -> Painted<T> {
        Painted { style: self, tone, text }
    }
}

/// A text in its colour, [safe](crate::safe) whatever it holds: the only escapes of a line are its colours.
pub(super) struct Painted<T> {
    style: Style,
    tone: Tone,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.tone {
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Busy => "36",
            Tone::Notice => "33",
            Tone::Bad => "1;31",
        };
        let text = Safe(&self.text);
        match self.style {
            Style::Plain => text.fmt(f),
            Style::Coloured => {
                write!(f, "\u{1b}[{code}m")?;
                text.fmt(f)?;
                f.write_str("\u{1b}[0m")
            }
        }
    }
}
