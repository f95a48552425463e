//! The life of one process child, from the wish to start it until nothing of it is left.
//!
//! A process child is a set: the program, and what it has started. The machine is told facts ([`LifeInput`]) and
//! answers with what is to be done ([`Action`]). It tells three facts apart that are easily taken for one: the program
//! has ended, the set still has a member, and the set is empty. Only the last is the end of the set.
//!
//! A readiness check that runs as a task is the user's code and can block its thread. The machine waits for its end for
//! a short while after the set is empty, and then goes on without it. A health check takes its place when the program
//! has started.
//!
//! Absent on purpose: the grace of a stop. The supervisor ends it, as it does for every kind of child, with
//! [`LifeInput::Force`]. The machine has a clock of its own only for what happens without a supervisor's request: a
//! start that does not get ready, leftovers of a program that ended by itself, and a check that does not end.

use std::time::{Duration, Instant};

use super::ladder::{Rung, Way};
use super::life_io::{Action, LifeEnd, LifeInput, LifeRules, LifeWaits, Readiness};
use crate::Signal;

/// The state of one process child.
#[derive(Debug)]
pub(crate) struct Life {
    rules: LifeRules,
    phase: LifePhase,
    /// The outcome, as far as it is known.
    verdict: LifeEnd,
    check: CheckState,
    /// The command that asks the program to stop.
    command: CheckState,
    /// Whether the program counts as started. One that does not is not asked by that command.
    has_started: bool,
}

#[derive(Clone, Copy, Debug)]
enum LifePhase {
    New,
    /// The start is under way. What was asked of it meanwhile is done when it is over.
    Launching(Wish),
    /// The program runs and has not said that it is ready.
    Unready {
        until: Option<Instant>,
    },
    /// The program has ended before it was known to be ready, and the check looks once more, until this time.
    LookingLast {
        until: Option<Instant>,
        /// Whether the set is known to be empty.
        is_empty: bool,
    },
    /// The program runs.
    Alive(Pressure),
    /// The program has ended, and its set may not be empty.
    Left(Pressure),
    /// The set is empty, and the check has not ended. It is waited for until this time.
    Checking {
        until: Option<Instant>,
    },
    Gone,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Run,
    Stop,
    Kill,
}

/// How hard the set has been asked to go.
#[derive(Clone, Copy, Debug)]
enum Pressure {
    None,
    /// Asked, up to this rung. `kill_at` is when that is enough, unless it is the supervisor's to say.
    Asked {
        rung: Rung,
        kill_at: Option<Instant>,
    },
    Killed {
        again_at: Option<Instant>,
    },
}

/// How far the check has come: of the readiness, and then of the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckState {
    /// There is none, or none any more.
    Over,
    Running,
    /// It has been aborted, and may still be there.
    Ending,
}

/// How long after one SIGKILL another follows. One suffices for what the kernel lets us kill; a process that had
/// other rights at the time may be within reach later.
const KILL_AGAIN: Duration = Duration::from_secs(1);

/// How long the last look may take.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// How long an empty set waits for the end of a check that has been aborted. One that waits in its future ends at once;
/// one that blocks its thread may never end.
const CHECK_PATIENCE: Duration = Duration::from_secs(1);

/// The same after SIGKILL. A supervisor forces its children shortly before its deadline, and the end should be told
/// before that.
const CHECK_PATIENCE_AFTER_KILL: Duration = Duration::from_millis(50);

impl Life {
    pub(crate) fn new(rules: LifeRules) -> Self {
        Self {
            rules,
            phase: LifePhase::New,
            verdict: LifeEnd::Ended,
            check: CheckState::Over,
            command: CheckState::Over,
            has_started: false,
        }
    }

    /// Whether it is waited for: it has not started, or is on its way out.
    pub(crate) fn is_awaited(&self) -> bool {
        !matches!(self.phase, LifePhase::Alive(Pressure::None) | LifePhase::Gone)
    }

