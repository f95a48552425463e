//! Decides what the service manager is told, and when. Without a clock and without a socket.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use rootward_core::sibling::on_one_line;
use rootward_core::{
    ChildKind, ChildState, Ending, Event, EventKind, NodeReport, StartError, StopCause, StopReport,
    TreeSnapshot,
};

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
    ExitStatus(u8),
    Errno(i32),
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
    /// What went wrong last, until all is well again: what a stop is told with that comes of it.
    failure: Option<String>,
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
        let failure = None;
        Self { root, deadline, watchdog, stage, status, failure, told, told_at: None, has_gone_on: false }
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
            (EventKind::Stopping { cause, .. }, _) if is_root => {
                self.stop(now, &mut notices);
                self.failure.take_if(|_| !is_a_failure(*cause));
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
                Some(self.failed(format!("{path} could not be started: {error}")))
            }
            (EventKind::Restarting { attempt, .. }, TreeStage::Up | TreeStage::Reloading) => {
                Some(format!("running; {path} is restarted (attempt {attempt})"))
            }
            (EventKind::Started { .. }, TreeStage::Up | TreeStage::Reloading) => {
                self.failure = None;
                Some(RUNNING.to_owned())
            }
            // While the tree stops it is what the tree stops for, or of no interest.
            (EventKind::GaveUp { .. }, TreeStage::Stopping { .. }) => None,
            (EventKind::GaveUp { .. }, _) => Some(self.failed(format!("{path} has given up"))),
            (EventKind::Stopping { .. }, TreeStage::Stopping { .. }) => Some(format!("stopping {path}")),
            (EventKind::Escalated { to }, TreeStage::Stopping { .. }) => {
                Some(format!("stopping {path}: it gets {to}"))
            }
            _ => None,
        };
        if let Some(status) = status {
            let failure = self.failure.as_ref().filter(|_| matches!(self.stage, TreeStage::Stopping { .. }));
            self.status = one_line(&match failure {
                Some(failure) => format!("{status}; {failure}"),
                None => status,
            });
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

    /// The tree is gone, for good, or could not be brought down. Without a report nothing is known of how. The program
    /// is not over yet: with which status it ends is told by the part of it that decides that.
    pub(super) fn end(&mut self, report: Option<&StopReport>) -> Vec<ManagerMessage> {
        let Some(report) = report else { return vec![ManagerMessage::Status("stopped".to_owned())] };
        let mut notices = vec![ManagerMessage::Status(one_line(&last_status(report)))];
        notices.extend(report.start_error.as_ref().and_then(errno_behind).map(ManagerMessage::Errno));
        notices
    }

    /// Notes what went wrong, and says it.
    fn failed(&mut self, failure: String) -> String {
        self.failure.insert(failure).clone()
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
        self.failure = None;
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

/// Whether a stop for this cause comes of what went wrong before.
fn is_a_failure(cause: StopCause) -> bool {
    // There may be others one day, which are told without what was before them.
    matches!(
        cause,
        StopCause::GaveUp
            | StopCause::StartFailed
            | StopCause::AutoShutdown
            | StopCause::Failed
            | StopCause::Uncontained
    )
}

/// How a tree has ended, in the order of importance: what is still there, what failed, what had to be forced.
fn last_status(report: &StopReport) -> String {
    match report.ending {
        Ending::Incomplete => format!("could not be brought down: {}", names(&report.unreapable())),
        Ending::Failed => {
            let failed = report.failed_while_stopping();
            match (report.start_failure(), &report.blame) {
                (Some(failure), _) => format!("could not be started: {failure}"),
                (None, Some(blame)) => format!("failed: {blame}"),
                (None, None) if !failed.is_empty() => format!("failed while it stopped: {}", names(&failed)),
                (None, None) => format!("failed: {}", report.cause),
            }
        }
        Ending::Forced => format!("stopped; forced: {}", names(&report.forced())),
        // There are no others.
        Ending::Clean | _ => "stopped".to_owned(),
    }
}

/// The paths of children. A supervisor is named only if nothing below it is.
fn names(nodes: &[&NodeReport]) -> String {
    let is_leaf = |node: &&&NodeReport| node.kind != ChildKind::Supervisor;
    let leaves: Vec<_> = nodes.iter().filter(is_leaf).collect();
    let named = if leaves.is_empty() { nodes.iter().collect() } else { leaves };
    named.iter().map(|node| node.path.to_string()).collect::<Vec<_>>().join(", ")
}

/// The number of the system's error that is behind a failed start.
fn errno_behind(error: &StartError) -> Option<i32> {
    let mut error = error;
    while let StartError::Child { source, .. } = error {
        error = source;
    }
    let StartError::Failed(failed) = error else { return None };
    let mut behind: Option<&(dyn Error + 'static)> = Some(&**failed);
    while let Some(error) = behind {
        if let Some(errno) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(errno);
        }
        behind = error.source();
    }
    None
}

/// A status is one line of a message of lines.
fn one_line(text: &str) -> String {
    on_one_line(text).chars().take(MAX_STATUS).collect()
}

/// How many characters of a status are told.
const MAX_STATUS: usize = 500;

#[cfg(test)]
mod tests;
