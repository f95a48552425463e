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
pub(super) enum ManagerMessage {
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
enum TreeStage {
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
    stage: TreeStage,
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
        let stage = TreeStage::Starting;
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
    pub(super) fn hear(&mut self, event: &Event, now: Instant) -> Vec<ManagerMessage> {
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
            (EventKind::Started { .. }, TreeStage::Starting) if is_root => {
                self.up(&mut notices);
                Some(RUNNING.to_owned())
            }
            (EventKind::Starting, TreeStage::Starting) => {
                self.has_gone_on = true;
                Some(format!("starting {path}"))
            }
            (EventKind::Started { .. }, TreeStage::Starting) => {
                self.has_gone_on = true;
                None
            }
            (EventKind::NotReady { .. }, TreeStage::Starting) => {
                Some(format!("waiting for {path} to be ready"))
            }
            (EventKind::StartFailed { error, .. }, TreeStage::Starting) => {
                Some(format!("{path} could not be started: {error}"))
            }
            (EventKind::Restarting { attempt, .. }, TreeStage::Up | TreeStage::Reloading) => {
                Some(format!("running; {path} is restarted (attempt {attempt})"))
            }
            (EventKind::Started { .. }, TreeStage::Up | TreeStage::Reloading) => Some(RUNNING.to_owned()),
            (EventKind::GaveUp { .. }, _) => Some(format!("{path} has given up")),
            (EventKind::Stopping { .. }, TreeStage::Stopping { .. }) => Some(format!("stopping {path}")),
            (EventKind::Escalated { to }, TreeStage::Stopping { .. }) => {
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
    pub(super) fn look(&mut self, snapshot: &TreeSnapshot, now: Instant) -> Vec<ManagerMessage> {
        let mut notices = Vec::new();
        match (snapshot.root.state, self.stage) {
            (ChildState::Stopping | ChildState::Down, _) => self.stop(now, &mut notices),
            (ChildState::Running, TreeStage::Starting) => {
                self.up(&mut notices);
                RUNNING.clone_into(&mut self.status);
                notices.extend(self.news(now));
            }
            _ => {}
        }
        notices
    }

    /// The tree is gone, for good.
    pub(super) fn end(&mut self) -> Vec<ManagerMessage> {
        vec![ManagerMessage::Status("stopped".to_owned())]
    }

    /// What follows from an answer of the supervisors.
    pub(super) fn responded(&mut self, now: Instant) -> Vec<ManagerMessage> {
        let mut notices: Vec<_> = self.watchdog.map(|_| ManagerMessage::Watchdog).into_iter().collect();
        if let TreeStage::Stopping { since } = self.stage {
            notices.extend(self.stop_extension(since, now));
        }
        notices
    }

    pub(super) fn reload_begun(&mut self) -> Vec<ManagerMessage> {
        if self.stage != TreeStage::Up {
            return Vec::new();
        }
        self.stage = TreeStage::Reloading;
        vec![ManagerMessage::Reloading]
    }

    pub(super) fn reload_done(&mut self) -> Vec<ManagerMessage> {
        if self.stage != TreeStage::Reloading {
            return Vec::new();
        }
        self.stage = TreeStage::Up;
        vec![ManagerMessage::Ready]
    }

    /// What has changed, if it may be told again.
    pub(super) fn news(&mut self, now: Instant) -> Vec<ManagerMessage> {
        if self.told_at.is_some_and(|told_at| now < told_at + STATUS_PERIOD) {
            return Vec::new();
        }
        let mut notices = Vec::new();
        if std::mem::take(&mut self.has_gone_on) && self.stage == TreeStage::Starting {
            notices.push(ManagerMessage::ExtendTimeout(START_STEP));
        }
        if self.told != self.status {
            self.told.clone_from(&self.status);
            notices.push(ManagerMessage::Status(self.status.clone()));
        }
        if !notices.is_empty() {
            self.told_at = Some(now);
        }
        notices
    }

    fn up(&mut self, notices: &mut Vec<ManagerMessage>) {
        self.stage = TreeStage::Up;
        notices.push(ManagerMessage::Ready);
        // A unit that is up has no status of its start: told at once, whatever has been told a moment ago.
        self.told_at = None;
    }

    fn stop(&mut self, now: Instant, notices: &mut Vec<ManagerMessage>) {
        if !matches!(self.stage, TreeStage::Stopping { .. }) {
            self.stage = TreeStage::Stopping { since: now };
            // Told at once, whatever has been told a moment ago.
            self.told_at = None;
            notices.push(ManagerMessage::Stopping);
            notices.extend(self.stop_extension(now, now));
        }
    }

    /// Never beyond the deadline. Where that is over already, the extension ends with it.
    fn stop_extension(&self, since: Instant, now: Instant) -> Option<ManagerMessage> {
        let left =
            self.deadline.map(|deadline| deadline.saturating_sub(now.saturating_duration_since(since)));
        let step = left.map_or(STOP_STEP, |left| left.min(STOP_STEP));
        (!step.is_zero()).then_some(ManagerMessage::ExtendTimeout(step))
    }
}

const RUNNING: &str = "running";

/// A status is one line of a message of lines.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_STATUS).collect()
}

/// How many characters of a status are told.
const MAX_STATUS: usize = 500;

#[cfg(test)]
mod tests;
