//! What an observer makes of the events is what it would see if it looked.
//!
//! Compared are the children that start, run or stop: which there are and in which order, and of each its state, its
//! incarnation, process id, restarts, whether it was forced, and in virtual time since when it is in its state. By
//! design a look and the events do not tell the same of these:
//!
//! - Children that are down: the events tell of none that never ran, and not that a supervisor has forgotten one. So
//!   the order is that of the others.
//! - Why a child stops, when its restart is due, how it last ended and why the tree stops (`stop`, `restart`,
//!   `last_end`, `cause`): a look tells none of it. An observer that looked once and then heard the events says of it
//!   what the events since the look have told, which is held against the fold of all events.
//! - What a process tells beyond what it is doing: the children here are tasks and supervisors.
//! - Whether the root drains: no tree here has a drain delay.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use rootward::Event;
use rootward::sibling::Sighting;
use rootward_observer::model::{Model, Seen};
use rootward_observer::wire;
use rootward_tests::strict_schema;
use serde_json::{Value, json};

use super::{Verdict, keep};
use crate::story::Story;

/// What looks and events both tell of a child that is there.
type Told = (wire::State, u32, Option<u32>, u32, bool);

pub(super) fn agrees(story: &Story) -> Verdict {
    let events: Vec<wire::Event> = story.events.iter().map(|event| wire::Event::from(&**event)).collect();
    story.events.iter().zip(&events).try_for_each(|(event, wire)| is_written_alike(event, wire))?;
    let mut seen: BTreeMap<u64, Vec<&Sighting>> = BTreeMap::new();
    // The root is seen as gone a moment before its last event is written.
    let is_there = |look: &&Vec<Sighting>| look.first().is_some_and(|root| root.node.since.is_some());
    let looks = || story.sightings.iter().filter(is_there);
    for sighting in looks().flatten() {
        seen.entry(sighting.seen.as_of).or_default().push(sighting);
    }
    let mut whole: BTreeMap<u64, Vec<&Vec<Sighting>>> = BTreeMap::new();
    for look in looks() {
        if let Some(as_of) = seen_at_once(look) {
            whole.entry(as_of).or_default().push(look);
        }
    }
    let is_exact = story.timing.is_exact();
    let mut model = Model::new();
    for event in &events {
        model.apply(event);
        keep(model.as_of() == event.seq, "a model is as of the last event")?;
        // What is left when the record ends is told by no event.
        if event.seq < events.len() as u64 {
            for sighting in seen.remove(&event.seq).into_iter().flatten() {
                is_seen_as_told(sighting, &model, is_exact)?;
            }
            for look in whole.remove(&event.seq).into_iter().flatten() {
                stands_as_told(look, &model)?;
            }
        }
    }
    looks().try_for_each(|look| is_whole_in_the_end(look, &events))
}

/// The observer's own form of an event is that of the record.
fn is_written_alike(event: &Event, wire: &wire::Event) -> Verdict {
    let (one, other) = (serde_json::to_value(event), serde_json::to_value(wire));
    let (one, other) = (one.map_err(|error| error.to_string())?, other.map_err(|error| error.to_string())?);
    let read: wire::Event = serde_json::from_value(one.clone()).map_err(|error| error.to_string())?;
    keep(one == other && read == *wire, "an observer writes an event as the record does")?;
    is_described(other)
}

/// What a watcher is sent is what the committed schema of the formats says of an event.
fn is_described(mut event: Value) -> Verdict {
    event["schema"] = 1.into();
    EVENT.validate(&event).map_err(|error| format!("the schema of events: {error}: {event}"))
}

/// What the schema says of an event, and of no other document; and no name besides.
static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    let documents = strict_schema("observer-1.json");
    let event = json!({ "$ref": "#/$defs/EventMessage", "$defs": documents["$defs"] });
    jsonschema::validator_for(&event).expect("the schema can be used")
});

fn is_seen_as_told(sighting: &Sighting, model: &Model, is_exact: bool) -> Verdict {
    let seen = wire::Child::from(sighting);
    let Some(told) = model.find(&seen.path) else {
        return keep(!seen.state.is_live(), &format!("events tell of every child that is there: {seen:?}"));
    };
    let wrong = |what: &str| format!("{what}: seen {seen:?}, told {told:?}, as of {}", sighting.seen.as_of);
    keep(seen.state.is_live() == told.state.is_live(), &wrong("a child is there or is not"))?;
    if seen.state.is_live() {
        keep(this(&seen) == this(told), &wrong("a child is seen as it is told"))?;
        keep(!is_exact || seen.since == told.since, &wrong("since when"))?;
    }
    let is_new = seen.incarnation == 0 || !seen.path.contains('/');
    keep(is_new || (seen.incarnation, seen.restarts) == (told.incarnation, told.restarts), &wrong("which"))
}

