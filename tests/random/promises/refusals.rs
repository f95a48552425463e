//! The report counts the starts that were refused.

use std::time::Duration;

use rootward::report::Outcome;
use rootward::{Event, EventKind};

use super::{Verdict, keep};
use crate::story::Story;

pub(super) fn counted(story: &Story) -> Verdict {
    let Some(report) = &story.report else { return Ok(()) };
    for path in story.called.iter().filter(|path| has_one_incarnation(story, path)) {
        let Some(node) = report.find(path) else { continue };
        let alive = last_sign_of_life(story, path);
        let refused = story.refusals.iter().filter(|(_, refusal)| refusal.supervisor == **path);
        // An answer that came later may have come from a supervisor that was over already.
        let surely = |at: Duration| alive.is_some_and(|alive| at < alive);
        let at_least =
            refused.clone().filter(|(at, it)| surely(*at) && never_started(story, path, &it.child));
        let (at_least, at_most) = (at_least.count(), refused.count());
        let count = usize::try_from(node.refused).unwrap_or(usize::MAX);
        keep(count >= at_least, &format!("every start that {path} refuses is counted"))?;
        keep(count <= at_most, &format!("{path} counts no more refusals than there are"))?;
    }
    Ok(())
}

/// The report counts what the last incarnation has refused.
fn has_one_incarnation(story: &Story, path: &str) -> bool {
    story.events.iter().filter(|event| event.path == *path && event.what == EventKind::Starting).count() == 1
}

/// When the supervisor last wrote something about one of its children.
fn last_sign_of_life(story: &Story, path: &str) -> Option<Duration> {
    let is_its_own = |event: &&std::sync::Arc<Event>| {
        let is_of_child = event.path.as_str().rsplit_once('/').is_some_and(|(parent, _)| parent == path);
        is_of_child && !matches!(event.what, EventKind::Stopped { outcome: Outcome::Unreapable, .. })
    };
    story.events.iter().rev().find(is_its_own).map(|event| event.at)
}

/// Whether no child has been started for this call. Only the ids of children that the operator adds name one call each.
fn never_started(story: &Story, path: &str, id: &str) -> bool {
    let is_of_call = |event: &Event| {
        let own = event.path.as_str().strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
        own.and_then(|own| own.strip_prefix(id)).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    id.starts_with('x') && !story.events.iter().any(|event| is_of_call(event))
}
