//! The committed schema of what the commands add to the door's documents is that of the types.

use std::borrow::Cow;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::command_error::FailedDocument;
use super::wait::WaitedDocument;

/// Whatever the commands print and a door does not send.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Document {
    Waited(WaitedDocument),
    Failed(FailedDocument),
}

/// The version of the formats, as the door's documents have it.
pub(super) struct One;

impl JsonSchema for One {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "description": "The version of the formats.", "const": 1 })
    }
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/commands-1.json");
    let schema = SchemaGenerator::default().into_root_schema_for::<Document>();
    let mut made = serde_json::to_string_pretty(&schema).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).unwrap();
    }

    let committed = std::fs::read_to_string(&path).unwrap_or_default();

    assert!(committed == made, "write it again with UPDATE_SCHEMA=1, and look at what has changed");
}

#[test]
fn what_version_1_printed_can_still_be_read() {
    // Nothing writes it again: a change after which it cannot be read is a new version of the formats.
    let recording = include_str!("../../../../docs/schema/commands-1.first.jsonl");
    for line in recording.lines() {
        let read: Document = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));

        let again = serde_json::to_value(&read).unwrap();

        assert_eq!(again, serde_json::from_str::<serde_json::Value>(line).unwrap());
    }
}
