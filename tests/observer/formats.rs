//! What is really sent is what the committed schema describes, and is recorded for the versions after this one.

use std::sync::LazyLock;

use jsonschema::Validator;
use rootward_tests::{in_the_book, strict_schema};
use serde_json::Value;

use crate::given::given;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| described_in("observer-1.json"));

fn described_in(name: &str) -> Validator {
    jsonschema::validator_for(&strict_schema(name)).expect("the schema can be used")
}

/// Holds a document against the schema: it has what is described there, and no name besides. All that the tests here
/// receive comes this way.
pub(crate) fn is_valid(document: &Value) {
    is_as_described(&SCHEMA, document);
}

fn is_as_described(schema: &Validator, document: &Value) {
    if let Err(error) = schema.validate(document) {
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

#[test]
fn a_name_that_is_not_described_is_none_of_this_either() {
    let event = || {
        serde_json::json!({
            "schema": 1, "seq": 1, "at": 0.5, "time": "", "event": "started", "pid": 7, "path": "root/a",
            "incarnation": 1, "kind": "process",
        })
    };
    let with = |name: &str| {
        let mut event = event();
        event[name] = 1.into();
        event
    };

    assert!(SCHEMA.is_valid(&event()));
    assert!(!SCHEMA.is_valid(&with("process")));
    assert!(!SCHEMA.is_valid(&with("attempt")), "that of another kind of event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_every_kind_are_as_described() {
    let given = given(rootward_observer::Door::allow_control).await;
    let mut documents = Vec::new();
    let mut stream = given.place.follow("?since=0").await;
    given.fail.notify_one();
    // The recording has them as well.
    let mut told = stream.through("restarting").await;
    told.extend(stream.through("started").await);

    for what in
        ["GET /snapshot", "GET /why/root/team/fails", "GET /why/x", "POST /restart/root/last", "POST /stop"]
    {
        documents.push(given.place.ask(what).await.body);
    }
    while let Some(message) = stream.message().await {
        told.push(message);
    }
    documents.extend(told.into_iter().map(|message| message.data));

    let has = |key: &str| documents.iter().any(|document| document.get(key).is_some());
    for key in ["children", "because", "refused", "done", "seq", "end"] {
        assert!(has(key), "{key}");
    }
    let is_told = |name: &str| documents.iter().any(|document| document["event"] == name);
    for event in ["starting", "started", "exited", "restarting", "stopping", "stopped"] {
        assert!(is_told(event), "{event}");
    }
    if std::env::var_os("UPDATE_RECORDING").is_some() {
        let lines: String = documents.iter().map(|document| format!("{document}\n")).collect();
        std::fs::write(in_the_book("observer-1.recording.jsonl"), lines).expect("the book can be written");
    }
}

#[test]
fn what_version_1_sent_is_still_described() {
    // What nothing writes again stands first of each: what has once been sent in version 1 stays as it is.
    for (schema, recordings) in [
        (
            "observer-1.json",
            &["observer-1.first.jsonl", "observer-1.recording.jsonl", "observer-1.every-field.jsonl"][..],
        ),
        ("events-1.json", &["events-1.first.jsonl"]),
        ("report-1.json", &["report-1.first.jsonl"]),
        ("commands-1.json", &["commands-1.first.jsonl"]),
    ] {
        let described = described_in(schema);
        for name in recordings {
            let recording = std::fs::read_to_string(in_the_book(name)).expect("it is committed");
            for line in recording.lines() {
                is_as_described(&described, &serde_json::from_str(line).expect("a line is JSON"));
            }
        }
    }
}
