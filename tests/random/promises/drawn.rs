//! What is drawn of a tree explains it: lanes in which nothing overlaps, and critical paths without gaps.

use std::time::Duration;

use rootward::EventKind;
use rootward_observer::timeline::{CriticalPath, Recorder};
use rootward_observer::wire;

use super::{Verdict, keep};
use crate::story::Story;

pub(super) fn explains(story: &Story) -> Verdict {
    let mut recorder = Recorder::new();
    story.events.iter().for_each(|event| recorder.apply(&wire::Event::from(&**event)));
    let timeline = recorder.finish();
    for lane in timeline.lanes() {
        let in_order = lane.parts.iter().all(|part| part.from <= part.to)
            && lane.parts.windows(2).all(|pair| pair[0].to <= pair[1].from && !pair[0].open);
        keep(in_order, &format!("what a child does is drawn without overlap: {lane:?}"))?;
    }
    let whole = |begin: fn(&EventKind) -> bool, end: fn(&EventKind) -> bool| {
        let of_root = || story.events.iter().filter(|event| !event.path.as_str().contains('/'));
        let from = of_root().find(|event| begin(&event.what))?;
        let to = of_root().find(|event| event.seq > from.seq && end(&event.what));
        Some(micros(to.or(story.events.last())?.at) - micros(from.at))
    };
    let start = whole(
        |what| matches!(what, EventKind::Starting),
        |what| !matches!(what, EventKind::NotReady { .. } | EventKind::Signal { .. }),
    );
    // It begins with its request, as the report counts: with the drain, if there is one.
    let stop = whole(
        |what| matches!(what, EventKind::Draining { .. } | EventKind::Stopping { .. }),
        |what| matches!(what, EventKind::Stopped { .. } | EventKind::Exited { .. }),
    );
    for (path, took) in [(timeline.start(), start), (timeline.stop(), stop)] {
        keep(path.is_some() == took.is_some(), "a start and a stop have a critical path")?;
        if let (Some(path), Some(took)) = (path, took) {
            is_without_gaps(path, took)?;
        }
    }
    Ok(())
}

/// The waits stand one behind the other, and take together as long as the whole.
fn is_without_gaps(path: &CriticalPath, took: Duration) -> Verdict {
    keep(
        path.duration() == took,
        &format!("a critical path takes as long as the whole, {took:?}: {path:?}"),
    )?;
    let is_chain = path.links.windows(2).all(|pair| pair[0].to == pair[1].from);
    let first = path.links.first().map(|link| link.from);
    let last = path.links.last().map(|link| link.to);
    let is_whole = (first, last) == (Some(path.from), Some(path.to));
    keep(is_chain && is_whole, &format!("a critical path has no gaps: {path:?}"))
}

/// Events are drawn with the microsecond in which they happened.
fn micros(at: Duration) -> Duration {
    Duration::from_micros(at.as_micros().try_into().unwrap_or(u64::MAX))
}
