//! What every tree promises, each promise judged by the record alone.
//!
//! Most promises speak of an event, given everything that was written before it. Some speak of a moment of rest: when time goes on,
//! everything that could happen without it has happened, and nobody has been forgotten.

mod ends;
mod graces;
mod groups;
mod intensity;
mod lives;
mod looks;
mod numbers;
mod report;
mod restarts;
mod shutdowns;
mod starts;
mod stops;

use std::time::Duration;

use rootward::Event;

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

/// Promises about moments in which everybody rests, up to the next event.
const OF_RESTS: [fn(&Ledger<'_>, Duration) -> Verdict; 5] =
    [starts::rest, stops::rest, graces::rest, restarts::rest, shutdowns::rest];

/// Judges a story. What is wrong comes with the record.
pub(crate) fn judge(story: &Story) -> Verdict {
    let mut ledger = Ledger::new(story);
    let mut looks = story.looks.iter().peekable();
    let mut now = Duration::ZERO;
    for (event, seq) in story.events.iter().zip(1..) {
        let of_event = |verdict: Verdict| {
            verdict.map_err(|promise| format!("{promise}, but see event {seq}, {}\n{story}", event.path))
        };
        of_event(keep(event.seq == seq, "events are counted from 1 without gaps"))?;
        of_event(keep(event.at >= now, "time does not run backwards"))?;
        if event.at > now {
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
    let the_end = lives::end(&ledger).and_then(|()| report::agrees(&ledger));
    the_end.map_err(|promise| format!("{promise}\n{story}"))
}

fn keep(is_kept: bool, promise: &str) -> Verdict {
    if is_kept { Ok(()) } else { Err(promise.to_owned()) }
}
