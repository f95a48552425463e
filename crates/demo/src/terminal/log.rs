//! Pure: the events that the view remembers, which of them are shown, and where the reader stands.

use std::collections::VecDeque;
use std::sync::Arc;

use rootward_observer::wire::Event;

use super::words::{EventText, Level, level_of, say};

/// How many events are remembered.
const KEPT: usize = 5000;

/// How much of a line is kept, in characters.
const LINE: usize = 2000;

/// One event that is remembered. What it says is put into words when it is wanted: most events are never seen.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) seq: u64,
    pub(crate) at: f64,
    event: Arc<Event>,
    level: Level,
}

impl LogEntry {
    /// The path of the child.
    pub(crate) fn path(&self) -> String {
        super::text::safe(&self.event.path)
    }

    /// What the event says.
    pub(crate) fn said(&self) -> EventText {
        let mut said = say(&self.event);
        if let Some((cut, _)) = said.text.char_indices().nth(LINE) {
            said.text.truncate(cut);
        }
        said
    }
}

/// The events that are remembered.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<LogEntry>,
    /// The number of the event on which the reader stands. `None` follows what comes.
    cursor: Option<u64>,
    /// Only this child and what is below it.
    under: Option<String>,
    at_least: Level,
    wanted: String,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            cursor: None,
            under: None,
            at_least: Level::Output,
            wanted: String::new(),
        }
    }

    pub(crate) fn add(&mut self, event: &Arc<Event>) {
        if self.entries.back().is_some_and(|newest| newest.seq >= event.seq) {
            return;
        }
        let (event, level) = (Arc::clone(event), level_of(event));
        self.entries.push_back(LogEntry { seq: event.seq, at: event.at, event, level });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    pub(crate) fn is_following(&self) -> bool {
        self.cursor.is_none()
    }

    pub(crate) fn under(&self) -> Option<&str> {
        self.under.as_deref()
    }

    pub(crate) fn at_least(&self) -> Level {
        self.at_least
    }

    pub(crate) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// Shows what happens to this child and below it, or everything.
    pub(crate) fn show_under(&mut self, path: Option<String>) {
        self.under = path;
    }

    /// Everything; without output; what asks to be looked at; and everything again.
    pub(crate) fn next_level(&mut self) {
        self.at_least = match self.at_least {
            Level::Output => Level::Usual,
            Level::Usual => Level::Notice,
            Level::Notice | Level::Bad => Level::Output,
        };
    }

    /// Stands still where the reader is, or follows again.
    pub(crate) fn follow(&mut self, follow: bool) {
        self.cursor = if follow { None } else { self.current().map(|entry| entry.seq) };
    }

    /// What is shown up to where the reader stands, the newest first.
    pub(crate) fn up_to_cursor(&self) -> impl Iterator<Item = &LogEntry> {
        let end = self.cursor.map_or(self.entries.len(), |seq| {
            // What the reader stood on may have been forgotten.
            self.entries.partition_point(|entry| entry.seq <= seq).max(usize::from(!self.entries.is_empty()))
        });
        self.entries.range(..end).rev().filter(|entry| self.shows(entry))
    }

    /// Where the reader stands.
    pub(crate) fn current(&self) -> Option<&LogEntry> {
        self.up_to_cursor().next()
    }

    /// Moves by so many lines, up if that is less than 0. At the end it follows.
    pub(crate) fn go(&mut self, lines: isize) {
        if lines < 0 {
            let to = self.up_to_cursor().take(lines.unsigned_abs() + 1).last().map(|entry| entry.seq);
            self.cursor = to.or(self.cursor);
        } else {
            let Some(cursor) = self.cursor else { return };
            let below = self.entries.iter().filter(|entry| entry.seq > cursor && self.shows(entry));
            self.cursor = below.map(|entry| entry.seq).nth(lines.unsigned_abs().saturating_sub(1));
        }
    }

    /// Searches for a text from the newest line upwards from here, and says whether it is there.
    pub(crate) fn search(&mut self, wanted: &str) -> bool {
        self.wanted = wanted.to_lowercase();
        let found = self.up_to_cursor().find(|entry| self.is_wanted(entry)).map(|entry| entry.seq);
        self.cursor = found.or(self.cursor);
        found.is_some()
    }

    /// The next older line with the text.
    pub(crate) fn older(&mut self) -> bool {
        let found = self.up_to_cursor().skip(1).find(|entry| self.is_wanted(entry)).map(|entry| entry.seq);
        self.cursor = found.or(self.cursor);
        found.is_some()
    }

    /// The next newer line with the text.
    pub(crate) fn newer(&mut self) -> bool {
        let Some(cursor) = self.cursor else { return false };
        let mut below = self.entries.iter().filter(|entry| entry.seq > cursor && self.shows(entry));
        let found = below.find(|entry| self.is_wanted(entry)).map(|entry| entry.seq);
        self.cursor = found.or(self.cursor);
        found.is_some()
    }

    /// Whether this line has the text that is searched for.
    pub(crate) fn is_wanted(&self, entry: &LogEntry) -> bool {
        !self.wanted.is_empty()
            && (entry.said().text.to_lowercase().contains(&self.wanted)
                || entry.path().to_lowercase().contains(&self.wanted))
    }

    fn shows(&self, entry: &LogEntry) -> bool {
        let is_under = |under| super::rows::is_at_or_below(&entry.event.path, under);
        entry.level >= self.at_least && self.under.as_deref().is_none_or(is_under)
    }
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::{Kind, What};

    use super::*;

    fn log(events: &[(&str, &str)]) -> Log {
        let mut log = Log::new();
        for (seq, (path, line)) in (1..).zip(events) {
            let what = match *line {
                "starting" => What::Starting,
                "failed" => What::StartFailed { error: "x".to_owned(), stragglers: Vec::new() },
                line => What::Output {
                    stream: "stdout".to_owned(),
                    line: line.to_owned(),
                    truncated: false,
                    lossy: false,
                    continued: false,
                },
            };
            let (time, path) = (String::new(), (*path).to_owned());
            let event = Event { seq, at: 0.0, time, what, path, incarnation: 1, kind: Kind::Task };
            log.add(&Arc::new(event));
        }
        log
    }

    fn shown(log: &Log) -> Vec<u64> {
        log.up_to_cursor().map(|entry| entry.seq).collect()
    }

    #[test]
    fn what_comes_is_followed_until_the_reader_moves() {
        let mut log = log(&[("root", "starting"), ("root/a", "one"), ("root/a", "two")]);

        assert!(log.is_following());
        log.go(-1);
        assert_eq!((shown(&log), log.is_following()), (vec![2, 1], false));
        log.go(-10);
        assert_eq!(shown(&log), [1]);
        log.go(1);
        assert_eq!(shown(&log), [2, 1]);
        log.go(5);
        assert!(log.is_following(), "the end is reached");
    }

    #[test]
    fn only_what_is_asked_for_is_shown() {
        let mut log =
            log(&[("root", "starting"), ("root/a", "one"), ("root/a/b", "failed"), ("root/ab", "failed")]);

        log.show_under(Some("root/a".to_owned()));
        assert_eq!(shown(&log), [3, 2], "root/ab is not below root/a");
        log.next_level();
        log.next_level();
        assert_eq!(shown(&log), [3]);
        log.next_level();
        log.show_under(None);
        assert_eq!(shown(&log), [4, 3, 2, 1]);
    }

    #[test]
    fn a_text_is_found_upwards_and_then_in_both_directions() {
        let mut log = log(&[
            ("root", "starting"),
            ("root/a", "Needle 1"),
            ("root/a", "hay"),
            ("root/a", "needle 2"),
            ("root/a", "hay"),
        ]);

        assert!(log.search("needle"));
        assert_eq!(log.current().unwrap().seq, 4);
        assert!(log.older());
        assert_eq!(log.current().unwrap().seq, 2);
        assert!(!log.older());
        assert!(log.newer());
        assert_eq!(log.current().unwrap().seq, 4);
        assert!(!log.newer());
        assert!(!log.search("nothing like it"));
    }

    #[test]
    fn a_reader_whose_line_was_forgotten_stands_on_the_oldest() {
        let mut log = log(&[("root", "starting"); 3]);
        log.go(-2);
        for seq in 4..(KEPT as u64 + 10) {
            let event = Event {
                seq,
                at: 0.0,
                time: String::new(),
                what: What::Starting,
                path: "root".to_owned(),
                incarnation: 1,
                kind: Kind::Task,
            };
            log.add(&Arc::new(event));
        }

        assert_eq!(log.entries.len(), KEPT);
        assert_eq!(shown(&log).len(), 1);
    }
}
