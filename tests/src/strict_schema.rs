//! What the committed schemas of the formats say, and nothing besides.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A committed schema or recording.
pub fn in_the_book(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema").join(name)
}

/// The committed schema of this name, with a mistake in every name that it does not describe. The schema itself lets
/// them pass, because readers pass over names that a later version has added. What is written today has none of them.
///
/// # Panics
///
/// If there is no such schema.
pub fn strict_schema(name: &str) -> Value {
    let text = std::fs::read_to_string(in_the_book(name)).expect("the schema is committed");
    let mut schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    close(&mut schema);
    for described in schema["$defs"].as_object_mut().expect("a schema has definitions").values_mut() {
        close(described);
    }
    schema
}

/// The names of an object are those that are described beside each other and in one of the alternatives.
fn close(described: &mut Value) {
    let described = described.as_object_mut().expect("a definition is an object");
    if described.contains_key("properties") || described.contains_key("anyOf") {
        described.remove("additionalProperties");
        described.insert("unevaluatedProperties".to_owned(), false.into());
    }
}
