//! JSON documents with promised fields. Their readers have to put up with fields that were not promised.

use serde_json::Value;

/// Panics unless a document holds all of what is expected. It may hold more fields.
pub(crate) fn assert_holds(actual: &Value, expected: &Value) {
    assert!(holds(actual, expected), "this\n{actual:#}\nshould hold\n{expected:#}");
}

fn holds(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| actual.get(key).is_some_and(|actual| holds(actual, value)))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, e)| holds(a, e))
        }
        (actual, expected) => actual == expected,
    }
}
