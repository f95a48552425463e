//! The rules that every record keeps, whatever happened in it.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is known of one path at one point of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Running,
    Down,
}

/// Checks a complete record against the contract's section on order and counting.
pub(crate) fn check_order(events: &[Value]) {
    assert!(!events.is_empty(), "a run that got as far as starting something has a record");
    check_numbers(events);
    check_fields(events);
    check_lives(events);
    check_nesting(events);
    check_incarnations(events);
    let last = events.last().expect("there is at least one event");
    assert_eq!(
        (text(last, "event"), parent(text(last, "path"))),
        ("stopped", None),
        "the last line is {last}"
    );
}

fn check_numbers(events: &[Value]) {
    let numbers: Vec<_> = events.iter().map(|event| event["seq"].as_u64()).collect();
    let expected: Vec<_> = (1..).take(events.len()).map(Some).collect();
    assert_eq!(numbers, expected, "events are numbered 1, 2, 3 and so on without gaps");
    let times: Vec<_> = events.iter().map(|event| event["at"].as_f64().expect("`at` is a number")).collect();
    assert!(times.is_sorted(), "time does not run backwards: {times:?}");
}

fn check_fields(events: &[Value]) {
    for event in events {
        assert!(event["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{event}");
        assert!(event["incarnation"].as_u64().is_some_and(|incarnation| incarnation >= 1), "{event}");
        assert!(["process", "task", "actor", "supervisor"].contains(&text(event, "kind")), "{event}");
        let has = |field: &str| event.get(field).is_some();
        match text(event, "event") {
            "started" => assert_eq!(has("pid"), event["kind"] == "process", "{event}"),
            "start_failed" => assert!(has("error"), "{event}"),
            "exited" => assert_eq!(has("status"), event["kind"] != "supervisor", "{event}"),
            "restarting" => assert!(has("attempt") && has("delay_ms"), "{event}"),
            "retrying" => assert!(has("error") && has("attempt") && has("delay_ms"), "{event}"),
            "gave_up" => assert!(has("restarts") && has("within_ms"), "{event}"),
            "signal" => assert!(has("signal") && has("action"), "{event}"),
            "stopping" => {
                assert!(has("cause"), "{event}");
                assert_eq!(has("signal"), event["kind"] == "process", "{event}");
            }
            "draining" => assert!(has("cause") && has("delay_ms"), "{event}"),
            "asked" => assert!(has("with") && has("elapsed_ms"), "{event}"),
            "escalated" => assert!(has("to"), "{event}"),
            "stopped" => assert!(has("outcome") && has("elapsed_ms") && has("stragglers"), "{event}"),
            "output" => assert!(has("stream") && has("line"), "{event}"),
            "stalled" => assert!(has("elapsed_ms") && has("thread"), "{event}"),
            "not_ready" => assert!(has("elapsed_ms"), "{event}"),
            "handler_failed" => assert!(has("handler") && has("error"), "{event}"),
            "made_to_crash" => assert!(has("by"), "{event}"),
            "unhealthy" => assert!(has("error") && has("failures") && has("threshold"), "{event}"),
            "starting" | "notified" | "healthy" => {}
            "degraded" => panic!("something is weaker than usual: {event}"),
            other => panic!("an event that the contract does not know: {other}"),
        }
    }
}

/// Nothing is written about a path after its last `stopped` or `exited` until it is started again, except
/// `restarting` and output; and the next sibling starts only when the one before has.
fn check_lives(events: &[Value]) {
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for event in events {
        let (name, path) = (text(event, "event"), text(event, "path"));
        let state = states.get(path).copied().unwrap_or(State::Down);
        match name {
            "starting" => {
                assert_eq!(state, State::Down, "{path} is started while it is there: {event}");
                let pending = states.iter().find(|(other, state)| {
                    **state == State::Starting && parent(other) == parent(path) && **other != path
                });
                assert_eq!(pending, None, "a sibling has not started yet: {event}");
                states.insert(path, State::Starting);
            }
            "started" => {
                assert_eq!(state, State::Starting, "{event}");
                states.insert(path, State::Running);
            }
            // A root that could not be started is told about twice: its last line is `stopped` in any case.
            "start_failed" if parent(path).is_none() => assert_eq!(state, State::Starting, "{event}"),
            "start_failed" | "exited" | "stopped" => {
                assert_ne!(state, State::Down, "it was down already: {event}");
                states.insert(path, State::Down);
            }
            "restarting" => assert_eq!(state, State::Down, "{event}"),
            "output" => {}
            _ => assert_ne!(state, State::Down, "nothing is written about what is down: {event}"),
        }
    }
}

/// A supervisor's `stopped` comes after the `stopped` or `exited` of all its children.
fn check_nesting(events: &[Value]) {
    let mut up: BTreeMap<&str, bool> = BTreeMap::new();
    for event in events {
        let path = text(event, "path");
        match text(event, "event") {
            "starting" => {
                up.insert(path, true);
            }
            "exited" | "stopped" | "start_failed" => {
                if event["outcome"] != "unreapable" {
                    let prefix = format!("{path}/");
                    let left = up.iter().find(|(other, up)| **up && other.starts_with(&prefix));
                    assert_eq!(left, None, "{event}");
                }
                up.insert(path, false);
            }
            _ => {}
        }
    }
}

/// `incarnation` grows by one with each start of a path; it may begin again with its parent.
fn check_incarnations(events: &[Value]) {
    let mut incarnations: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events.iter().filter(|event| event["event"] == "starting") {
        let (path, incarnation) = (text(event, "path"), event["incarnation"].as_u64());
        let incarnation = incarnation.expect("every event has an incarnation");
        let before = incarnations.insert(path, incarnation).unwrap_or_default();
        assert!(incarnation == before + 1 || incarnation == 1, "{before} was followed by {event}");
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_else(|| panic!("`{field}` of {event} is a text"))
}
