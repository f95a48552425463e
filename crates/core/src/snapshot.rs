//! What a tree looks like now.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::child::{ChildKind, ChildPath};
use crate::printable::on_one_line;
use crate::usage::Usage;

/// What a tree looks like at one moment, as each supervisor in it says for itself.
///
/// To serialise, clone, compare or print one goes down its levels by recursion: on a stack of 2 MiB that is good for
/// some two thousand levels without optimisation, and [`walk`](NodeSnapshot::walk) is good for any number.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct TreeSnapshot {
    /// How far process children are followed, if the tree has a level in force.
    pub containment: Option<&'static str>,
    /// The root and everything below it.
    pub root: NodeSnapshot,
    /// How many processes are without their [`usage`](NodeSnapshot::usage), although it was asked for, because the time
    /// for that was over before it was their turn.
    #[serde(skip_serializing_if = "is_zero")]
    pub usage_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What one child looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSnapshot {
    /// Where it stands.
    pub path: ChildPath,
    /// What it is.
    pub kind: ChildKind,
    /// What it is doing.
    pub state: ChildState,
    /// Which start of it this is: 0 if it was never started.
    pub incarnation: u32,
    /// Its process id, if it is a process that runs.
    pub pid: Option<u32>,
    /// How many restarts of it have been decided on: as many as it has `restarting` events, one that is still put off
    /// included.
    pub restarts: u32,
    /// How long it has been in this state, if it is starting, running or stopping.
    pub since: Option<Duration>,
    /// Whether it has been forced to stop and is still there.
    pub forced: bool,
    /// What is known of it beyond that: of processes that have something to tell.
    pub details: Option<Box<ProcessDetails>>,
    /// What it uses, if it is a process that runs and
    /// [`Tree::snapshot_with_usage`](crate::Tree::snapshot_with_usage) has looked.
    pub usage: Option<Box<Usage>>,
    /// What stands below it, in start order.
    pub children: Vec<NodeSnapshot>,
}

/// What is known of a process beyond what it is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessDetails {
    /// What its start waits for, while it does.
    pub readiness: Option<ReadinessWait>,
    /// What its health checks have found, if it has some and runs.
    pub health: Option<HealthFindings>,
    /// What it is doing, in its own words (`STATUS=` of systemd's notify protocol).
    pub said: Option<String>,
    /// Whether it has said that it reads its configuration again, and not that it is ready since (`RELOADING=1`).
    pub reloading: bool,
    /// The last step of its stop, if that has several and has begun.
    pub stop_step: Option<TakenStep>,
}

/// What the start of a process waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadinessWait {
    /// What has to happen, such as `a listener at 127.0.0.1:80`.
    pub awaits: String,
    /// How much time is left for it, if there is a limit.
    pub left: Option<Duration>,
    /// Why the last look has found nothing, if there was one.
    pub last_miss: Option<String>,
}

/// What the health checks of a process have found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthFindings {
    /// What is checked, such as `a listener at 127.0.0.1:80`.
    pub checks: String,
    /// How many checks in a row have failed: 0 of one that is healthy.
    pub failures: u32,
    /// How many have to fail before it is stopped.
    pub threshold: u32,
    /// Why the last one has failed.
    pub error: Option<String>,
}

/// A step of a stop that has several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenStep {
    /// With what it was asked last: a signal and what gets it, or `stop command`.
    pub with: String,
    /// How long it is until the next step, if there is one.
    pub next_in: Option<Duration>,
}

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChildState {
    /// Its start has begun.
    Starting,
    /// It runs.
    Running,
    /// It was asked to stop, or forced, and is not gone yet.
    Stopping,
    /// It is down, and a new start is due (OTP's `restarting`).
    Restarting,
    /// It is down (OTP's `undefined`).
    Down,
}

impl NodeSnapshot {
    /// This child and everything below it, each before its children, in start order.
    pub fn walk(&self) -> Vec<&NodeSnapshot> {
        let mut nodes = Vec::new();
        let mut stack = vec![self];
        while let Some(node) = stack.pop() {
            nodes.push(node);
            stack.extend(node.children.iter().rev());
        }
        nodes
    }
}

impl TreeSnapshot {
    /// The child with this path, such as `root/workers/a`.
    pub fn find(&self, path: &str) -> Option<&NodeSnapshot> {
        self.root.walk().into_iter().find(|node| node.path == *path)
    }
}

/// One line a child, indented by its depth.
impl fmt::Display for TreeSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in self.root.walk() {
            let mut line =
                format!("{:indent$}{}", "", on_one_line(node.path.id()), indent = 2 * node.path.depth());
            write!(line, " · {} {}", node.kind, node.state)?;
            if let Some(pid) = node.pid {
                write!(line, " · pid {pid}")?;
            }
            if node.restarts > 0 {
                write!(line, " · restarts {}", node.restarts)?;
            }
            writeln!(f, "{line}")?;
        }
        match self.containment {
            Some(level) => writeln!(f, "containment: {level}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ChildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Down => "down",
        })
    }
}

impl Serialize for NodeSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("state", &self.state)?;
        map.serialize_entry("incarnation", &self.incarnation)?;
        if let Some(pid) = self.pid {
            map.serialize_entry("pid", &pid)?;
        }
        map.serialize_entry("restarts", &self.restarts)?;
        if let Some(since) = self.since {
            map.serialize_entry("for_ms", &crate::clock::whole_millis(since))?;
        }
        if self.forced {
            map.serialize_entry("forced", &true)?;
        }
        if let Some(details) = &self.details {
            details.serialize_entries(&mut map)?;
        }
        if let Some(usage) = &self.usage {
            map.serialize_entry("usage", usage)?;
        }
        if self.kind == ChildKind::Supervisor || !self.children.is_empty() {
            map.serialize_entry("children", &self.children)?;
        }
        map.end()
    }
}

impl ProcessDetails {
    fn serialize_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(readiness) = &self.readiness {
            map.serialize_entry("readiness", readiness)?;
        }
        if let Some(health) = &self.health {
            map.serialize_entry("health", health)?;
        }
        if let Some(said) = &self.said {
            map.serialize_entry("said", said)?;
        }
        if self.reloading {
            map.serialize_entry("reloading", &true)?;
        }
        if let Some(step) = &self.stop_step {
            map.serialize_entry("stop_step", step)?;
        }
        Ok(())
    }
}

impl Serialize for ReadinessWait {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("awaits", &self.awaits)?;
        if let Some(left) = self.left {
            map.serialize_entry("left_ms", &crate::clock::whole_millis(left))?;
        }
        if let Some(miss) = &self.last_miss {
            map.serialize_entry("last_miss", miss)?;
        }
        map.end()
    }
}

impl Serialize for HealthFindings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("checks", &self.checks)?;
        map.serialize_entry("failures", &self.failures)?;
        map.serialize_entry("threshold", &self.threshold)?;
        if let Some(error) = &self.error {
            map.serialize_entry("error", error)?;
        }
        map.end()
    }
}

impl Serialize for TakenStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("with", &self.with)?;
        if let Some(next) = self.next_in {
            map.serialize_entry("next_in_ms", &crate::clock::whole_millis(next))?;
        }
        map.end()
    }
}
