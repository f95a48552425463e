//! Pure: the tree as plain lines, for a screen that has no picture any more, or never had one.

use std::collections::HashMap;
use std::fmt::Write as _;

use rootward_observer::model::Model;
use rootward_observer::wire::{Child, State, Usage};

use super::explain::usage;
use super::text::safe;
use super::words::end_of;
use crate::columns::{columns, fill};

/// The tree as it was when it was last seen, under a heading.
pub(crate) fn farewell(model: &Model, heading: &str) -> String {
    plain_tree(model, heading, &HashMap::new())
}

/// The same with what some of the processes use.
pub(crate) fn plain_tree(model: &Model, heading: &str, used: &HashMap<&str, &Usage>) -> String {
    let mut text = format!("{heading}\n\n");
    let name = |child: &Child| {
        let id = child.path.rsplit('/').next().unwrap_or_default();
        format!("{:indent$}{}", "", safe(id), indent = 2 * child.path.matches('/').count())
    };
    let width = model.children().map(|child| columns(&name(child))).max().unwrap_or_default();
    for child in model.children() {
        let mut parts = vec![state(child.state).to_owned()];
        parts.extend(child.pid.map(|pid| format!("pid {pid}")));
        parts.extend(match child.restarts {
            0 => None,
            1 => Some("restarted once".to_owned()),
            times => Some(format!("restarted {times} times")),
        });
        if let Some(end) = &child.last_end {
            parts.push(format!("last {}", end_of(end.status.as_ref(), &end.event, end.error.as_deref())));
        }
        // What is waited for, and what is not as it should be; the rest is told by `why`.
        parts.extend(child.readiness.as_ref().map(|readiness| format!("awaits {}", safe(&readiness.awaits))));
        if let Some(health) = child.health.as_ref().filter(|health| health.failures > 0) {
            let misses = match health.threshold {
                Some(threshold) => format!("{} of {threshold} misses", health.failures),
                None => format!("{} misses", health.failures),
            };
            parts.push(format!("unhealthy, {misses}"));
        }
        parts.extend(child.reloading.then(|| "reads its configuration again".to_owned()));
        parts.extend(child.said.as_ref().map(|said| format!("says {}", safe(said))));
        // Writing to memory does not fail.
        let _ = writeln!(text, "  {}  {}", fill(name(child), width), parts.join(" · "));
        if let Some(used) = used.get(&*child.path) {
            let _ = writeln!(text, "  {:width$}  {}", "", usage(used));
        }
    }
    text
}

/// What a child is doing, in a word.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Restarting => "restarting",
        State::Down => "down",
        State::Unknown | _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::samples::up;

    #[test]
    fn the_tree_stands_there_as_text() {
        insta::assert_snapshot!(farewell(&up().model(), "The tree is gone."));
    }
}
