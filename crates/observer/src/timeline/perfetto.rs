//! A timeline as a trace in the JSON format of Chrome's tracing, which <https://ui.perfetto.dev> opens.
//!
//! The tree is one process of the trace, and each lane one of its threads. The critical paths are a second process.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::lanes::{Lane, MarkKind};
use super::words::tame;
use super::{CriticalPath, Timeline};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    display_time_unit: &'static str,
    trace_events: Vec<Value>,
}

const TREE: u32 = 1;
const PATHS: u32 = 2;

impl Timeline {
    /// A trace as JSON, for Perfetto and everything else that reads Chrome's format.
    ///
    /// # Panics
    ///
    /// Never: what is in a timeline can be written as JSON.
    pub fn to_perfetto(&self) -> String {
        let mut events = vec![name_of("process_name", TREE, 0, "tree"), order_of(TREE, 0, "process", 1)];
        for (lane, thread) in self.lanes().iter().zip(1..) {
            write_lane(lane, thread, &mut events);
        }
        let paths = [("start", self.start()), ("stop", self.stop())];
        if paths.iter().any(|(_, path)| path.is_some()) {
            events.push(name_of("process_name", PATHS, 0, "critical path"));
            events.push(order_of(PATHS, 0, "process", 0));
        }
        for ((name, path), thread) in paths.into_iter().zip(1..) {
            if let Some(path) = path {
                write_path(path, name, thread, &mut events);
            }
        }
        let trace = Trace { display_time_unit: "ms", trace_events: events };
        let mut text = serde_json::to_string(&trace).expect("a trace is made of texts and numbers");
        text.push('\n');
        text
    }
}

fn write_lane(lane: &Lane, thread: u32, events: &mut Vec<Value>) {
    events.push(name_of("thread_name", TREE, thread, &tame(&lane.path)));
    events.push(order_of(TREE, thread, "thread", thread));
    for part in &lane.parts {
        events.push(json!({
            "ph": "X", "pid": TREE, "tid": thread, "cat": part.phase.class(), "name": part.phase.name(),
            "ts": micros(part.from), "dur": micros(part.duration()),
            "args": { "path": lane.path, "incarnation": part.incarnation, "says": part.says, "open": part.open },
        }));
    }
    for mark in &lane.marks {
        // A signal concerns the whole tree, and is drawn through all lanes.
        let scope = if mark.kind == MarkKind::Signal { "g" } else { "t" };
        events.push(json!({
            "ph": "i", "pid": TREE, "tid": thread, "cat": "mark", "name": mark.kind.name(), "s": scope,
            "ts": micros(mark.at), "args": { "path": lane.path, "says": mark.says },
        }));
    }
}

fn write_path(path: &CriticalPath, name: &str, thread: u32, events: &mut Vec<Value>) {
    events.push(name_of("thread_name", PATHS, thread, name));
    events.push(order_of(PATHS, thread, "thread", thread));
    for link in &path.links {
        events.push(json!({
            "ph": "X", "pid": PATHS, "tid": thread, "cat": name, "name": tame(&link.path),
            "ts": micros(link.from), "dur": micros(link.duration()), "args": { "says": link.says },
        }));
    }
}

fn name_of(what: &str, process: u32, thread: u32, name: &str) -> Value {
    json!({ "ph": "M", "pid": process, "tid": thread, "name": what, "args": { "name": name } })
}

fn order_of(process: u32, thread: u32, what: &str, index: u32) -> Value {
    let name = format!("{what}_sort_index");
    json!({ "ph": "M", "pid": process, "tid": thread, "name": name, "args": { "sort_index": index } })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
