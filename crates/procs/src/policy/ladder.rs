//! With which signals a process is asked to stop, and how long it may think about each.
//!
//! Absent on purpose: SIGKILL at the end. When the whole grace is over is the supervisor's to say, for every kind of
//! child.

use std::time::{Duration, Instant};

use crate::Signal;

/// One step of a stop ladder: a signal, and how long to wait before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the process group gets.
    pub signal: Signal,
    /// How long the group may take before the next step, or before SIGKILL if this is the last.
    pub wait: Duration,
}

/// The signals of a stop, in order, and how long each comes after the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ladder {
    first: Signal,
    later: Vec<(Duration, Signal)>,
    /// How long the whole ladder takes, if it says so.
    total: Option<Duration>,
}

/// How far up its ladder a process has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    /// The next step's place in `later`, and when it is due; `None` at the top.
    next: Option<(usize, Instant)>,
}

impl Ladder {
    /// One signal, and then as long a wait as the supervisor grants.
    pub(crate) fn single(signal: Signal) -> Self {
        Self { first: signal, later: Vec::new(), total: None }
    }

    /// Several signals with waits between them; `None` if there is no step at all.
    pub(crate) fn new(steps: &[Step]) -> Option<Self> {
        let waits = steps.iter().map(|step| step.wait);
        let later = waits.clone().zip(steps.iter().skip(1).map(|step| step.signal)).collect();
        let total = waits.fold(Duration::ZERO, Duration::saturating_add);
        Some(Self { first: steps.first()?.signal, later, total: Some(total) })
    }

    pub(crate) fn first(&self) -> Signal {
        self.first
    }

    pub(crate) fn total(&self) -> Option<Duration> {
        self.total
    }

    /// Sets foot on the ladder: the first signal is sent now.
    pub(super) fn begin(&self, now: Instant) -> Rung {
        self.rung(0, now)
    }

    /// The next signal if it is due, and the rung it leads to.
    pub(super) fn climb(&self, rung: Rung, now: Instant) -> Option<(Signal, Rung)> {
        match rung.next {
            Some((step, at)) if now >= at => Some((self.later[step].1, self.rung(step + 1, now))),
            Some(_) | None => None,
        }
    }

    fn rung(&self, step: usize, now: Instant) -> Rung {
        let next = self.later.get(step).and_then(|(wait, _)| now.checked_add(*wait));
        Rung { next: next.map(|at| (step, at)) }
    }
}

impl Rung {
    /// When the next signal is due.
    pub(super) fn due(self) -> Option<Instant> {
        self.next.map(|(_, at)| at)
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
        let (signal, second) = ladder.climb(first, start + SECOND).unwrap();
        assert_eq!((signal, second.due()), (Signal::TERM, Some(start + 3 * SECOND)));
        let (signal, top) = ladder.climb(second, start + 3 * SECOND).unwrap();
        assert_eq!((signal, top.due()), (Signal::QUIT, None));
        assert_eq!(ladder.climb(top, start + 100 * SECOND), None);
    }

    #[test]
    fn a_late_climber_still_gives_every_signal_its_wait() {
        let ladder = three();
        let start = Instant::now();
        let late = start + 10 * SECOND;

        let (_, second) = ladder.climb(ladder.begin(start), late).unwrap();

        assert_eq!(second.due(), Some(late + 2 * SECOND));
    }

    #[test]
    fn a_ladder_takes_the_sum_of_its_waits_and_needs_a_step() {
        assert_eq!(three().total(), Some(6 * SECOND));
        assert_eq!(Ladder::new(&[]), None);
    }

    fn three() -> Ladder {
        let steps = [(Signal::INT, 1), (Signal::TERM, 2), (Signal::QUIT, 3)];
        Ladder::new(&steps.map(|(signal, wait)| Step { signal, wait: wait * SECOND })).unwrap()
    }
}