    /// What it waits for.
    pub(crate) fn pending(&self) -> LifeWaits {
        match self.phase {
            LifePhase::New | LifePhase::Launching(_) => LifeWaits::Launch,
            LifePhase::Unready { until } | LifePhase::LookingLast { until, .. } => LifeWaits::Ready { until },
            LifePhase::Alive(Pressure::None)
            | LifePhase::Left(Pressure::None)
            | LifePhase::Checking { .. } => LifeWaits::End,
            LifePhase::Alive(Pressure::Asked { rung, kill_at })
            | LifePhase::Left(Pressure::Asked { rung, kill_at }) => {
                LifeWaits::Step { next: rung.due().into_iter().chain(kill_at).min() }
            }
            LifePhase::Alive(Pressure::Killed { again_at })
            | LifePhase::Left(Pressure::Killed { again_at }) => LifeWaits::Step { next: again_at },
            LifePhase::Gone => LifeWaits::Gone,
        }
    }

    /// Takes a fact and says what follows from it.
    pub(crate) fn step(&mut self, input: LifeInput, now: Instant) -> Vec<Action> {
        use {Action as A, LifeInput as I, LifePhase as P, Pressure as Pr};
        if input == I::CheckOver {
            self.check = CheckState::Over;
        }
        if input == I::StopCommandOver {
            self.command = CheckState::Over;
        }
        match (self.phase, input) {
            (P::New, I::Begin) => self.enter(P::Launching(Wish::Run), [A::Launch]),

            // A start cannot be called back. A request that comes meanwhile is remembered; the stronger one wins.
            (P::Launching(Wish::Run), I::Stop) => self.enter(P::Launching(Wish::Stop), []),
            (P::Launching(_), I::Force) => self.enter(P::Launching(Wish::Kill), []),
            (P::Launching(_), I::LaunchFailed) => {
                self.verdict = LifeEnd::NotLaunched;
                self.finish()
            }
            (P::Launching(Wish::Run), I::Launched) => self.launched(now),
            (P::Launching(Wish::Stop), I::Launched) => self.ask(P::Alive, None, now),
            (P::Launching(Wish::Kill), I::Launched) => self.kill(P::Alive, now),

            (P::Unready { .. }, I::Ready) => self.started(),
            (P::Unready { .. }, I::NeverReady) => self.not_ready(now),
            (P::Unready { until: Some(until) }, I::Extend(by)) => self.extend(until, by, now),
            (P::Unready { until: Some(until) }, I::Timer) if now >= until => self.not_ready(now),
            (P::Unready { .. } | P::Alive(Pr::None), I::Stop) => self.ask(P::Alive, None, now),
            (P::Unready { .. } | P::Alive(Pr::None | Pr::Asked { .. }), I::Force) => self.kill(P::Alive, now),
            (P::Unready { .. }, I::Exited) if self.looks_last() => self.look_last(now),
            (P::Unready { .. }, I::Exited) => self.left(Pr::None),

            (P::LookingLast { until, .. }, I::Empty) => {
                self.enter(P::LookingLast { until, is_empty: true }, [])
            }
            (P::LookingLast { is_empty, .. }, I::Ready) => {
                let mut actions = vec![A::ReportStarted];
                actions.extend(self.looked_last(is_empty, now));
                actions
            }
            (P::LookingLast { is_empty, .. }, I::NeverReady) => self.looked_last(is_empty, now),
            (P::LookingLast { is_empty, .. }, I::Force) => {
                let mut actions = self.looked_last(is_empty, now);
                if !is_empty {
                    actions.extend(self.kill(P::Left, now));
                }
                actions
            }
            (P::LookingLast { until: Some(until), is_empty }, I::Timer) if now >= until => {
                self.looked_last(is_empty, now)
            }

            (P::Alive(Pr::None), I::Unhealthy) => self.ask(P::Alive, self.own_deadline(now), now),
            (P::Alive(pressure), I::Exited) => self.left(pressure),
            (P::Alive(pressure), I::Timer) => self.timer(P::Alive, pressure, now),

            // Leftovers that have not been asked to go: they get the stop signal, too, and a grace of their own.
            (P::Left(Pr::None), I::Inhabited) => self.ask(P::Left, self.own_deadline(now), now),
            (P::Alive(Pr::Asked { rung, kill_at }), I::StopCommandFailed)
                if rung.asked().way == Way::Command =>
            {
                let rung = self.rules.ladder.next(rung, now);
                self.asked(P::Alive, rung, kill_at)
            }
            (P::Left(Pr::Asked { rung, kill_at }), I::Inhabited) if rung.asked().way == Way::Command => {
                let rung = self.rules.ladder.next(rung, now);
                self.asked(P::Left, rung, kill_at)
            }
            (P::Left(Pr::Asked { rung, kill_at }), I::Inhabited) if rung.asked().way == Way::Leader => {
                let rung = rung.without_leader();
                self.enter(P::Left(Pr::Asked { rung, kill_at }), [A::Signal(rung.asked().signal)])
            }
            (P::Left(Pr::Killed { .. }), I::Inhabited) => self.kill(P::Left, now),
            (P::Left(Pr::None | Pr::Asked { .. }), I::Force) => self.kill(P::Left, now),
            (P::Left(pressure), I::Timer) => self.timer(P::Left, pressure, now),
            (P::Left(pressure), I::Empty) => self.empty(pressure, now),

            (P::Checking { .. }, I::Force) => self.finish(),
            (P::Checking { .. }, I::CheckOver | I::StopCommandOver) if self.is_alone() => self.finish(),
            (P::Checking { until: Some(until) }, I::Timer) if now >= until => self.finish(),

            // The same again, too late, or not meant for this phase.
            (
                P::New
                | P::Launching(_)
                | P::Unready { .. }
                | P::LookingLast { .. }
                | P::Alive(_)
                | P::Left(_)
                | P::Checking { .. }
                | P::Gone,
                _,
            ) => Vec::new(),
        }
    }