/// As of which event all parts of a look were seen, if that is one.
fn seen_at_once(look: &[Sighting]) -> Option<u64> {
    let as_of = look.first()?.seen.as_of;
    let is_of_it = |seen: &Sighting| {
        [seen.seen.as_of, seen.children_as_of, seen.whole_at] == [as_of; 3] && !seen.is_launching
    };
    look.iter().all(is_of_it).then_some(as_of)
}

/// The children that are there stand in one order, and the tree does what its root does.
fn stands_as_told(look: &[Sighting], model: &Model) -> Verdict {
    let seen: Vec<wire::Child> = look.iter().map(wire::Child::from).collect();
    let seen_live: Vec<&str> = live(seen.iter()).map(|child| &*child.path).collect();
    let told: Vec<&str> = live(model.children()).map(|child| &*child.path).collect();
    let as_of = model.as_of();
    keep(seen_live == told, &format!("the order: seen {seen_live:#?}, told {told:#?}, as of {as_of}"))?;
    let states = (seen.first().map(|root| root.state), Some(model.tree().state));
    keep(states.0 == states.1, &format!("what the tree does: seen and told {states:?}, as of {as_of}"))
}

fn live<'a>(children: impl Iterator<Item = &'a wire::Child>) -> impl Iterator<Item = &'a wire::Child> {
    children.filter(|child| child.state.is_live())
}

fn this(child: &wire::Child) -> Told {
    (child.state, child.incarnation, child.pid, child.restarts, child.forced)
}

/// What was seen while the tree changed fits together once the events of that time have been applied, whatever came
/// before.
fn is_whole_in_the_end(look: &[Sighting], events: &[wire::Event]) -> Verdict {
    if look.iter().any(|sighting| sighting.is_launching) {
        return Ok(());
    }
    let numbers = look.iter().flat_map(|seen| [seen.seen.as_of, seen.children_as_of, seen.whole_at]);
    let (Some(oldest), Some(newest)) = (numbers.clone().min(), numbers.max()) else { return Ok(()) };
    if newest >= events.len() as u64 {
        return Ok(());
    }
    let mut all = Model::new();
    let mut observer = Model::new();
    let seen = |sighting: &Sighting| Seen::from(sighting);
    observer.see(look.iter().map(seen).collect(), None);
    for event in events.iter().take_while(|event| event.seq <= newest) {
        all.apply(event);
        if event.seq + 10 > oldest {
            observer.apply(event);
        }
    }
    keep(observer.is_whole(), "what was seen fits together after the events of that time")?;
    let there = |model: &Model| -> Vec<(String, Told)> {
        live(model.children()).map(|child| (child.path.clone(), this(child))).collect()
    };
    let (one, other) = (there(&all), there(&observer));
    keep(one == other, &format!("told {one:#?}, seen and told {other:#?}, as of {oldest} to {newest}"))?;
    look.iter().try_for_each(|seen| events_tell_the_rest(seen, &all, &observer))
}

/// What only events tell of a child is what all events have told, as far as they came after the look; and nothing is
/// said that they have not told.
fn events_tell_the_rest(seen: &Sighting, all: &Model, observer: &Model) -> Verdict {
    let path = seen.node.path.as_str();
    let (Some(told), Some(heard)) = (all.find(path), observer.find(path)) else { return Ok(()) };
    let since = seen.seen.as_of;
    let wrong = |what: &str| format!("{what}: told {told:?}, heard since {since} {heard:?}");
    let agree = |told: Option<u64>, heard: Option<u64>, is_same: bool| match told {
        Some(seq) if seq > since => is_same,
        Some(_) | None => heard.is_none() || is_same,
    };
    let seqs = |of: fn(&wire::Child) -> Option<u64>| (of(told), of(heard));
    let (one, other) = seqs(|child| Some(child.stop.as_ref()?.seq));
    keep(agree(one, other, told.stop == heard.stop), &wrong("why it stops"))?;
    let is_root = !path.contains('/');
    let causes = (all.tree().cause, observer.tree().cause);
    keep(
        !is_root || agree(one, causes.1.as_ref().map(|_| 0), causes.0 == causes.1),
        &wrong("why the tree stops"),
    )?;
    let (one, other) = seqs(|child| Some(child.restart.as_ref()?.seq));
    keep(agree(one, other, told.restart == heard.restart), &wrong("when its restart is due"))?;
    let (one, other) = seqs(|child| Some(child.last_end.as_ref()?.seq));
    let mut end = told.last_end.clone();
    if let (Some(end), Some(None)) = (&mut end, heard.last_end.as_ref().map(|end| &end.cause)) {
        // The cause is that of the stop, which may have begun before the look.
        end.cause = None;
    }
    keep(agree(one, other, end == heard.last_end), &wrong("how it last ended"))
}
