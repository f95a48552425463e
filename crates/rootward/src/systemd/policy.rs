//! Decides what the service manager is told, and when. Without a clock and without a socket.

use std::time::{Duration, Instant};

use rootward_core::{ChildState, Event, EventKind, TreeSnapshot};

/// By how much a start is extended whenever a child of the tree starts.
const START_STEP: Duration = Duration::from_secs(30);

/// By how much a stop is extended at a time.
const STOP_STEP: Duration = Duration::from_secs(5);

/// How often a stop is extended.
const STOP_PERIOD: Duration = Duration::from_secs(1);

/// The shortest time between two statuses.
const STATUS_PERIOD: Duration = Duration::from_millis(100);

/// One assignment of a message to the service manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Ready,
    /// Goes with `MONOTONIC_USEC`.
    Reloading,
    Stopping,
    Watchdog,
    ExtendTimeout(Duration),
    Status(String),
}

/// How far the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Up,
    Reloading,
    Stopping { since: Instant },
}

/// What the service manager has been told, and is to be told.
#[derive(Debug)]
pub(super) struct Notifier {
    root: String,
    deadline: Option<Duration>,
    watchdog: Option<Duration>,
    stage: Stage,
    status: String,
    told: String,
    told_at: Option<Instant>,
    /// Whether a child has begun to start or has started since the start was extended.
    has_gone_on: bool,
}

impl Notifier {
    pub(super) fn new(root: &str, deadline: Option<Duration>, watchdog: Option<Duration>) -> Self {
        let status = "starting".to_owned();
        let (told, root) = (String::new(), root.to_owned());
        let stage = Stage::Starting;
        Self { root, deadline, watchdog, stage, status, told, told_at: None, has_gone_on: false }
    }

    /// How often the supervisors are to be asked whether they answer.
    pub(super) fn period(&self) -> Duration {
        self.watchdog.map_or(STOP_PERIOD, |watchdog| (watchdog / 2).min(STOP_PERIOD))
    }

    /// When there is something to tell that has to wait.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        let has_news = self.has_gone_on || self.status != self.told;
        self.told_at.filter(|_| has_news).map(|told_at| told_at + STATUS_PERIOD)
    }

    /// What follows from an event.
    pub(super) fn hear(&mut self, event: &Event, now: Instant) -> Vec<Notice> {
        let path = event.path.as_str();
        let is_root = path == self.root;
        let mut notices = Vec::new();
        let status = match (&event.what, self.stage) {
            // The stop has been accepted, and its deadline is counted from here.
            (EventKind::Draining { .. }, _) => {
                self.stop(now, &mut notices);
                Some("draining".to_owned())
            }
            (EventKind::Stopping { .. }, _) if is_root => {
                self.stop(now, &mut notices);
                Some("stopping".to_owned())
            }
            (EventKind::Started { .. }, Stage::Starting) if is_root => {
                self.stage = Stage::Up;
                notices.push(Notice::Ready);
                Some(RUNNING.to_owned())
            }
            (EventKind::Starting, Stage::Starting) => {
                self.has_gone_on = true;
                Some(format!("starting {path}"))
            }
            (EventKind::Started { .. }, Stage::Starting) => {
                self.has_gone_on = true;
                None
            }
            (EventKind::NotReady { .. }, Stage::Starting) => Some(format!("waiting for {path} to be ready")),
            (EventKind::StartFailed { error, .. }, Stage::Starting) => {
                Some(format!("{path} could not be started: {error}"))
            }
            (EventKind::Restarting { attempt, .. }, Stage::Up | Stage::Reloading) => {
                Some(format!("running; {path} is restarted (attempt {attempt})"))
            }
            (EventKind::Started { .. }, Stage::Up | Stage::Reloading) => Some(RUNNING.to_owned()),
            (EventKind::GaveUp { .. }, _) => Some(format!("{path} has given up")),
            (EventKind::Stopping { .. }, Stage::Stopping { .. }) => Some(format!("stopping {path}")),
            (EventKind::Escalated { to }, Stage::Stopping { .. }) => {
                Some(format!("stopping {path}: it gets {to}"))
            }
            _ => None,
        };
        if let Some(status) = status {
            self.status = on_one_line(&status);
        }
        notices.extend(self.news(now));
        notices
    }

    /// What follows from a look at the tree, after events have been missed.
    pub(super) fn look(&mut self, snapshot: &TreeSnapshot, now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        match (snapshot.root.state, self.stage) {
            (ChildState::Stopping | ChildState::Down, _) => self.stop(now, &mut notices),
            (ChildState::Running, Stage::Starting) => {
                self.stage = Stage::Up;
                RUNNING.clone_into(&mut self.status);
                notices.push(Notice::Ready);
            }
            _ => {}
        }
        notices
    }

    /// The tree is gone, for good.
    pub(super) fn end(&mut self) -> Vec<Notice> {
        vec![Notice::Status("stopped".to_owned())]
    }

    /// What follows from an answer of the supervisors.
    pub(super) fn responded(&mut self, now: Instant) -> Vec<Notice> {
        let mut notices: Vec<_> = self.watchdog.map(|_| Notice::Watchdog).into_iter().collect();
        if let Stage::Stopping { since } = self.stage {
            notices.extend(self.stop_extension(since, now));
        }
        notices
    }

    pub(super) fn reload_begun(&mut self) -> Vec<Notice> {
        if self.stage != Stage::Up {
            return Vec::new();
        }
        self.stage = Stage::Reloading;
        vec![Notice::Reloading]
    }

    pub(super) fn reload_done(&mut self) -> Vec<Notice> {
        if self.stage != Stage::Reloading {
            return Vec::new();
        }
        self.stage = Stage::Up;
        vec![Notice::Ready]
    }

    /// What has changed, if it may be told again.
    pub(super) fn news(&mut self, now: Instant) -> Vec<Notice> {
        if self.told_at.is_some_and(|told_at| now < told_at + STATUS_PERIOD) {
            return Vec::new();
        }
        let mut notices = Vec::new();
        if std::mem::take(&mut self.has_gone_on) && self.stage == Stage::Starting {
            notices.push(Notice::ExtendTimeout(START_STEP));
        }
        if self.told != self.status {
            self.told.clone_from(&self.status);
            notices.push(Notice::Status(self.status.clone()));
        }
        if !notices.is_empty() {
            self.told_at = Some(now);
        }
        notices
    }

    fn stop(&mut self, now: Instant, notices: &mut Vec<Notice>) {
        if !matches!(self.stage, Stage::Stopping { .. }) {
            self.stage = Stage::Stopping { since: now };
            // Told at once, whatever has been told a moment ago.
            self.told_at = None;
            notices.push(Notice::Stopping);
            notices.extend(self.stop_extension(now, now));
        }
    }

    /// Never beyond the deadline. Where that is over already, the extension ends with it.
    fn stop_extension(&self, since: Instant, now: Instant) -> Option<Notice> {
        let left =
            self.deadline.map(|deadline| deadline.saturating_sub(now.saturating_duration_since(since)));
        let step = left.map_or(STOP_STEP, |left| left.min(STOP_STEP));
        (!step.is_zero()).then_some(Notice::ExtendTimeout(step))
    }
}

const RUNNING: &str = "running";

/// A status is one line of a message of lines.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_STATUS).collect()
}

/// How many characters of a status are told.
const MAX_STATUS: usize = 500;
