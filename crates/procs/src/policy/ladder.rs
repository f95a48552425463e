//! With which signals a process is asked to stop, and how long it may think about each.
//!
//! Absent on purpose: SIGKILL at the end. When the whole grace is over is the supervisor's to say, for every kind of
//! child.

use std::time::{Duration, Instant};

use crate::Signal;

/// One step of a stop ladder: a signal, and how long to wait before the next one.
///
/// # Examples
///
/// A master that finishes the work of its workers if it alone is asked (celery, gunicorn, `npm`), and 20 seconds later
/// all of them:
///
/// ```
/// use std::time::Duration;
/// use rootward_procs::{Process, Signal, Step};
///
/// let worker = Process::new("celery").arg("worker").ladder([
///     Step::new(Signal::TERM, Duration::from_secs(20)).to_leader(),
///     Step::new(Signal::TERM, Duration::from_secs(5)),
/// ]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What is sent.
    pub signal: Signal,
    /// How long what gets it may take before the next step, or before SIGKILL if this is the last.
    pub wait: Duration,
    /// What gets it.
    pub to: Recipient,
}

/// What gets a signal of a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The process group of the program.
    #[default]
    Group,
    /// The program alone. What it has started gets the signal when the program has ended and left it behind.
    Leader,
}

impl Step {
    /// This signal to the process group, and then this wait.
    pub fn new(signal: Signal, wait: Duration) -> Self {
        Self { signal, wait, to: Recipient::Group }
    }

    /// Has the program alone get the signal.
    #[must_use]
    pub fn to_leader(self) -> Self {
        Self { to: Recipient::Leader, ..self }
    }

    fn ask(&self) -> Ask {
        let way = match self.to {
            Recipient::Group => Way::Group,
            Recipient::Leader => Way::Leader,
        };
        Ask { signal: self.signal, way }
    }
}

/// With what a process is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) signal: Signal,
    pub(crate) way: Way,
}

/// In which way a process is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The process group of the program gets the signal.
    Group,
    /// The program alone gets the signal.
    Leader,
    /// A command is run. The signal is that of the next step.
    Command,
}

/// The steps of a stop, in order, and how long each comes after the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ladder {
    first: Ask,
    later: Vec<(Duration, Ask)>,
    /// How long the whole ladder takes, if it says so.
    total: Option<Duration>,
}

/// How far up its ladder a process has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    /// What it was asked with last, and when.
    asked: Ask,
    at: Instant,
    /// When it was asked first.
    since: Instant,
    /// The place of the next step in `later`.
    next: usize,
    /// When that is due; `None` at the top.
    due: Option<Instant>,
}

impl Ladder {
    /// One signal, and then as long a wait as the supervisor grants.
    pub(crate) fn single(signal: Signal) -> Self {
        Self { first: Ask { signal, way: Way::Group }, later: Vec::new(), total: None }
    }

    /// Several signals with waits between them; `None` if there is no step at all.
    pub(crate) fn new(steps: &[Step]) -> Option<Self> {
        let waits = steps.iter().map(|step| step.wait);
        let later = waits.clone().zip(steps.iter().skip(1).map(Step::ask)).collect();
        let total = waits.fold(Duration::ZERO, Duration::saturating_add);
        Some(Self { first: steps.first()?.ask(), later, total: Some(total) })
    }

    /// The same behind a command, which has this time.
    pub(crate) fn behind_command(mut self, within: Duration) -> Self {
        let first = Ask { signal: self.first.signal, way: Way::Command };
        self.later.insert(0, (within, std::mem::replace(&mut self.first, first)));
        self.total = self.total.map(|total| total.saturating_add(within));
        self
    }

    /// The signal that is sent first, if nothing else comes before it.
    pub(crate) fn first(&self) -> Option<Signal> {
        (self.first.way != Way::Command).then_some(self.first.signal)
    }

    pub(crate) fn total(&self) -> Option<Duration> {
        self.total
    }

    /// Whether there are several steps, or a command.
    pub(crate) fn is_long(&self) -> bool {
        !self.later.is_empty()
    }

    /// Sets foot on the ladder: the first step is done now.
    pub(super) fn begin(&self, now: Instant) -> Rung {
        self.rung(self.first, 0, now, now)
    }

