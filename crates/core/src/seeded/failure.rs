//! Why a story has not come to its end.

use std::fmt;

/// Says why a story has not come to its end, and what its threads did last.
#[derive(Clone, Debug)]
pub struct SeededFailure {
    /// What went wrong.
    pub what: Wrong,
    /// The last switches between threads, the oldest first.
    pub trace: Vec<String>,
}

/// What can go wrong with a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing is ready, no timer is set, and the story is not over.
    Hangs,
    /// The threads wait for each other's locks, or one of them for its own.
    Deadlocks,
    /// The story takes more steps than any sensible one.
    NeverEnds,
    /// A thread does not come back from something that is no synchronisation point.
    Blocks,
    /// The story itself panicked, with this message.
    Panicked(String),
}

impl fmt::Display for SeededFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Wrong::Hangs => f.write_str("nothing is ready, no timer is set, and the story is not over"),
            Wrong::Deadlocks => f.write_str("the threads wait for each other's locks"),
            Wrong::NeverEnds => f.write_str("the story goes round in circles"),
            Wrong::Blocks => f.write_str("a thread does not come back"),
            Wrong::Panicked(message) => write!(f, "the story panicked: {message}"),
        }?;
        self.trace.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for SeededFailure {}
