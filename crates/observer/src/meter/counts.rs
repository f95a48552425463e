//! Events become numbers. It reads no clock and no tree; the recorder of the calling thread, or that of the program,
//! takes the numbers.

use std::collections::BTreeMap;

use ::metrics::{counter, gauge, histogram};

use crate::model::Seen;
use crate::wire::{Event, Kind, Outcome, State, Status, What};

/// What the gauges count. Those that are down are in none of them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    children: BTreeMap<String, Counted>,
}

#[derive(Debug)]
struct Counted {
    kind: Kind,
    state: State,
    /// When its start began, if that was heard.
    starting: Option<f64>,
    /// The newest event that is in it.
    as_of: u64,
}

impl Counts {
    /// Takes what was seen in place of what was known.
    pub(super) fn see(&mut self, seen: impl Iterator<Item = Seen>) {
        self.clear();
        for Seen { child, as_of, .. } in seen {
            self.turn(&child.path, child.kind, child.state, as_of);
        }
    }

    /// Nothing is there any more.
    pub(super) fn clear(&mut self) {
        for (path, Counted { kind, state, .. }) in std::mem::take(&mut self.children) {
            children(&path, kind, state).decrement(1);
        }
    }

    pub(super) fn lose(&self, events: u64) {
        counter!("rootward_lost_events_total").increment(events);
    }

    /// Counts an event.
    pub(super) fn apply(&mut self, event: &Event) {
        let supervisor = supervisor_of(&event.path);
        let (supervisor, kind) = (supervisor.to_owned(), word(event.kind));
        let count = |name: &'static str| {
            counter!(name, "supervisor" => supervisor.clone(), "kind" => kind).increment(1);
        };
        match &event.what {
            What::Starting => {
                count("rootward_starts_total");
                self.turn(&event.path, event.kind, State::Starting, event.seq);
                if let Some(counted) = self.children.get_mut(&event.path) {
                    counted.starting = Some(event.at);
                }
            }
            What::Started { .. } => {
                let began = self.children.get_mut(&event.path).and_then(|counted| counted.starting.take());
                if let Some(began) = began {
                    let took = histogram!("rootward_start_duration_seconds", "supervisor" => supervisor, "kind" => kind);
                    took.record((event.at - began).max(0.0));
                }
                // Not that of a start that had been called off.
                if self.state(&event.path) != Some(State::Stopping) {
                    self.turn(&event.path, event.kind, State::Running, event.seq);
                }
            }
            // The root's end is told by itself, after this.
            What::StartFailed { .. } => {
                count("rootward_start_failures_total");
                if event.path.contains('/') {
                    self.turn(&event.path, event.kind, State::Down, event.seq);
                }
            }
            What::Retrying { .. } => count("rootward_start_retries_total"),
            What::Exited { status, .. } => {
                let class = class(status.as_ref());
                counter!("rootward_exits_total", "supervisor" => supervisor, "kind" => kind, "class" => class)
                    .increment(1);
                self.turn(&event.path, event.kind, State::Down, event.seq);
            }
            What::Restarting { .. } => {
                count("rootward_restarts_total");
                self.turn(&event.path, event.kind, State::Restarting, event.seq);
            }
            What::GaveUp { .. } => {
                counter!("rootward_gave_up_total", "supervisor" => event.path.clone()).increment(1);
            }
            What::Stopping { .. } => self.turn(&event.path, event.kind, State::Stopping, event.seq),
            What::Escalated { to } => {
                let to = to.clone();
                counter!("rootward_escalations_total", "supervisor" => supervisor, "kind" => kind, "to" => to)
                    .increment(1);
            }
            What::Stopped { outcome, elapsed_ms, .. } => {
                let outcome = outcome_word(*outcome);
                let labels = [("supervisor", supervisor.clone()), ("kind", kind.to_owned())];
                counter!("rootward_stops_total", "supervisor" => supervisor, "kind" => kind, "outcome" => outcome)
                    .increment(1);
                #[expect(clippy::cast_precision_loss, reason = "a stop of centuries")]
                histogram!("rootward_stop_duration_seconds", &labels).record(*elapsed_ms as f64 / 1e3);
                self.turn(&event.path, event.kind, State::Down, event.seq);
            }
            What::Stalled { .. } => count("rootward_stalls_total"),
            What::Ignored => self.turn(&event.path, event.kind, State::Down, event.seq),
            What::Unhealthy { .. } => count("rootward_unhealthy_total"),
            What::Signal { .. }
            | What::Asked { .. }
            | What::Draining { .. }
            | What::Healthy
            | What::MadeToCrash { .. }
            | What::NotReady { .. }
            | What::Degraded { .. }
            | What::HandlerFailed { .. }
            | What::GuestPanicked { .. }
            | What::Notified { .. }
            | What::Output { .. }
            | What::Unknown => {}
        }
    }

    fn state(&self, path: &str) -> Option<State> {
        self.children.get(path).map(|counted| counted.state)
    }

    fn turn(&mut self, path: &str, kind: Kind, state: State, seq: u64) {
        if self.children.get(path).is_some_and(|counted| counted.as_of > seq) {
            // What was seen is newer.
            return;
        }
        let before = self.children.remove(path);
        if let Some(before) = &before {
            children(path, before.kind, before.state).decrement(1);
        }
        if matches!(state, State::Down | State::Unknown) {
            return;
        }
        children(path, kind, state).increment(1);
        let starting = before.and_then(|before| before.starting);
        self.children.insert(path.to_owned(), Counted { kind, state, starting, as_of: seq });
    }
}

fn children(path: &str, kind: Kind, state: State) -> ::metrics::Gauge {
    let state = match state {
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Restarting => "restarting",
        State::Down => "down",
        State::Unknown => "unknown",
    };
    let supervisor = supervisor_of(path).to_owned();
    gauge!("rootward_children", "supervisor" => supervisor, "kind" => word(kind), "state" => state)
}

/// The path of a child's supervisor, of a root its own.
fn supervisor_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(supervisor, _)| supervisor)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Process => "process",
        Kind::Task => "task",
        Kind::Actor => "actor",
        Kind::Supervisor => "supervisor",
        Kind::Unknown => "unknown",
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Graceful => "graceful",
        Outcome::Killed => "killed",
        Outcome::AlreadyGone => "already_gone",
        Outcome::Unreapable => "unreapable",
    }
}

fn class(status: Option<&Status>) -> &'static str {
    match status {
        Some(status) if status.is_normal() => "normal",
        Some(Status::Ended { .. }) => "normal",
        Some(Status::Code { .. }) => "code",
        Some(Status::Signal { .. }) => "signal",
        Some(Status::Failed { .. }) => "error",
        Some(Status::Panicked { .. }) => "panic",
        Some(Status::Aborted { .. }) => "aborted",
        Some(Status::Unknown { .. }) => "unknown",
        None => "supervisor",
    }
}
