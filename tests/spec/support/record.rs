//! What has happened in a tree, in the form in which tests compare it.

use std::fmt;
use std::sync::Arc;

use rootward::event::StopCause;
use rootward::{Event, EventKind};

use super::line_in;

/// What has happened in a tree, in order.
///
/// Paths are given without the root's own: `a` is `root/a`. The root itself is `root`.
#[derive(Clone, Debug)]
pub(crate) struct Record(Vec<Arc<Event>>);

impl Record {
    pub(crate) fn of(events: &[Arc<Event>]) -> Self {
        Self(events.to_vec())
    }

    pub(crate) fn is_at(event: &Event, path: &str) -> bool {
        short(event) == path
    }

    /// All events as `path name`, without the output of processes.
    pub(crate) fn lines(&self) -> Vec<String> {
        let told = self.0.iter().filter(|event| line_in(event).is_none());
        told.map(|event| format!("{} {}", short(event), event.what.name())).collect()
    }

    /// All events as `path name`, from the first one on that reads like this.
    pub(crate) fn lines_from(&self, first: &str) -> Vec<String> {
        self.lines().into_iter().skip_while(|line| line != first).collect()
    }

    /// The names of the events at this path.
    pub(crate) fn of_child(&self, path: &str) -> Vec<&'static str> {
        self.0.iter().filter(|event| Self::is_at(event, path)).map(|event| event.what.name()).collect()
    }

    /// The paths at which events of this name happened.
    pub(crate) fn paths(&self, name: &str) -> Vec<&str> {
        self.named(name).map(short).collect()
    }

    /// How many events of this name happened at this path.
    pub(crate) fn count(&self, path: &str, name: &str) -> usize {
        self.named(name).filter(|event| Self::is_at(event, path)).count()
    }

    /// The first event of this name at this path.
    pub(crate) fn find(&self, path: &str, name: &str) -> &Event {
        self.named(name)
            .find(|event| Self::is_at(event, path))
            .unwrap_or_else(|| panic!("there is no `{name}` of `{path}` in\n{self}"))
    }

    /// Why the child at this path was asked to stop, the first time.
    pub(crate) fn cause(&self, path: &str) -> StopCause {
        let EventKind::Stopping { cause, .. } = self.find(path, "stopping").what else {
            unreachable!("it was looked for by its name")
        };
        cause
    }

    /// The lines that the process at this path wrote.
    pub(crate) fn output(&self, path: &str) -> Vec<&str> {
        self.0.iter().filter(|event| Self::is_at(event, path)).filter_map(|event| line_in(event)).collect()
    }

    pub(crate) fn events(&self) -> &[Arc<Event>] {
        &self.0
    }

    fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Event> {
        let name = name.to_owned();
        self.0.iter().map(AsRef::as_ref).filter(move |event: &&Event| event.what.name() == name)
    }
}

/// As the record of a failed test is shown: one line of JSON each.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.0 {
            writeln!(f, "{}", serde_json::to_string(event).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

fn short(event: &Event) -> &str {
    let path = event.path.as_str();
    path.strip_prefix("root/").unwrap_or(path)
}
