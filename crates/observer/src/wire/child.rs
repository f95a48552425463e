//! A child as it is shown.

use serde::{Deserialize, Serialize};

use super::{HealthFindings, Outcome, Readiness, Status, StopStep, Usage, is_false};

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An operating-system process.
    Process,
    /// An async task.
    Task,
    /// A ractor actor.
    Actor,
    /// A supervisor.
    Supervisor,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Its start has begun.
    Starting,
    /// It runs.
    Running,
    /// It was asked to stop, or forced, and is not gone yet.
    Stopping,
    /// It is down, and a new start is due.
    Restarting,
    /// It is down.
    Down,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl State {
    /// Whether there is something that starts, runs or stops.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

/// A child as it is shown. Times are in seconds after the root began, as those of events are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Child {
    /// Where it stands: the ids from the root down to it, joined by `/`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// What it is doing.
    pub state: State,
    /// Which start of it this is: 0 if it was never started.
    pub incarnation: u32,
    /// Its process id, if it is a process that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How many restarts of it have been decided on.
    pub restarts: u32,
    /// When it came into this state, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<f64>,
    /// Whether it has been forced to stop and is still there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forced: bool,
    /// Why it stops, if it does and that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// The stop that a drain delay puts off. Of the root alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining: Option<Box<Draining>>,
    /// When its restart is due, if one is and that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Due>,
    /// How it last ended, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_end: Option<End>,
    /// What its start waits for, if it is a process and that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Box<Readiness>>,
    /// What its health checks have found, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Box<HealthFindings>>,
    /// What it is doing, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Whether it reads its configuration again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reloading: bool,
    /// The last step of its stop, if that has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_step: Option<Box<StopStep>>,
    /// What it uses, if it is a process that runs and the snapshot was asked for that. No event changes it, and a model
    /// has none of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Box<Usage>>,
}

/// A stop that has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stop {
    /// The number of the `stopping` event.
    pub seq: u64,
    /// When.
    pub at: f64,
    /// Why, as the event has it.
    pub cause: String,
    /// The signal with which it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// When it will be forced, if there is a limit; of the root, when the deadline of the whole stop is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<f64>,
    /// What was done to it when its grace had ended or it was forced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<String>,
}

/// A stop of the tree that was accepted and has not begun: everything runs on until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Draining {
    /// Why the tree is to stop, as the event has it.
    pub cause: String,
    /// When the stop begins, if it is not forced before.
    pub until: f64,
}

/// A restart that is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Due {
    /// The number of the `restarting` event.
    pub seq: u64,
    /// When the restart is due.
    pub at: f64,
    /// Counts from 1 since the child last ran well.
    pub attempt: u32,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct End {
    /// The number of the event that says so.
    pub seq: u64,
    /// When.
    pub at: f64,
    /// Which incarnation.
    pub incarnation: u32,
    /// The name of the event: `exited`, `stopped`, `start_failed` or `ignored`.
    pub event: String,
    /// Its status, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Whether it went as it should, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was asked to stop, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}
