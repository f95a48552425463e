//! Pure: what a user can do about the way in which a child has ended, in one text for all that show it.

use super::EventKind;
use crate::child::Exit;

/// What is said of a program that has gone to the background.
const BACKGROUND: &str = "it seems to have gone to the background: tell it to stay in the foreground (nginx: \
                          `daemon off;`, redis: `daemonize no`, others: `-f`, `-D`, `--foreground`, `--no-daemon`)";

impl EventKind {
    /// What would help, in a sentence without an end, if a child ended in a way that is seldom meant.
    ///
    /// There is one case today: a process that exited with code 0 and left processes behind, as a program does that
    /// goes to the background. The text names what such programs have to be given so that they stay.
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Exited { status: Some(status), stragglers } = self else { return None };
        background_hint(status, stragglers.len())
    }
}

/// The hint for a program that ended like this and left so many processes behind.
pub fn background_hint(exit: &Exit, left_behind: usize) -> Option<&'static str> {
    (*exit == Exit::Code(0) && left_behind > 0).then_some(BACKGROUND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Outcome, Straggler};

    /// Case P21.
    #[test]
    fn only_a_program_that_succeeds_and_leaves_processes_behind_has_gone_to_the_background() {
        let left = || vec![Straggler { pid: 7, command: "worker".to_owned(), outcome: Outcome::Graceful }];
        let exited = |status, stragglers| EventKind::Exited { status, stragglers };
        let success = Exit::Success { exit: Box::new(Exit::Code(3)) };

        let hint = exited(Some(Exit::Code(0)), left()).hint().unwrap();

        for word in ["foreground", "daemon off;", "--foreground"] {
            assert!(hint.contains(word), "{word}: {hint}");
        }
        for other in [
            exited(Some(Exit::Code(0)), vec![]),
            exited(Some(Exit::Code(1)), left()),
            exited(Some(success), left()),
            exited(None, vec![]),
            EventKind::Starting,
        ] {
            assert_eq!(other.hint(), None, "{other:?}");
        }
    }
}