    /// The next rung, if it is due.
    pub(super) fn climb(&self, rung: Rung, now: Instant) -> Option<Rung> {
        rung.due.filter(|due| now >= *due).map(|_| self.next(rung, now))
    }

    /// The next rung, now; at the top the same.
    pub(super) fn next(&self, rung: Rung, now: Instant) -> Rung {
        match self.later.get(rung.next) {
            Some((_, ask)) => self.rung(*ask, rung.next + 1, rung.since, now),
            None => rung,
        }
    }

    fn rung(&self, asked: Ask, next: usize, since: Instant, at: Instant) -> Rung {
        let due = self.later.get(next).and_then(|(wait, _)| at.checked_add(*wait));
        Rung { asked, at, since, next, due }
    }
}

impl Rung {
    /// When the next step is due.
    pub(super) fn due(self) -> Option<Instant> {
        self.due
    }

    /// With what a process that is on this rung has been asked.
    pub(super) fn asked(self) -> Ask {
        self.asked
    }

    /// When it was asked with that.
    pub(super) fn at(self) -> Instant {
        self.at
    }

    /// How long that was after it was asked first.
    pub(super) fn after(self) -> Duration {
        self.at.saturating_duration_since(self.since)
    }

    /// Whether it is more than the signal that is known from the beginning of the stop.
    pub(super) fn is_worth_a_note(self) -> bool {
        self.next > 0 || self.asked.way == Way::Command
    }

    /// The same rung for what a program has left behind, which is all that there is.
    pub(super) fn without_leader(self) -> Self {
        Self { asked: Ask { way: Way::Group, ..self.asked }, ..self }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a pure machine needs any instant to count from")]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_single_signal_has_no_time_of_its_own() {
        let ladder = Ladder::single(Signal::TERM);
        let rung = ladder.begin(Instant::now());

        assert_eq!((ladder.first(), ladder.total(), rung.due()), (Some(Signal::TERM), None, None));
        assert!(!ladder.is_long());
        assert!(three().is_long());
    }

    #[test]
    fn each_signal_waits_for_the_step_before_it() {
        let ladder = three();
        let start = Instant::now();
        let first = ladder.begin(start);

        assert_eq!(first.due(), Some(start + SECOND));
        assert_eq!(ladder.climb(first, start), None);
        let second = ladder.climb(first, start + SECOND).unwrap();
        assert_eq!((second.asked().signal, second.due()), (Signal::TERM, Some(start + 3 * SECOND)));
        let top = ladder.climb(second, start + 3 * SECOND).unwrap();
        assert_eq!((top.asked().signal, top.due()), (Signal::QUIT, None));
        assert_eq!(ladder.climb(top, start + 100 * SECOND), None);
    }

    #[test]
    fn a_late_climber_still_gives_every_signal_its_wait() {
        let ladder = three();
        let start = Instant::now();
        let late = start + 10 * SECOND;

        let second = ladder.climb(ladder.begin(start), late).unwrap();

        assert_eq!(second.due(), Some(late + 2 * SECOND));
    }

    #[test]
    fn a_ladder_takes_the_sum_of_its_waits_and_needs_a_step() {
        assert_eq!(three().total(), Some(6 * SECOND));
        assert_eq!(Ladder::new(&[]), None);
    }

    #[test]
    fn a_command_comes_before_the_first_signal_and_adds_its_time() {
        let ladder = three().behind_command(SECOND);
        let start = Instant::now();
        let command = ladder.begin(start);

        assert_eq!((ladder.first(), ladder.total()), (None, Some(7 * SECOND)));
        assert_eq!((command.asked().way, command.due()), (Way::Command, Some(start + SECOND)));
        assert!(command.is_worth_a_note() && !three().begin(start).is_worth_a_note());
        let first = ladder.climb(command, start + SECOND).unwrap();
        assert_eq!(first.asked(), Ask { signal: Signal::INT, way: Way::Group });
        assert_eq!((first.after(), first.due()), (SECOND, Some(start + 2 * SECOND)));
    }

    fn three() -> Ladder {
        let steps = [(Signal::INT, 1), (Signal::TERM, 2), (Signal::QUIT, 3)];
        Ladder::new(&steps.map(|(signal, wait)| Step::new(signal, wait * SECOND))).unwrap()
    }
}
