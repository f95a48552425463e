//! What is known of a start that is not over: why the last look found nothing, and what the process wrote last.
//!
//! The sensor and the readiness check write it, and the owner of the process reads it when the start has failed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::path_state::PathState;

/// How many lines are kept.
const MOST_LINES: usize = 5;

/// How much of a line is kept, in characters.
const LONGEST_LINE: usize = 200;

/// What is known of a start.
#[derive(Debug, Default)]
pub(super) struct StartLog {
    /// What stood at the path that says that the process is ready, before the program was started.
    pub(super) before: Arc<OnceLock<PathState>>,
    known: Mutex<StartLogState>,
}

#[derive(Debug, Default)]
struct StartLogState {
    is_closed: bool,
    lines: VecDeque<String>,
    last_error: Option<String>,
}

impl StartLog {
    /// Takes a line that the process wrote, as a person sees it. `continued` says that it goes on with the last one.
    pub(super) fn note_line(&self, line: &str, continued: bool) {
        let mut known = self.lock();
        if known.is_closed {
            return;
        }
        let begun = if continued { known.lines.pop_back() } else { None };
        let text = begun.unwrap_or_default() + line;
        known.lines.push_back(shortened(&text));
        while known.lines.len() > MOST_LINES {
            known.lines.pop_front();
        }
    }

    /// Says why a look has found nothing.
    pub(super) fn note_error(&self, error: String) {
        let mut known = self.lock();
        if !known.is_closed {
            known.last_error = Some(error);
        }
    }

    /// Nothing more is added: the start is over, or what the process writes now is about its end.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Why the last look found nothing, and the last lines.
    pub(super) fn known(&self) -> (Option<String>, Vec<String>) {
        let known = self.lock();
        (known.last_error.clone(), known.lines.iter().cloned().collect())
    }

    /// Held for as long as it takes to write something down.
    fn lock(&self) -> MutexGuard<'_, StartLogState> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_a_line_that_goes_on_is_one() {
        let log = StartLog::default();
        for line in ["0", "1", "2", "3", "4", "Ready"] {
            log.note_line(line, false);
        }
        log.note_line("> ", true);

        assert_eq!(log.known().1, ["1", "2", "3", "4", "Ready> "]);
    }

    #[test]
    fn a_long_line_is_shortened_between_characters() {
        let log = StartLog::default();
        log.note_line(&"ü".repeat(1000), false);

        assert_eq!(log.known().1, ["ü".repeat(LONGEST_LINE) + "…"]);
    }

    #[test]
    fn nothing_is_added_to_a_log_that_is_closed() {
        let log = StartLog::default();
        log.note_line("why", false);
        log.note_error("refused".to_owned());
        log.close();
        log.note_line("Terminated", false);
        log.note_error("gone".to_owned());

        assert_eq!(log.known(), (Some("refused".to_owned()), vec!["why".to_owned()]));
    }
}
