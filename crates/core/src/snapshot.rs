//! What a tree looks like now.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::child::{ChildKind, ChildPath};

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
    /// What stands below it, in start order.
    pub children: Vec<NodeSnapshot>,
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
            let mut line = format!("{:indent$}{}", "", node.path.id(), indent = 2 * node.path.depth());
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
        if self.kind == ChildKind::Supervisor || !self.children.is_empty() {
            map.serialize_entry("children", &self.children)?;
        }
        map.end()
    }
}
