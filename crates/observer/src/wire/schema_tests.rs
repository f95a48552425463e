//! The committed schema is that of the types, and the committed recordings of older versions can still be read.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator};

use super::every_kind::every_kind;
use super::{Done, EndMessage, EventMessage, LostMessage, Refused, Snapshot, UsageAnswer, Why, every_field};

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
    is_schema_of::<Document>("observer-1.json");
}

/// The committed schema of this name is that of a type.
pub(super) fn is_schema_of<T: JsonSchema>(name: &str) {
    let path = schema(name);
    let made = SchemaGenerator::default().into_root_schema_for::<T>();
    let mut made = serde_json::to_string_pretty(&made).expect("a schema is JSON");
    made.push('\n');
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).expect("the book can be written");
    }

    let committed = std::fs::read_to_string(&path).unwrap_or_default();

    assert!(committed == made, "write {name} again with UPDATE_SCHEMA=1, and look at what has changed");
}

/// Recordings of what version 1 has sent: one of a real tree, and one in which every kind of event and every field is.
const RECORDINGS: [&str; 2] = ["observer-1.recording.jsonl", "observer-1.every-field.jsonl"];

#[test]
fn what_version_1_sent_can_still_be_read() {
    for name in RECORDINGS {
        let recording = std::fs::read_to_string(schema(name)).expect("a recording is committed");
        for line in recording.lines() {
            let read: Document = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let again = serde_json::to_value(&read).expect("a document is JSON");
            assert_eq!(again, serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
        }
        assert!(recording.lines().count() > 20, "there is something of every kind in {name}");
    }
}

#[test]
fn a_recording_has_events_of_every_kind_and_documents_with_every_field() {
    let mut made: Vec<Document> = every_field::events().into_iter().map(Document::Event).collect();
    made.push(Document::Lost(every_field::lost()));
    made.push(Document::Usage(every_field::usage()));
    made.push(Document::Snapshot(every_field::snapshot()));
    made.push(Document::Why(Box::new(every_field::why())));
    let lines = made.iter().map(|document| serde_json::to_string(document).expect("a document is JSON"));
    let made: String = lines.map(|line| line + "\n").collect();
    let path = schema(RECORDINGS[1]);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).expect("the book can be written");
    }

    let committed = std::fs::read_to_string(&path).unwrap_or_default();

    // What is added is written again with UPDATE_SCHEMA=1. What is renamed or gone is a new version of the formats.
    assert!(committed == made, "the recording is not what is sent now");
    for what in every_kind() {
        assert!(committed.contains(&format!("\"event\":\"{}\"", what.name())), "{}", what.name());
    }
}

pub(super) fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name)
}
