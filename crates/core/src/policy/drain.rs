//! How long a stop is put off after it has been accepted, so that no more work is sent to the tree when it begins.

use std::time::{Duration, Instant};

use crate::child::StopCause;

/// Puts the stop of one tree off.
#[derive(Debug)]
pub(crate) struct Drain {
    delay: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// No stop has been accepted.
    Open,
    /// A stop has been accepted, and is put off.
    Draining { cause: StopCause, since: Instant, until: Instant },
    /// The stop has gone down.
    Over,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// The stop is accepted, and put off for so long.
    Begins { cause: StopCause, delay: Duration },
    /// The stop that was accepted is still put off, or has gone down already.
    Nothing,
    /// The stop goes down now, which it does once. Its deadline is counted from its request.
    Stop { cause: StopCause, since: Instant },
}

impl Drain {
    /// At most half of the deadline is spent here, so that the children have as much.
    pub(crate) fn new(delay: Duration, deadline: Option<Duration>) -> Self {
        let delay = deadline.map_or(delay, |deadline| delay.min(deadline / 2));
        Self { delay, state: State::Open }
    }

    /// Whether no stop has been accepted.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether a stop has gone down.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// When the stop that is put off goes down.
    pub(crate) fn until(&self) -> Option<Instant> {
        match self.state {
            State::Draining { until, .. } => Some(until),
            State::Open | State::Over => None,
        }
    }

    /// A stop is asked for. What has not started, or stops by itself, has nothing to drain.
    pub(crate) fn ask(&mut self, cause: StopCause, is_running: bool, now: Instant) -> Drained {
        let may_wait = is_running && is_put_off(cause);
        let until = now.checked_add(self.delay).filter(|until| *until > now);
        match (self.state, until) {
            (State::Open, Some(until)) if may_wait => {
                self.state = State::Draining { cause, since: now, until };
                Drained::Begins { cause, delay: self.delay }
            }
            (State::Draining { .. }, _) if may_wait => Drained::Nothing,
            (State::Open | State::Draining { .. } | State::Over, _) => self.end(cause, now),
        }
    }

    /// The stop goes down now, whatever it waited for. The cause that was first counts.
    pub(crate) fn end(&mut self, cause: StopCause, now: Instant) -> Drained {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Draining { cause, since, .. } => Drained::Stop { cause, since },
            State::Open => Drained::Stop { cause, since: now },
            State::Over => Drained::Nothing,
        }
    }

    /// The time may have come.
    pub(crate) fn look(&mut self, now: Instant) -> Drained {
        match self.state {
            State::Draining { cause, until, .. } if until <= now => self.end(cause, now),
            State::Open | State::Draining { .. } | State::Over => Drained::Nothing,
        }
    }
}

/// Whether the tree is healthy and somewhere else wants it to stop.
pub(crate) fn is_put_off(cause: StopCause) -> bool {
    match cause {
        StopCause::Signal(_) | StopCause::Api | StopCause::Token => true,
        StopCause::Parent
        | StopCause::Sibling
        | StopCause::Deadline
        | StopCause::GaveUp
        | StopCause::AutoShutdown
        | StopCause::StartFailed
        | StopCause::Idle
        | StopCause::Dropped
        | StopCause::Failed
        | StopCause::Uncontained => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TERM: StopCause = StopCause::Signal("SIGTERM");

    fn now() -> Instant {
        crate::clock::now()
    }

    #[test]
    fn a_stop_is_put_off_and_goes_down_when_the_delay_is_over() {
        let start = now();
        let mut drain = Drain::new(SECOND * 5, Some(SECOND * 25));
        assert!(drain.is_open());

        assert_eq!(drain.ask(TERM, true, start), Drained::Begins { cause: TERM, delay: SECOND * 5 });
        assert!(!drain.is_open());
        assert_eq!(drain.until(), Some(start + SECOND * 5));
        assert_eq!(drain.look(start + SECOND * 4), Drained::Nothing);
        assert_eq!(drain.look(start + SECOND * 5), Drained::Stop { cause: TERM, since: start });
        assert_eq!(drain.until(), None);
    }

    #[test]
    fn a_second_stop_changes_nothing_and_a_force_ends_the_drain() {
        let start = now();
        let mut drain = Drain::new(SECOND * 5, None);
        drain.ask(TERM, true, start);

        assert_eq!(drain.ask(StopCause::Api, true, start + SECOND), Drained::Nothing);
        assert_eq!(drain.end(StopCause::Api, start + SECOND), Drained::Stop { cause: TERM, since: start });
    }

    #[test]
    fn only_what_runs_well_and_is_asked_from_elsewhere_is_drained() {
        for (cause, is_running) in
            [(TERM, false), (StopCause::Idle, true), (StopCause::GaveUp, true), (StopCause::Dropped, true)]
        {
            let start = now();
            let mut drain = Drain::new(SECOND, None);

            assert_eq!(drain.ask(cause, is_running, start), Drained::Stop { cause, since: start }, "{cause}");
            assert!(!drain.is_open());
        }
    }

    #[test]
    fn a_stop_goes_down_once() {
        let start = now();
        let mut drain = Drain::new(SECOND * 5, None);
        drain.ask(TERM, true, start);
        assert!(!drain.is_over());

        drain.end(StopCause::Api, start);

        assert!(drain.is_over());
        assert_eq!(drain.ask(StopCause::Dropped, false, start + SECOND), Drained::Nothing);
        assert_eq!(drain.end(StopCause::Api, start + SECOND), Drained::Nothing);
    }

    #[test]
    fn a_tree_that_has_nothing_left_to_run_drains_no_longer() {
        let start = now();
        let mut drain = Drain::new(SECOND * 5, None);
        drain.ask(TERM, true, start);

        let idle = drain.ask(StopCause::Idle, true, start + SECOND);

        assert_eq!(idle, Drained::Stop { cause: TERM, since: start });
    }

    #[test]
    fn the_children_keep_half_of_the_deadline() {
        let mut drain = Drain::new(SECOND * 60, Some(SECOND * 20));

        let drained = drain.ask(TERM, true, now());

        assert_eq!(drained, Drained::Begins { cause: TERM, delay: SECOND * 10 });
    }

    #[test]
    fn no_delay_is_no_drain() {
        let start = now();

        let drained = Drain::new(Duration::ZERO, None).ask(TERM, true, start);

        assert_eq!(drained, Drained::Stop { cause: TERM, since: start });
    }
}
