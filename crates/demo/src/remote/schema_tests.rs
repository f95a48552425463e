//! The committed schema of what the commands add to the door's documents is that of the types.

use std::borrow::Cow;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::command_error::FailedDocument;
use super::wait::WaitedDocument;

/// Whatever the commands print and a door does not send.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for its schema")]
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
