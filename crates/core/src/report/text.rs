//! A stop report as people read it: a line for the whole, and a line for each child.
//!
//! Absent on purpose: colours and columns, which are a program's own business, and recursion, because a tree may be
//! thousands of levels deep.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{Ending, NodeReport, StopReport};
use crate::child::{ChildKind, Outcome};
use crate::clock::whole_millis;
use crate::printable::on_one_line;

/// A line that says how the stop came out, why there was one, how long it took and how many failed in it; then a line
/// for each child, indented by its depth; then the containment level, if there was one.
impl fmt::Display for StopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {} · {}", self.ending, self.cause, millis(self.elapsed))?;
        if self.failures > 0 {
            write!(f, " · failed while stopping: {}", self.failures)?;
        }
        writeln!(f)?;
        if let Some(failure) = self.start_failure() {
            writeln!(f, "{}", on_one_line(failure))?;
        }
        for node in self.root.walk() {
            writeln!(f, "{}", line(node)?)?;
        }
        match self.containment {
            Some(level) => writeln!(f, "containment: {level}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clean => "clean",
            Self::Forced => "forced",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        })
    }
}

fn line(node: &NodeReport) -> Result<String, fmt::Error> {
    let mut line = format!("{:indent$}{}", "", on_one_line(node.path.id()), indent = 2 * node.path.depth());
    write!(line, " · {} {}", node.kind, node.outcome)?;
    if node.outcome != Outcome::AlreadyGone {
        write!(line, " · {}", millis(node.elapsed))?;
    }
    if let Some(status) = &node.status {
        write!(line, " · {}", on_one_line(&status.to_string()))?;
    }
    if let Some(pid) = node.pid {
        write!(line, " · pid {pid}")?;
    }
    if node.restarts > 0 {
        write!(line, " · restarts {}", node.restarts)?;
    }
    if node.refused > 0 {
        write!(line, " · refused {}", node.refused)?;
    }
    // What a supervisor waits for stands below it.
    if let Some(stuck) = node.stuck.as_ref().filter(|_| node.kind != ChildKind::Supervisor) {
        write!(line, " · stuck {}", on_one_line(&stuck.to_string()))?;
    }
    if !node.steps.is_empty() {
        let steps: Vec<String> = node.steps.iter().map(ToString::to_string).collect();
        write!(line, " · steps {}", steps.join(", "))?;
    }
    for left in &node.stragglers {
        write!(line, " · left behind pid {} ({}): {}", left.pid, on_one_line(&left.command), left.outcome)?;
    }
    Ok(line)
}

pub(super) fn millis(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_millis(whole_millis(time)))
}
