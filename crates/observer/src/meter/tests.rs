//! The numbers, as a recorder gets them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ::metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, with_local_recorder,
};

use super::counts::Counts;
use crate::wire::Event;

/// Keeps all numbers, by name and labels.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<BTreeMap<String, f64>>>);

struct Number {
    kept: Kept,
    name: String,
}

impl Number {
    fn change(&self, change: impl FnOnce(&mut f64)) {
        change(self.kept.0.lock().unwrap().entry(self.name.clone()).or_default());
    }
}

#[expect(clippy::cast_precision_loss, reason = "the tests count to ten")]
impl CounterFn for Number {
    fn increment(&self, value: u64) {
        self.change(|number| *number += value as f64);
    }

    fn absolute(&self, value: u64) {
        self.change(|number| *number = value as f64);
    }
}

impl GaugeFn for Number {
    fn increment(&self, value: f64) {
        self.change(|number| *number += value);
    }

    fn decrement(&self, value: f64) {
        self.change(|number| *number -= value);
    }

    fn set(&self, value: f64) {
        self.change(|number| *number = value);
    }
}

impl HistogramFn for Number {
    fn record(&self, value: f64) {
        self.change(|number| *number += value);
    }
}

impl Kept {
    fn number(&self, key: &Key) -> Arc<Number> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Number { kept: self.clone(), name: format!("{} {}", key.name(), labels.join(" ")) })
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.number(key))
    }
}

/// The numbers after a story: `at path kind event`, and what more the event has, as JSON.
fn numbers(story: &str) -> BTreeMap<String, f64> {
    let kept = Kept::default();
    let (mut counts, mut now) = (Counts::default(), 0.0);
    for (number, line) in story.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let parts: Vec<&str> = line.splitn(5, ' ').collect();
        let [at, path, kind, event] = parts[..4] else { panic!("{line}") };
        let more = parts.get(4).map_or_else(String::new, |more| format!(",{more}"));
        let text = format!(
            r#"{{"seq":{},"at":{at},"time":"","path":"{path}","kind":"{kind}","incarnation":1,"event":"{event}"{more}}}"#,
            number + 1,
        );
        let event: Event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(now <= event.at, "a story is told in the order of time: {line}");
        now = event.at;
        with_local_recorder(&kept, || counts.apply(&event));
    }
    kept.0.lock().unwrap().clone()
}

const CRASH: &str = "
    0 root supervisor starting
    0.5 root/db process starting
    2 root/db process started \"pid\":7
    2 root supervisor started
    9 root/db process exited \"status\":{\"signal\":\"SIGKILL\"}
    9 root/db process restarting \"attempt\":1,\"delay_ms\":500
";

#[test]
fn a_crash_is_counted_by_supervisor_kind_and_class() {
    let numbers = numbers(CRASH);

    for (name, value) in [
        ("rootward_starts_total supervisor=root kind=supervisor", 1.0),
        ("rootward_starts_total supervisor=root kind=process", 1.0),
        ("rootward_start_duration_seconds supervisor=root kind=process", 1.5),
        ("rootward_exits_total supervisor=root kind=process class=signal", 1.0),
        ("rootward_restarts_total supervisor=root kind=process", 1.0),
        ("rootward_children supervisor=root kind=process state=running", 0.0),
        ("rootward_children supervisor=root kind=process state=restarting", 1.0),
        ("rootward_children supervisor=root kind=supervisor state=running", 1.0),
    ] {
        assert_eq!(numbers.get(name), Some(&value), "{name}: {numbers:#?}");
    }
}

#[test]
fn a_stop_ends_with_its_durations_and_with_nothing_in_the_gauges() {
    let numbers = numbers(&format!(
        "{CRASH}
        10 root/db process starting
        10.5 root/db process started \"pid\":8
        11 root supervisor gave_up \"restarts\":1,\"within_ms\":5000
        11 root supervisor stopping \"cause\":\"gave_up\"
        11 root/db process stopping \"cause\":\"parent\",\"signal\":\"SIGTERM\"
        16 root/db process escalated \"to\":\"SIGKILL\"
        16.5 root/db process stopped \"outcome\":\"killed\",\"elapsed_ms\":5500
        16.5 root supervisor stopped \"outcome\":\"graceful\",\"elapsed_ms\":5500
        "
    ));

    for (name, value) in [
        ("rootward_gave_up_total supervisor=root", 1.0),
        ("rootward_escalations_total supervisor=root kind=process to=SIGKILL", 1.0),
        ("rootward_stops_total supervisor=root kind=process outcome=killed", 1.0),
        ("rootward_stop_duration_seconds supervisor=root kind=process", 5.5),
    ] {
        assert_eq!(numbers.get(name), Some(&value), "{name}: {numbers:#?}");
    }
    let left =
        numbers.iter().filter(|(name, value)| name.starts_with("rootward_children ") && **value != 0.0);
    assert_eq!(left.count(), 0, "{numbers:#?}");
}

#[test]
fn every_number_stands_in_the_table() {
    let (counts, table) = (include_str!("counts.rs"), include_str!("mod.rs"));
    let names = counts.split('"').filter(|text| text.starts_with("rootward_"));
    let mut count = 0;
    for name in names {
        assert!(table.contains(&format!("| `{name}` |")), "{name}");
        count += 1;
    }
    assert!(count >= 13, "{count}");
}
