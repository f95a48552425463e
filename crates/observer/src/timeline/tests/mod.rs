//! What timelines are made of, and what is drawn of them.

mod critical;
mod lanes;
mod picture;
mod reading;

use super::{Recorder, Timeline, read};
use crate::wire::Event;

/// A recording of `rootward-demo`: a database and a cache that are ready after a while, a task that panics and is
/// started again later and later, and two children that have to be forced.
const SHOP: &str = include_str!("shop.jsonl");

fn shop() -> Timeline {
    read(SHOP.as_bytes()).unwrap()
}

/// The timeline of a story: a line an event, with its moment in milliseconds, its name, and the path. A path that ends
/// with `/` is that of a supervisor; what stands behind it are further fields, as JSON.
fn told(story: &str) -> Timeline {
    let mut recorder = Recorder::new();
    events(story).iter().for_each(|event| recorder.apply(event));
    recorder.finish()
}

fn events(story: &str) -> Vec<Event> {
    let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
    let events: Vec<Event> = lines.zip(1..).map(|(line, seq)| event(line, seq)).collect();
    assert!(events.is_sorted_by_key(|event| event.at), "a story is told in the order of time:\n{story}");
    events
}

#[test]
#[should_panic(expected = "a story is told in the order of time")]
fn a_story_that_is_told_out_of_the_order_of_time_is_refused() {
    told("0 starting root/\n2 started root/\n1 starting root/a");
}

fn event(line: &str, seq: u64) -> Event {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (millis, name, path, more) = (word(), word(), word(), word());
    let at = millis.parse::<f64>().unwrap() / 1e3;
    let kind = if path.ends_with('/') { "supervisor" } else { "task" };
    let path = path.trim_end_matches('/');
    let usual = match name {
        "stopping" => r#","cause":"parent""#,
        "stopped" => r#","outcome":"graceful","elapsed_ms":1"#,
        "escalated" => r#","to":"abort""#,
        "gave_up" => r#","restarts":1,"within_ms":5000"#,
        _ => "",
    };
    let more = if more.is_empty() { usual.to_owned() } else { format!(",{more}") };
    let json = format!(
        r#"{{"seq":{seq},"at":{at},"time":"","event":"{name}","path":"{path}","incarnation":1,"kind":"{kind}"{more}}}"#
    );
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}
