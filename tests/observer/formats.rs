//! What is really sent is what the committed schema describes, and is recorded for the versions after this one.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::given::given;

fn book(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema").join(name)
}

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(book("observer-1.json")).expect("the schema is committed");
    let schema = serde_json::from_str(&text).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema can be used")
});

/// Holds a document against the schema. All that the tests here receive comes this way.
pub(crate) fn is_valid(document: &Value) {
    if let Err(error) = SCHEMA.validate(document) {
        panic!("{error} at {}: {document:#}", error.instance_path());
    }
    assert_eq!(document["schema"], 1);
}

#[test]
fn a_document_of_another_version_is_none_of_this() {
    assert!(SCHEMA.is_valid(&serde_json::json!({ "schema": 1, "done": "stop" })));
    assert!(!SCHEMA.is_valid(&serde_json::json!({ "schema": 2, "done": "stop" })));
    assert!(!SCHEMA.is_valid(&serde_json::json!({ "done": "stop" })));
    assert!(!SCHEMA.is_valid(&serde_json::json!({ "schema": 1 })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_every_kind_are_as_described() {
    let given = given(rootward_observer::Door::allow_control).await;
    let mut documents = Vec::new();
    let mut stream = given.place.follow("?since=0").await;
    given.fail.notify_one();
    stream.event("restarting").await;
    stream.event("started").await;

    for what in
        ["GET /snapshot", "GET /why/root/team/fails", "GET /why/x", "POST /restart/root/last", "POST /stop"]
    {
        documents.push(given.place.ask(what).await.body);
    }
    while let Some(message) = stream.message().await {
        documents.push(message.data);
    }

    let has = |key: &str| documents.iter().any(|document| document.get(key).is_some());
    for key in ["children", "because", "refused", "done", "seq", "end"] {
        assert!(has(key), "{key}");
    }
    if std::env::var_os("UPDATE_RECORDING").is_some() {
        let lines: String = documents.iter().map(|document| format!("{document}\n")).collect();
        std::fs::write(book("observer-1.recording.jsonl"), lines).expect("the book can be written");
    }
}

#[test]
fn what_version_1_sent_is_still_described() {
    for name in ["observer-1.recording.jsonl", "observer-1.every-field.jsonl"] {
        let recording = std::fs::read_to_string(book(name)).expect("it is committed");
        for line in recording.lines() {
            is_valid(&serde_json::from_str(line).expect("a line is JSON"));
        }
    }
}
