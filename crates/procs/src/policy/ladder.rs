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
        Ask { signal: self.signal, to: self.to }
    }
}

/// A signal, and what gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) signal: Signal,
    pub(crate) to: Recipient,
}

/// The signals of a stop, in order, and how long each comes after the one before.
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
    /// What it was asked with last.
    asked: Ask,
    /// The next step's place in `later`, and when it is due; `None` at the top.
    next: Option<(usize, Instant)>,
}

impl Ladder {
    /// One signal, and then as long a wait as the supervisor grants.
    pub(crate) fn single(signal: Signal) -> Self {
        Self { first: Ask { signal, to: Recipient::Group }, later: Vec::new(), total: None }
    }

    /// Several signals with waits between them; `None` if there is no step at all.
    pub(crate) fn new(steps: &[Step]) -> Option<Self> {
        let waits = steps.iter().map(|step| step.wait);
        let later = waits.clone().zip(steps.iter().skip(1).map(Step::ask)).collect();
        let total = waits.fold(Duration::ZERO, Duration::saturating_add);
        Some(Self { first: steps.first()?.ask(), later, total: Some(total) })
    }

    pub(crate) fn first(&self) -> Signal {
        self.first.signal
    }

    pub(crate) fn total(&self) -> Option<Duration> {
        self.total
    }

    /// Sets foot on the ladder: the first signal is sent now.
    pub(super) fn begin(&self, now: Instant) -> Rung {
        self.rung(self.first, 0, now)
    }

    /// The rung with the next signal, if it is due.
    pub(super) fn climb(&self, rung: Rung, now: Instant) -> Option<Rung> {
        match rung.next {
            Some((step, at)) if now >= at => Some(self.rung(self.later[step].1, step + 1, now)),
            Some(_) | None => None,
        }
    }

    fn rung(&self, asked: Ask, step: usize, now: Instant) -> Rung {
        let next = self.later.get(step).and_then(|(wait, _)| now.checked_add(*wait));
        Rung { asked, next: next.map(|at| (step, at)) }
    }
}

impl Rung {
    /// When the next signal is due.
    pub(super) fn due(self) -> Option<Instant> {
        self.next.map(|(_, at)| at)
    }

    /// With what a process that is on this rung has been asked.
    pub(super) fn asked(self) -> Ask {
        self.asked
    }

    /// The same rung for what a program has left behind, which is all that there is.
    pub(super) fn without_leader(self) -> Self {
        Self { asked: Ask { to: Recipient::Group, ..self.asked }, ..self }
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

        assert_eq!((ladder.first(), ladder.total(), rung.due()), (Signal::TERM, None, None));
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

    fn three() -> Ladder {
        let steps = [(Signal::INT, 1), (Signal::TERM, 2), (Signal::QUIT, 3)];
        Ladder::new(&steps.map(|(signal, wait)| Step::new(signal, wait * SECOND))).unwrap()
    }
}
