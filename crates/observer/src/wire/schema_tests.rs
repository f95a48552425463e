//! The committed schema is that of the types, and the committed recordings of older versions can still be read.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};

use super::every_kind::every_kind;
use super::{
    Done, EndMessage, EventMessage, LostMessage, Refused, Snapshot, State, UsageAnswer, Why, every_field,
};
use crate::model::Model;

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

/// Every kind of event and every field, as they were when version 1 had all of its first ones. Nothing writes it again:
/// a change after which it cannot be read is a new version of the formats.
const FIRST: &str = "observer-1.first.jsonl";

/// Every kind of event and every field as they are now.
const EVERY_FIELD: &str = "observer-1.every-field.jsonl";

/// What version 1 has sent of a real tree.
const REAL: &str = "observer-1.recording.jsonl";

#[test]
fn what_version_1_sent_can_still_be_read() {
    for name in [FIRST, REAL, EVERY_FIELD] {
        assert!(is_read_as_it_is::<Document>(name).len() > 20, "there is something of every kind in {name}");
    }
}

/// Every line of a committed recording, none of which loses anything when it is read.
pub(super) fn is_read_as_it_is<T: Serialize + DeserializeOwned>(name: &str) -> Vec<T> {
    let recording = std::fs::read_to_string(schema(name)).expect("a recording is committed");
    let read = |line| {
        let read: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
        let again = serde_json::to_value(&read).expect("a document is JSON");
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"), "{name}");
        read
    };
    recording.lines().map(read).collect()
}

#[test]
fn what_version_1_first_sent_is_still_folded_to_the_same() {
    let mut model = Model::new();
    let mut told = Vec::new();
    for document in is_read_as_it_is::<Document>(FIRST) {
        if let Document::Event(message) = document {
            let name = message.event.what.name();
            assert!(name != "unknown" || message.event.seq == 23, "each kind is still known: {message:?}");
            model.apply(&message.event);
            let child = model.find("root/web/worker").expect("it has been told of");
            told.push((name, child.state, child.pid));
        }
    }

    for expected in [
        ("starting", State::Starting, None),
        ("started", State::Running, Some(4711)),
        ("start_failed", State::Down, None),
        ("exited", State::Down, None),
        ("restarting", State::Restarting, None),
        ("stopped", State::Down, None),
    ] {
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    assert_eq!(model.as_of(), 23);
}

#[test]
fn what_version_1_sent_of_a_real_tree_is_folded_to_its_end() {
    let mut model = Model::new();
    let mut restarted = 0;
    for document in is_read_as_it_is::<Document>(REAL) {
        if let Document::Event(message) = document {
            restarted += u32::from(message.event.what.name() == "restarting");
            model.apply(&message.event);
        }
    }

    assert!(restarted > 0, "it has a crash, and a restart");
    assert!(model.children().all(|child| child.state == State::Down), "the tree is gone");
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
    let path = schema(EVERY_FIELD);
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