    fn enter<const N: usize>(&mut self, phase: LifePhase, actions: [Action; N]) -> Vec<Action> {
        self.phase = phase;
        actions.into()
    }

    fn launched(&mut self, now: Instant) -> Vec<Action> {
        match self.rules.readiness {
            None => self.started(),
            Some(Readiness { within, has_check, .. }) => {
                let until = now.checked_add(within);
                self.phase = LifePhase::Unready { until };
                self.check = if has_check { CheckState::Running } else { CheckState::Over };
                [Action::AwaitReady].into_iter().chain(until.map(Action::WakeAt)).collect()
            }
        }
    }

    fn started(&mut self) -> Vec<Action> {
        self.phase = LifePhase::Alive(Pressure::None);
        self.has_started = true;
        if !self.rules.has_health {
            return vec![Action::ReportStarted];
        }
        self.check = CheckState::Running;
        vec![Action::ReportStarted, Action::CheckHealth]
    }

    /// Waits longer. A program that wants less than it has keeps what it has.
    fn extend(&mut self, until: Instant, by: Duration, now: Instant) -> Vec<Action> {
        match now.checked_add(by).filter(|later| *later > until) {
            Some(later) => self.enter(LifePhase::Unready { until: Some(later) }, [Action::WakeAt(later)]),
            None => Vec::new(),
        }
    }

    fn looks_last(&self) -> bool {
        self.check == CheckState::Running
            && self.rules.readiness.is_some_and(|readiness| readiness.looks_last)
    }

    /// What was there when the program ended counts, however the look and the end have raced.
    fn look_last(&mut self, now: Instant) -> Vec<Action> {
        let until = now.checked_add(LAST_LOOK);
        self.phase = LifePhase::LookingLast { until, is_empty: false };
        [Action::LookLast].into_iter().chain(until.map(Action::WakeAt)).collect()
    }

    fn looked_last(&mut self, is_empty: bool, now: Instant) -> Vec<Action> {
        let mut actions = self.left(Pressure::None);
        if is_empty {
            actions.extend(self.empty(Pressure::None, now));
        }
        actions
    }

    fn not_ready(&mut self, now: Instant) -> Vec<Action> {
        self.verdict = LifeEnd::NotReady;
        self.ask(LifePhase::Alive, self.own_deadline(now), now)
    }

    /// Sends the first signal of the ladder. `kill_at` is when that was enough, if it is ours to say.
    fn ask(
        &mut self,
        phase: fn(Pressure) -> LifePhase,
        kill_at: Option<Instant>,
        now: Instant,
    ) -> Vec<Action> {
        let rung = self.rules.ladder.begin(now);
        self.asked(phase, rung, kill_at)
    }

