//! Which ends of a process count as a success.

use std::collections::BTreeSet;

use rootward_core::Exit;

/// What counts as a success beside exit code 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Successes {
    pub(super) codes: BTreeSet<i32>,
    /// By their numbers.
    pub(super) signals: BTreeSet<i32>,
}

impl Successes {
    /// An exit, as a success if it counts as one.
    pub(crate) fn judge(&self, exit: Exit) -> Exit {
        let counts = if let Exit::Signal { number, .. } = &exit {
            self.signals.contains(number)
        } else {
            matches!(&exit, Exit::Code(code) if self.codes.contains(code))
        };
        if counts { exit.into_success() } else { exit }
    }

    /// The first mistake in them, in words.
    pub(super) fn problem(&self) -> Option<String> {
        let wrong = self.codes.iter().find(|code| !(0..=255).contains(*code))?;
        Some(format!("an exit code is from 0 to 255, and never {wrong}"))
    }
}
