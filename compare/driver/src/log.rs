//! The log that worker and store write. Pure.

use std::time::Duration;

/// A process that has written down its id and its birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Born {
    pub pid: i32,
    /// In ticks since the system was started.
    pub birth: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    at: Duration,
    part: String,
    what: String,
}

/// What was written, in the order in which it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    lines: Vec<Line>,
}

impl Log {
    /// Reads a log. A line that is not whole yet is left out.
    pub fn parse(text: &str) -> Self {
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        Self { lines: whole.lines().filter_map(line).collect() }
    }

    /// How often this happened.
    pub fn count(&self, part: &str, what: &str) -> usize {
        self.lines.iter().filter(|line| line.is(part, what)).count()
    }

    /// The processes that have written down their ids and births.
    pub fn born(&self) -> Vec<Born> {
        self.lines.iter().filter(|line| line.is("store", "started")).filter_map(Line::born).collect()
    }

    /// The time between the first failure and the start after it.
    pub fn gap(&self) -> Option<Duration> {
        let failed = self.lines.iter().position(|line| line.is("worker", "failing"))?;
        let again = self.lines[failed..].iter().find(|line| line.is("worker", "started"))?;
        again.at.checked_sub(self.lines[failed].at)
    }

    /// What became of the worker.
    pub fn worker(&self) -> &'static str {
        match (self.position("worker", "flushing"), self.position("worker", "flushed")) {
            (_, Some(_)) => "flushed",
            (Some(_), None) => "began to flush",
            (None, None) => "did not flush",
        }
    }

    /// What became of the store's stop, and when, seen from the worker.
    pub fn store(&self) -> &'static str {
        match (self.position("store", "asked"), self.position("worker", "flushed")) {
            (None, _) => "not asked",
            (Some(_), None) => "asked",
            (Some(asked), Some(flushed)) if flushed < asked => "asked after the flush",
            (Some(_), Some(_)) => "asked before the flush was over",
        }
    }

    fn position(&self, part: &str, what: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.is(part, what))
    }
}

impl Line {
    fn is(&self, part: &str, what: &str) -> bool {
        self.part == part && self.what.split(' ').next() == Some(what)
    }

    fn born(&self) -> Option<Born> {
        let mut words = self.what.split(' ').skip(1);
        Some(Born { pid: words.next()?.parse().ok()?, birth: words.next()?.parse().ok()? })
    }
}

fn line(text: &str) -> Option<Line> {
    let mut words = text.splitn(3, ' ');
    let at = Duration::from_micros(words.next()?.parse().ok()?);
    Some(Line { at, part: words.next()?.into(), what: words.next()?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERLY: &str = "1000 store started 17 900\n2000 worker started\n5000 worker flushing\n\
                           9000 worker flushed\n9500 store asked\n";

    #[test]
    fn a_line_that_is_not_whole_is_left_out() {
        let log = Log::parse("1000 worker started\n2000 worker star");

        assert_eq!(log.count("worker", "started"), 1);
    }

    #[test]
    fn a_process_is_known_by_its_id_and_its_birth() {
        assert_eq!(Log::parse(ORDERLY).born(), [Born { pid: 17, birth: 900 }]);
    }

    #[test]
    fn a_store_that_is_asked_after_the_flush_was_asked_in_order() {
        let log = Log::parse(ORDERLY);

        assert_eq!((log.worker(), log.store()), ("flushed", "asked after the flush"));
    }

    #[test]
    fn a_store_that_is_asked_during_the_flush_was_not() {
        let log = Log::parse("1 worker flushing\n2 store asked\n3 worker flushed\n");

        assert_eq!(log.store(), "asked before the flush was over");
    }

    #[test]
    fn a_stop_that_is_not_heard_leaves_no_trace() {
        let log = Log::parse("1 worker started\n");

        assert_eq!((log.worker(), log.store()), ("did not flush", "not asked"));
    }

    #[test]
    fn the_gap_lies_between_the_first_failure_and_the_next_start() {
        let log =
            Log::parse("100 worker started\n1000 worker failing\n4000 worker started\n9000 worker failing\n");

        assert_eq!(log.gap(), Some(Duration::from_micros(3000)));
    }

    #[test]
    fn without_a_start_after_it_there_is_no_gap() {
        assert_eq!(Log::parse("100 worker started\n1000 worker failing\n").gap(), None);
    }
}