    fn asked(
        &mut self,
        phase: fn(Pressure) -> LifePhase,
        rung: Rung,
        kill_at: Option<Instant>,
    ) -> Vec<Action> {
        let ladder = &self.rules.ladder;
        let has_leader = matches!(phase(Pressure::None), LifePhase::Alive(_));
        let rung = match rung.asked().way {
            Way::Command if !(has_leader && self.has_started) => ladder.next(rung, rung.at()),
            Way::Command | Way::Leader | Way::Group => rung,
        };
        let rung = if has_leader { rung } else { rung.without_leader() };
        self.phase = phase(Pressure::Asked { rung, kill_at });
        let ask = rung.asked();
        let note = rung.is_worth_a_note().then(|| Action::NoteStep(ask, rung.after()));
        let action = match ask.way {
            Way::Group => Action::Signal(ask.signal),
            Way::Leader => Action::SignalLeader(ask.signal),
            Way::Command => {
                self.command = CheckState::Running;
                Action::RunStopCommand
            }
        };
        let end_command = if ask.way == Way::Command { None } else { self.end_command() };
        let actions = self.send(action, rung.due().into_iter().chain(kill_at).min());
        end_command.into_iter().chain(note).chain(actions).collect()
    }

    fn kill(&mut self, phase: fn(Pressure) -> LifePhase, now: Instant) -> Vec<Action> {
        let again_at = now.checked_add(KILL_AGAIN);
        self.phase = phase(Pressure::Killed { again_at });
        let end_command = self.end_command();
        let actions = self.send(Action::Signal(Signal::KILL), again_at);
        end_command.into_iter().chain(actions).collect()
    }

    fn send(&mut self, signal: Action, wake_at: Option<Instant>) -> Vec<Action> {
        let end_check = self.end_check();
        end_check.into_iter().chain([signal]).chain(wake_at.map(Action::WakeAt)).collect()
    }

    /// A process that is on its way out has no use for a check.
    fn end_check(&mut self) -> Option<Action> {
        (self.check == CheckState::Running).then(|| {
            self.check = CheckState::Ending;
            Action::EndCheck
        })
    }

    /// A command whose time is over is killed.
    fn end_command(&mut self) -> Option<Action> {
        (self.command == CheckState::Running).then(|| {
            self.command = CheckState::Ending;
            Action::EndStopCommand
        })
    }

    /// Whether nothing is left that the process's owner has started beside it.
    fn is_alone(&self) -> bool {
        self.check == CheckState::Over && self.command == CheckState::Over
    }

    fn timer(&mut self, phase: fn(Pressure) -> LifePhase, pressure: Pressure, now: Instant) -> Vec<Action> {
        let due = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        match pressure {
            Pressure::Asked { kill_at, .. } if due(kill_at) => self.kill(phase, now),
            Pressure::Asked { rung, kill_at } => match self.rules.ladder.climb(rung, now) {
                Some(rung) => self.asked(phase, rung, kill_at),
                None => Vec::new(),
            },
            Pressure::Killed { again_at } if due(again_at) => self.kill(phase, now),
            Pressure::None | Pressure::Killed { .. } => Vec::new(),
        }
    }

    fn left(&mut self, pressure: Pressure) -> Vec<Action> {
        self.phase = LifePhase::Left(pressure);
        let ends = self.end_check().into_iter().chain(self.end_command());
        ends.collect::<Vec<_>>().into_iter().chain([Action::WatchMembers]).collect()
    }

    fn empty(&mut self, pressure: Pressure, now: Instant) -> Vec<Action> {
        if self.is_alone() {
            return self.finish();
        }
        let until = now.checked_add(match pressure {
            Pressure::None | Pressure::Asked { .. } => CHECK_PATIENCE,
            Pressure::Killed { .. } => CHECK_PATIENCE_AFTER_KILL,
        });
        self.phase = LifePhase::Checking { until };
        until.map(Action::WakeAt).into_iter().collect()
    }

    fn finish(&mut self) -> Vec<Action> {
        self.enter(LifePhase::Gone, [Action::Finish(self.verdict)])
    }

    fn own_deadline(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.rules.own_grace)
    }
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;
