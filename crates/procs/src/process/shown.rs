//! What others may see of a process beside its state: plain data, written by its owner and its sensors.
//!
//! It is locked for as long as it takes to read or to write it, and no code that is not the library's runs meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rootward_core::{HealthFindings, ProcessDetails, ReadinessWait, StopStep, TakenStep};

use super::start_log::StartLog;
use crate::Signal;
use crate::policy::{LifeWaits, Told};

/// What the step of a stop is called that is a command.
pub(super) const COMMAND: &str = "stop command";

/// What others may see of one incarnation.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<ShownState>);

#[derive(Debug, Default)]
struct ShownState {
    /// What has to happen before the process counts as started.
    awaits: Option<String>,
    health: Option<HealthFindings>,
    said: Option<String>,
    reloading: bool,
    pending: LifeWaits,
    /// With what it was asked last, if its stop has several steps.
    asked: Option<String>,
    /// The steps of its stop, and when the first was taken.
    steps: Vec<StopStep>,
    since: Option<Instant>,
}

impl Shown {
    /// Of a process that has these ways to say that it is ready and healthy, and is asked with this first if its stop
    /// has several steps.
    pub(super) fn new(awaits: Option<String>, health: Option<HealthFindings>, asked: Option<String>) -> Self {
        Self(Mutex::new(ShownState { awaits, health, asked, ..ShownState::default() }))
    }

    /// What its machine waits for now.
    pub(super) fn pending(&self, pending: LifeWaits) {
        let mut known = self.lock();
        if known.pending != pending {
            known.pending = pending;
        }
    }

    /// How many health checks in a row have failed, and why the last one did.
    pub(super) fn health(&self, failures: u32, error: Option<String>) {
        let mut known = self.lock();
        if let Some(health) = &mut known.health {
            (health.failures, health.error) = (failures, error);
        }
    }

    /// With what it was asked to stop.
    pub(super) fn asked(&self, with: String) {
        self.lock().asked = Some(with);
    }

    /// A step of its stop is taken. A ladder may have the same step twice; the kill again, because a member has come to
    /// light that has not got it, is none.
    pub(super) fn took_step(&self, with: &str, now: Instant) {
        let mut known = self.lock();
        let since = *known.since.get_or_insert(now);
        let is_again = with == kill() && known.steps.last().is_some_and(|last| last.with == kill());
        if !is_again {
            known.steps.push(StopStep::new(with, now.saturating_duration_since(since)));
        }
    }

    /// The command of its stop has failed. Other steps may have been taken since it began.
    pub(super) fn command_failed(&self, error: &str) {
        if let Some(step) = self.lock().steps.iter_mut().rev().find(|step| step.with == COMMAND) {
            step.error = Some(error.to_owned());
        }
    }

    /// The steps of its stop so far, if there are several.
    pub(super) fn steps(&self) -> Vec<StopStep> {
        let known = self.lock();
        if known.steps.len() > 1 { known.steps.clone() } else { Vec::new() }
    }

    /// What it has said of itself. Answers whether it is ready again, after it has read its configuration.
    pub(super) fn notice(&self, told: &Told) -> bool {
        let mut known = self.lock();
        if told.status.is_some() {
            known.said.clone_from(&told.status);
        }
        let is_ready_again = known.reloading && told.ready && !told.reloading;
        known.reloading = told.reloading || known.reloading && !told.ready;
        is_ready_again
    }

    /// All of it, as of now. `None` if there is nothing to tell.
    pub(super) fn details(&self, log: Option<&StartLog>, now: Instant) -> Option<Box<ProcessDetails>> {
        let known = self.lock();
        let left = |at: Option<Instant>| at.map(|at| at.saturating_duration_since(now));
        let mut details = ProcessDetails::default();
        match known.pending {
            LifeWaits::Ready { until } => {
                let mut readiness = ReadinessWait::default();
                readiness.awaits = known.awaits.clone().unwrap_or_default();
                (readiness.left, readiness.last_miss) = (left(until), log.and_then(|log| log.known().0));
                details.readiness = Some(readiness);
            }
            LifeWaits::Step { next } => {
                details.stop_step = known.asked.clone().map(|with| {
                    let mut step = TakenStep::default();
                    (step.with, step.next_in) = (with, left(next));
                    step
                });
            }
            LifeWaits::End => details.health.clone_from(&known.health),
            LifeWaits::Launch | LifeWaits::Gone => {}
        }
        (details.said, details.reloading) = (known.said.clone(), known.reloading);
        (details != ProcessDetails::default()).then(|| Box::new(details))
    }

    fn lock(&self) -> MutexGuard<'_, ShownState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kill() -> &'static str {
    Signal::KILL.name()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What a process shows of a stop whose steps are taken a second apart.
    fn given(steps: &[&str]) -> Shown {
        let (shown, now) = (Shown::default(), tokio::time::Instant::now().into_std());
        for (step, second) in steps.iter().zip(0..) {
            shown.took_step(step, now + Duration::from_secs(second));
        }
        shown
    }

    fn said(shown: &Shown) -> Vec<(String, u64, Option<String>)> {
        shown.steps().into_iter().map(|step| (step.with, step.after.as_secs(), step.error)).collect()
    }

    #[test]
    fn a_step_that_a_ladder_has_twice_is_taken_twice_and_a_kill_once() {
        let shown = given(&["SIGINT", "SIGINT", "SIGTERM", "SIGKILL", "SIGKILL"]);

        let expected = [("SIGINT", 0), ("SIGINT", 1), ("SIGTERM", 2), ("SIGKILL", 3)];
        assert_eq!(said(&shown), expected.map(|(with, after)| (with.to_owned(), after, None)));
    }

    #[test]
    fn a_command_that_fails_when_the_next_step_has_been_taken_is_the_step_that_has_failed() {
        let shown = given(&[COMMAND, "SIGTERM"]);

        shown.command_failed("it was killed");

        let error = Some("it was killed".to_owned());
        assert_eq!(said(&shown), [(COMMAND.to_owned(), 0, error), ("SIGTERM".to_owned(), 1, None)]);
    }
}
