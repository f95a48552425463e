//! What a program writes into files, `rootward-demo --events` and `--report`, as types for its schemas.

use rootward_core::{ChildSpec, StopReport, Supervisor, TaskContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema_tests::{is_read_as_it_is, is_schema_of};
use super::{EventMessage, Kind, Outcome, Status, Straggler, Version, every_field, is_false};

/// A line of a record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Line {
    // First: an event of a name that is not known is an event as well.
    LeftOut(LeftOut),
    Event(EventMessage),
}

/// Events had to be left out for a reader that is too slow. It is said of the root.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct LeftOut {
    /// The version of the formats.
    schema: Version,
    /// The number of this line.
    seq: u64,
    /// When the next event happened: how long after the root began, in seconds.
    at: f64,
    /// The same on the wall clock: RFC 3339, in UTC.
    time: String,
    /// Its name.
    event: LostName,
    /// The root.
    path: String,
    /// Always 1.
    incarnation: u32,
    /// Always that of a supervisor.
    kind: Kind,
    /// How many events there were.
    events: u64,
}

/// The name of the line.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LostName {
    Lost,
}

/// How a tree stopped.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("additionalProperties" = true))]
struct Report {
    /// The version of the formats.
    schema: Version,
    /// Whether the tree came down as it should.
    clean: bool,
    /// How far process children were followed, if the tree had a level in force.
    containment: Option<String>,
    /// Why the tree stopped: `signal SIGTERM`, `api`, `gave_up` and others.
    cause: String,
    /// How it came out.
    ending: Ending,
    /// From the request to the last acknowledgement.
    elapsed_ms: u64,
    /// How many starts were refused altogether, because what was to have the child was stopping.
    #[serde(default, skip_serializing_if = "is_none")]
    refused: u64,
    /// How many tasks and actors failed while they stopped.
    #[serde(default, skip_serializing_if = "is_none")]
    failed_while_stopping: u64,
    /// Which failure brought the tree down, if it stopped by itself because of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blame: Option<Blame>,
    /// Why the tree could not be started, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_error: Option<String>,
    /// The root and everything below it.
    root: Reported,
}

/// How a stop came out, from best to worst.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ending {
    /// Everything is gone and nothing had to be forced. Exit status 0.
    Clean,
    /// Everything is gone, and something had to be forced. Exit status 3.
    Forced,
    /// The tree failed, and everything is gone. Exit status 1.
    Failed,
    /// Something could not be brought down before the deadline. Exit status 4.
    Incomplete,
}

/// A failure that brought a tree down.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("additionalProperties" = true))]
struct Blame {
    /// The child that failed.
    child: String,
    /// How it ended.
    status: Status,
    /// The supervisor that stopped because of that. Without one nothing was left to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supervisor: Option<String>,
    /// The limit that was exceeded, if the supervisor gave up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_restarts: Option<u32>,
    /// The window of that limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    within_ms: Option<u64>,
}

/// How a child ended.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("additionalProperties" = true))]
struct Reported {
    /// The child: the ids from the root down to it, joined by `/`.
    path: String,
    /// What it is.
    kind: Kind,
    /// Which start of the child this was, from 1.
    incarnation: u32,
    /// Its process id, if it was a process that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    /// Whether it went as it should.
    outcome: Outcome,
    /// How it ended. Supervisors have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// From the request to its end.
    elapsed_ms: u64,
    /// How many restarts were decided on because of it.
    restarts: u32,
    /// Whether it is a task or an actor that failed while it stopped.
    #[serde(default, skip_serializing_if = "is_false")]
    failed_while_stopping: bool,
    /// What it is stuck in, if it is still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stuck: Option<Stuck>,
    /// How many starts it refused while it stopped.
    #[serde(default, skip_serializing_if = "is_none")]
    refused: u64,
    /// The steps of a process's stop, SIGKILL included, if there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<ReportedStep>>,
    /// What a process left behind and what became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stragglers: Option<Vec<Straggler>>,
    /// Those below it, in start order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    children: Option<Vec<Reported>>,
}

/// One step of a process's stop.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("additionalProperties" = true))]
struct ReportedStep {
    /// With what: a signal, `SIGTERM to the program alone`, or `stop command`.
    with: String,
    /// How long that was after the first step.
    after_ms: u64,
    /// Why it has failed, if it is a stop command and did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a child is stuck in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("additionalProperties" = true))]
struct Stuck {
    /// `poll`, `drop`, `blocking`, `guest`, `not_polled`.
    r#in: String,
    /// For how long, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    /// On which thread, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

#[test]
fn the_committed_schemas_of_files_are_those_of_the_types() {
    is_schema_of::<Line>("events-1.json");
    is_schema_of::<Report>("report-1.json");
}

#[test]
fn what_version_1_wrote_into_files_can_still_be_read() {
    // Nothing writes them again. One has every kind of event and what is left out, and one every field of a report.
    assert!(
        is_read_as_it_is::<Line>("events-1.first.jsonl").iter().any(|line| matches!(line, Line::LeftOut(_)))
    );
    assert!(is_read_as_it_is::<Report>("report-1.first.jsonl").len() > 1);
}

#[test]
fn events_of_every_kind_are_lines_of_a_record() {
    for event in every_field::events() {
        let line = serde_json::to_value(&event).expect("an event is JSON");
        let read: Line = serde_json::from_value(line.clone()).expect("it is a line");
        assert!(matches!(read, Line::Event(_)));
        assert_eq!(serde_json::to_value(&read).expect("a line is JSON"), line);
    }
}

#[test]
fn a_report_has_what_the_types_say_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().expect("there are threads");
    let fails = ChildSpec::task("fails", |cx: TaskContext| async move {
        cx.stopping().await;
        Err::<(), _>("it could not write its work down")
    });
    let crashes = ChildSpec::task("crashes", |_| async { Err::<(), _>("it crashed") });
    let idle = ChildSpec::task("idle", |cx: TaskContext| async move { cx.stopping().await });
    let inner = Supervisor::new("inner").child(fails).child(idle);
    let reports = runtime.block_on(async {
        let tree = Supervisor::new("root").child(inner).start().await.expect("it starts");
        let gives_up = Supervisor::new("root").intensity(0, std::time::Duration::from_secs(5));
        let given_up = gives_up.child(crashes).start().await.expect("it starts");
        [tree.stop().await, given_up.wait().await]
    });

    for report in reports {
        is_as_the_types_say(&report);
    }
}

fn is_as_the_types_say(report: &StopReport) {
    let mut written = serde_json::to_value(report).expect("a report is JSON");
    // A writer adds it.
    written["schema"] = 1.into();
    let read: Report =
        serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{error}: {written:#}"));
    assert_eq!(serde_json::to_value(&read).expect("a report is JSON"), written);
}
