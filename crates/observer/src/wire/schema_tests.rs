//! The committed schema is that of the types, and the committed recordings of older versions can still be read.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator};

use super::{Done, EndMessage, EventMessage, LostMessage, Refused, Snapshot, UsageAnswer, Why};

/// Whatever the door sends.
#[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(untagged)]
enum Document {
    Snapshot(Snapshot),
    Event(EventMessage),
    Lost(LostMessage),
    End(EndMessage),
    Why(Box<Why>),
    Usage(UsageAnswer),
    Done(Done),
    Refused(Refused),
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = book().join("schema/observer-1.json");
    let schema = SchemaGenerator::default().into_root_schema_for::<Document>();
    let mut made = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    made.push('\n');
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).expect("the book can be written");
    }

    let committed = std::fs::read_to_string(&path).unwrap_or_default();

    assert!(committed == made, "write it again with UPDATE_SCHEMA=1, and look at what has changed");
}

#[test]
fn what_version_1_sent_can_still_be_read() {
    let path = book().join("schema/observer-1.recording.jsonl");
    let recording = std::fs::read_to_string(&path).expect("a recording is committed");

    for line in recording.lines() {
        let read: Document = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let again = serde_json::to_value(&read).expect("a document is JSON");
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
    }
    assert!(recording.lines().count() > 20, "there is something of every kind in it");
}

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}
