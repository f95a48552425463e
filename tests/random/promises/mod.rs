//! What every tree promises, each promise judged by the record alone.
//!
//! Most promises speak of an event, given everything that was written before it. Some speak of a moment of rest: before
//! time goes on, everything has happened that could happen without it, and no child has been forgotten.

mod drawn;
mod ends;
mod foreseen;
mod graces;
mod groups;
mod intensity;
mod lives;
mod looks;
mod numbers;
mod observed;
mod refusals;
mod report;
mod restarts;
mod shutdowns;
mod signals;
mod starts;
mod stops;

use std::sync::Arc;
use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::Outcome;
use rootward::{Event, EventKind};

use crate::ledger::Ledger;
use crate::story::Story;

/// Whether a promise is kept, and what is promised if it is not.
type Verdict = Result<(), String>;

/// Promises about an event. The ledger has not taken note of it yet.
const OF_EVENTS: [fn(&Ledger<'_>, &Event) -> Verdict; 9] = [
    numbers::event,
    lives::event,
    starts::event,
    stops::event,
    graces::event,
    restarts::event,
    groups::event,
    intensity::event,
    ends::event,
];

/// Promises about moments of rest, up to the next event.
const OF_RESTS: [fn(&Ledger<'_>, Duration) -> Verdict; 6] =
    [starts::rest, stops::rest, graces::rest, restarts::rest, shutdowns::rest, signals::rest];

/// Judges a story. What is wrong comes with the record.
pub(crate) fn judge(story: &Story) -> Verdict {
    let mut ledger = Ledger::new(story);
    let mut looks = story.looks.iter().peekable();
    let mut now = Duration::ZERO;
    let events = before_the_last_words(story);
    for (event, seq) in events.iter().zip(1..) {
        let of_event = |verdict: Verdict| {
            verdict.map_err(|promise| format!("{promise}, but see event {seq}, {}\n{story}", event.path))
        };
        of_event(keep(event.seq == seq, "events are counted from 1 without gaps"))?;
        of_event(keep(event.at >= now, "time does not run backwards"))?;
        // In real time there is no moment of which it is known that nothing can happen in it.
        if event.at > now && story.timing.is_exact() {
            let of_rest = |verdict: Verdict| {
                verdict.map_err(|promise| format!("{promise}, but see the time before event {seq}\n{story}"))
            };
            OF_RESTS.iter().try_for_each(|promise| of_rest(promise(&ledger, event.at)))?;
            while let Some((_, look)) = looks.next_if(|(at, _)| *at < event.at) {
                of_rest(looks::agrees(&ledger, look))?;
            }
            now = event.at;
        }
        OF_EVENTS.iter().try_for_each(|promise| of_event(promise(&ledger, event)))?;
        ledger.note(event);
    }
    let show = |promise| format!("{promise}\n{story}");
    observed::agrees(story).and_then(|()| drawn::explains(story)).map_err(show)?;
    signals::agrees(story).map_err(show)?;
    foreseen::agrees(story).map_err(show)?;
    lives::last(story).and_then(|()| lives::once(story)).map_err(show)?;
    if events.len() < story.events.len() {
        return Ok(());
    }
    let the_end =
        lives::end(&ledger).and_then(|()| report::agrees(&ledger)).and_then(|()| refusals::counted(story));
    the_end.map_err(show)
}

/// What can be judged of a record by what is done to the tree: not the last events, which name what is still there.
///
/// On one thread they can be judged as well, unless they were asked for: nothing leads up to them then. On two, a
/// supervisor may be about to write that a child is gone, or is asked.
fn before_the_last_words(story: &Story) -> &[Arc<Event>] {
    let is_unreapable =
        |event: &Event| matches!(event.what, EventKind::Stopped { outcome: Outcome::Unreapable, .. });
    let is_asked =
        |event: &Event| matches!(event.what, EventKind::Stopping { cause: StopCause::Deadline, .. });
    let can_be_judged = story.timing.is_on_one_thread() && story.given_up.is_none();
    if can_be_judged || !story.events.last().is_some_and(|event| is_unreapable(event)) {
        return &story.events;
    }
    // A signal that was acted upon and not written down yet stands before the root's last one.
    let is_signal = |event: &Event| matches!(event.what, EventKind::Signal { .. });
    let is_of_them = |event: &&Arc<Event>| is_unreapable(event) || is_asked(event) || is_signal(event);
    let last_words = story.events.iter().rev().take_while(is_of_them);
    &story.events[..story.events.len() - last_words.count()]
}

fn keep(is_kept: bool, promise: &str) -> Verdict {
    if is_kept { Ok(()) } else { Err(promise.to_owned()) }
}
