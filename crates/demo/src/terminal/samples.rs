//! Trees for the tests of the view.

use std::sync::Arc;

use rootward_observer::model::Model;
use rootward_observer::wire::{Consequence, Decided, Event, Kind, Outcome, Restarts, Status, What};

use super::state::{Rights, ViewInput, ViewState};

/// A story of events.
pub(crate) struct Story {
    events: Vec<Arc<Event>>,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self { events: Vec::new() }
    }

    pub(crate) fn event(mut self, at: f64, path: &str, kind: Kind, what: What) -> Self {
        let seq = self.events.len() as u64 + 1;
        let before = self.events.last().map_or(0.0, |event| event.at);
        assert!(before <= at, "{path} at {at}: a story is told in the order of time");
        let starts =
            self.events.iter().filter(|event| event.path == path && event.what == What::Starting).count();
        let is_start = what == What::Starting;
        let incarnation = u32::try_from(starts).unwrap() + u32::from(is_start);
        let (time, path) = (String::new(), path.to_owned());
        self.events.push(Arc::new(Event { seq, at, time, what, path, incarnation, kind }));
        self
    }

    pub(crate) fn up(self, at: f64, path: &str, kind: Kind, pid: Option<u32>) -> Self {
        self.event(at, path, kind, What::Starting).event(at + 0.2, path, kind, What::Started { pid })
    }

    pub(crate) fn stopping(self, at: f64, path: &str, kind: Kind) -> Self {
        let signal = (kind == Kind::Process).then(|| "SIGTERM".to_owned());
        let cause = if path == "root" { "signal" } else { "parent" }.to_owned();
        let grace_ms = match path {
            "root" => Some(25_000),
            "root/storage" => Some(20_000),
            "root/storage/database" => Some(5_000),
            _ => None,
        };
        self.event(at, path, kind, What::Stopping { cause, signal, grace_ms })
    }

    pub(crate) fn stopped(self, at: f64, path: &str, kind: Kind, outcome: Outcome) -> Self {
        let status = Some(if kind == Kind::Process {
            Status::Signal {
                signal: "SIGTERM".to_owned(),
                core_dumped: false,
                out_of_memory: false,
                success: false,
            }
        } else {
            Status::Ended { ok: true, shutdown: true }
        });
        self.event(at, path, kind, What::Stopped { outcome, status, elapsed_ms: 40, stragglers: vec![] })
    }

    pub(crate) fn says(self, at: f64, path: &str, line: &str) -> Self {
        let line = line.to_owned();
        let what = What::Output {
            stream: "stdout".to_owned(),
            line,
            truncated: false,
            lossy: false,
            continued: false,
        };
        self.event(at, path, Kind::Process, what)
    }

    pub(crate) fn told(self, state: &mut ViewState) {
        for event in self.events {
            let at = event.at;
            state.update(ViewInput::Event(event), at + 100.0);
        }
    }

    pub(crate) fn model(self) -> Model {
        let mut model = Model::new();
        self.events.iter().for_each(|event| model.apply(event));
        model
    }
}

/// A tree that runs, and in which one child has crashed.
pub(crate) fn up() -> Story {
    let crash = What::Exited {
        status: Some(Status::Code { code: 7, success: false }),
        stragglers: vec![],
        hint: None,
    };
    Story::new()
        .event(0.0, "root", Kind::Supervisor, What::Starting)
        .event(0.1, "root/storage", Kind::Supervisor, What::Starting)
        .up(0.2, "root/storage/database", Kind::Process, Some(4711))
        .up(0.5, "root/storage/index", Kind::Task, None)
        .event(0.8, "root/storage", Kind::Supervisor, What::Started { pid: None })
        .event(0.9, "root/front", Kind::Supervisor, What::Starting)
        .up(1.0, "root/front/flaky", Kind::Process, Some(4713))
        .up(1.3, "root/front/gateway", Kind::Task, None)
        .up(1.6, "root/front/a-child-with-quite-a-long-name", Kind::Actor, None)
        .event(1.9, "root/front", Kind::Supervisor, What::Started { pid: None })
        .event(2.0, "root", Kind::Supervisor, What::Started { pid: None })
        .says(2.5, "root/front/flaky", "hello \u{1b}[31mred\u{1b}[0m")
        .event(3.0, "root/front/flaky", Kind::Process, crash)
        .event(3.0, "root/front/flaky", Kind::Process, What::Restarting { attempt: 1, delay_ms: 4500 })
}

/// A tree whose stop is put off.
pub(crate) fn drains() -> Story {
    let drains = What::Draining { cause: "signal".to_owned(), delay_ms: 10_000 };
    up().event(4.0, "root", Kind::Supervisor, drains)
}

/// A tree that stops.
pub(crate) fn stop() -> Story {
    up().event(
        4.0,
        "root",
        Kind::Supervisor,
        What::Signal { signal: "SIGINT".to_owned(), action: "stop".to_owned() },
    )
    .stopping(4.0, "root", Kind::Supervisor)
    .stopping(4.0, "root/front", Kind::Supervisor)
    .stopping(4.0, "root/front/a-child-with-quite-a-long-name", Kind::Actor)
    .stopped(4.1, "root/front/a-child-with-quite-a-long-name", Kind::Actor, Outcome::Graceful)
    .stopping(4.1, "root/front/gateway", Kind::Task)
    .stopped(4.2, "root/front/gateway", Kind::Task, Outcome::Killed)
    .stopped(4.2, "root/front", Kind::Supervisor, Outcome::Graceful)
    .stopping(4.2, "root/storage", Kind::Supervisor)
    .stopping(4.2, "root/storage/index", Kind::Task)
    .stopped(4.3, "root/storage/index", Kind::Task, Outcome::Graceful)
    .stopping(4.3, "root/storage/database", Kind::Process)
}

pub(crate) fn stopping() -> Model {
    stop().model()
}

/// A view of this program's own tree.
pub(crate) fn own(story: Story) -> ViewState {
    let rights = Rights { title: "rootward-demo".to_owned(), control: true, is_own: true };
    view(rights, story)
}

/// A view of another program's tree.
pub(crate) fn attached(story: Story, control: bool) -> ViewState {
    let rights = Rights { title: "door.sock".to_owned(), control, is_own: false };
    view(rights, story)
}

fn view(rights: Rights, story: Story) -> ViewState {
    let mut state = ViewState::new(rights);
    story.told(&mut state);
    state.tick(state.model.at() + 101.5);
    state
}

/// What the machine of a supervisor said of a child that runs.
pub(crate) fn decided(as_of: u64) -> Decided {
    let of =
        |what: &str| Consequence { what: what.to_owned(), attempt: None, delay_ms: None, siblings: None };
    Decided {
        as_of,
        waits_for: None,
        before: 0,
        next: None,
        attempt: None,
        due: None,
        limit: None,
        on_failure: Some(Consequence {
            attempt: Some(3),
            delay_ms: Some(4200),
            siblings: Some(1),
            ..of("restart")
        }),
        on_success: Some(of("stays_down")),
        restarts: Some(Restarts { counted: 2, allowed: Some(3), within_ms: 10_000, until: None }),
        own: None,
    }
}
