//! Recorded trees: what is said of their children.

use crate::model::Model;
use crate::wire::{Event, Why};

/// A model of a story. A line is `at path kind incarnation event`, and what more the event has, as JSON.
fn told(story: &str) -> Model {
    let (mut model, mut now) = (Model::new(), 0.0);
    for (number, line) in story.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let parts: Vec<&str> = line.splitn(6, ' ').collect();
        let [at, path, kind, incarnation, event] = parts[..5] else { panic!("{line}") };
        let more = parts.get(5).map_or_else(String::new, |more| format!(",{more}"));
        let text = format!(
            r#"{{"seq":{},"at":{at},"time":"","path":"{path}","kind":"{kind}","incarnation":{incarnation},"event":"{event}"{more}}}"#,
            number + 1,
        );
        let event: Event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(now <= event.at, "a story is told in the order of time: {line}");
        now = event.at;
        model.apply(&event);
    }
    model
}

fn because(why: &Why) -> Vec<String> {
    why.because.iter().map(|reason| format!("{} {} {}", reason.seq, reason.path, reason.event)).collect()
}

fn waits(why: &Why) -> Vec<(&str, Option<&str>, Option<f64>)> {
    why.waits_for.iter().map(|wait| (&*wait.what, wait.path.as_deref(), wait.at)).collect()
}

fn changes(why: &Why) -> Vec<&str> {
    why.changed_by.iter().map(|change| &*change.what).collect()
}

const UP: &str = "
    0 root supervisor 1 starting
    0.1 root/db process 1 starting
    0.2 root/db process 1 started \"pid\":7
    0.3 root/api task 1 starting
    0.4 root/api task 1 started
    0.5 root supervisor 1 started
";

#[test]
fn a_restart_that_is_put_off_is_waited_for_and_says_which_crash_led_there() {
    let crash = "
        9 root/db process 1 exited \"status\":{\"code\":7}
        9 root/db process 1 restarting \"attempt\":3,\"delay_ms\":4200
    ";

    let why = told(&format!("{UP}{crash}")).why("root/db").unwrap();

    assert_eq!(because(&why), ["8 root/db restarting", "7 root/db exited"]);
    assert_eq!(waits(&why), [("restart", None, Some(13.2))]);
    assert_eq!(why.waits_for[0].says, "its restart, attempt 3 since it last ran well");
    assert_eq!(changes(&why), ["due", "terminate", "stop"]);
    assert_eq!(why.child.since, Some(9.0));
}

#[test]
fn a_sibling_that_goes_along_names_the_crash_and_waits_for_the_restart_of_the_one_that_crashed() {
    let crash = "
        9 root/db process 1 exited \"status\":{\"code\":7}
        9 root/db process 1 restarting \"attempt\":3,\"delay_ms\":4200
        9.1 root/api task 1 stopping \"cause\":\"sibling\"
    ";
    let gone =
        "9.2 root/api task 1 stopped \"outcome\":\"graceful\",\"status\":{\"ok\":true},\"elapsed_ms\":100";

    let stopping = told(&format!("{UP}{crash}")).why("root/api").unwrap();
    let crashed = told(&format!("{UP}{crash}")).why("root/db").unwrap();
    let down = told(&format!("{UP}{crash}{gone}")).why("root/api").unwrap();

    assert_eq!(because(&stopping), ["9 root/api stopping", "7 root/db exited"]);
    assert_eq!(waits(&stopping), [("end", None, None)]);
    assert_eq!(changes(&stopping), ["end", "force"]);
    assert_eq!(waits(&crashed), [("restart", None, Some(13.2)), ("end_of", Some("root/api"), None)]);
    assert_eq!(because(&down), ["10 root/api stopped", "9 root/api stopping", "7 root/db exited"]);
    assert_eq!(waits(&down), [("start_of", Some("root/db"), Some(13.2))]);
    assert_eq!(changes(&down), ["start"]);
}

#[test]
fn a_stop_names_the_signal_and_the_child_for_which_everything_waits() {
    let stop = "
        9 root supervisor 1 signal \"signal\":\"SIGTERM\",\"action\":\"stop\"
        9 root supervisor 1 stopping \"cause\":\"signal\"
        9 root/api task 1 stopping \"cause\":\"parent\"
        14 root/api task 1 escalated \"to\":\"abort\"
    ";

    let model = told(&format!("{UP}{stop}"));
    let (root, api) = (model.why("root").unwrap(), model.why("root/api").unwrap());

    assert_eq!(waits(&root), [("end_of", Some("root/api"), None)]);
    assert_eq!(because(&root), ["8 root stopping", "7 root signal"]);
    assert_eq!(
        because(&api),
        ["10 root/api escalated", "9 root/api stopping", "8 root stopping", "7 root signal"]
    );
    assert_eq!(api.waits_for[0].says, "its end, which has been forced");
    assert_eq!(changes(&root), ["end", "force"]);
}

#[test]
fn a_child_that_has_a_grace_waits_for_its_end_at_a_time_that_is_known() {
    let stop = "
        9 root/api task 1 stopping \"cause\":\"api\",\"grace_ms\":5000
    ";
    let forced = "14 root/api task 1 escalated \"to\":\"abort\"";

    let asked = told(&format!("{UP}{stop}")).why("root/api").unwrap();
    let overdue = told(&format!("{UP}{stop}{forced}")).why("root/api").unwrap();

    assert_eq!(waits(&asked), [("end", None, Some(14.0))]);
    assert_eq!(asked.waits_for[0].says, "its own end, or the end of its grace");
    assert_eq!(changes(&asked), ["end", "due", "force"]);
    assert_eq!(waits(&overdue), [("end", None, None)]);
    assert_eq!(changes(&overdue), ["end", "force"]);
}

#[test]
fn a_start_waits_for_the_child_that_is_not_ready_and_for_the_next_attempt() {
    let story = "
        0 root supervisor 1 starting
        0.1 root/web supervisor 1 starting
        0.2 root/web/db process 1 starting
    ";
    let retry =
        "0.3 root/web/db process 1 retrying \"error\":\"text file busy\",\"attempt\":1,\"delay_ms\":500";

    let starting = told(story);
    let retried = told(&format!("{story}{retry}")).why("root/web/db").unwrap();

    assert_eq!(waits(&starting.why("root").unwrap()), [("start_of", Some("root/web/db"), None)]);
    assert_eq!(waits(&starting.why("root/web/db").unwrap()), [("ready", None, None)]);
    assert_eq!(waits(&retried), [("attempt", None, Some(0.8))]);
    assert_eq!(because(&retried), ["4 root/web/db retrying", "3 root/web/db starting"]);
}

#[test]
fn what_runs_waits_for_nothing_and_a_root_is_started_by_no_request() {
    let model = told(UP);
    let (root, api) = (model.why("root").unwrap(), model.why("root/api").unwrap());

    assert_eq!((waits(&root), waits(&api)), (vec![], vec![]));
    assert_eq!(changes(&api), ["end", "restart", "terminate", "stop"]);
    assert_eq!(changes(&root), ["end", "stop"]);
}

const DRAINS: &str = "
    8.9 root supervisor 1 signal \"signal\":\"SIGTERM\",\"action\":\"stop\"
    9 root supervisor 1 draining \"cause\":\"signal\",\"delay_ms\":3000
";

#[test]
fn a_root_that_drains_waits_for_its_stop_at_a_time_that_is_known_and_says_what_comes_before() {
    let model = told(&format!("{UP}{DRAINS}"));
    let (root, api) = (model.why("root").unwrap(), model.why("root/api").unwrap());

    let draining = root.child.draining.as_deref().unwrap();
    assert_eq!((&*draining.cause, draining.until), ("signal", 12.0));
    assert_eq!(because(&root)[..3], ["8 root draining", "7 root signal", "6 root started"]);
    assert_eq!(waits(&root), [("drain", None, Some(12.0))]);
    assert_eq!(changes(&root), ["end", "drain", "force"]);
    assert_eq!(root.changed_by[1].at, Some(12.0));
    assert!(root.changed_by[2].says.starts_with("the signal again, or "), "{}", root.changed_by[2].says);
    assert_eq!((waits(&api), &api.child.draining), (vec![], &None));
}

/// The first signal after that asks for what has been asked for.
#[test]
fn a_drain_that_no_signal_began_is_ended_by_no_signal() {
    let model = told(&format!("{UP}9 root supervisor 1 draining \"cause\":\"api\",\"delay_ms\":3000\n"));

    let root = model.why("root").unwrap();

    assert_eq!(changes(&root), ["end", "drain", "force"]);
    assert!(
        root.changed_by[2].says.starts_with("a request to force the tree"),
        "{}",
        root.changed_by[2].says
    );
}

#[test]
fn a_stop_that_had_been_put_off_names_the_drain_and_then_the_signal() {
    let stop = "12 root supervisor 1 stopping \"cause\":\"signal\"";

    let root = told(&format!("{UP}{DRAINS}{stop}")).why("root").unwrap();

    assert_eq!(because(&root), ["9 root stopping", "8 root draining", "7 root signal"]);
    assert_eq!(root.child.draining, None, "it stops now");
}

#[test]
fn what_the_machine_said_does_not_hide_the_drain() {
    let decided = serde_json::from_str(r#"{"as_of":8}"#).unwrap();

    let why = told(&format!("{UP}{DRAINS}")).why("root").unwrap().with_decided(decided);

    assert_eq!(waits(&why), [("drain", None, Some(12.0))]);
    assert!(changes(&why).contains(&"drain"), "{:?}", changes(&why));
}

#[test]
fn a_child_that_was_taken_down_waits_for_nothing() {
    let terminated = "
        9 root/api task 1 stopping \"cause\":\"api\"
        9.2 root/api task 1 stopped \"outcome\":\"graceful\",\"status\":{\"ok\":true},\"elapsed_ms\":100
    ";

    let why = told(&format!("{UP}{terminated}")).why("root/api").unwrap();

    assert_eq!((waits(&why), changes(&why)), (vec![], vec!["start"]));
}

#[test]
fn what_the_machine_said_stands_in_place_of_what_events_tell() {
    let decided = |text: &str| serde_json::from_str::<crate::wire::Decided>(text).unwrap();
    let runs = told(UP).why("root/api").unwrap().with_decided(decided(
        r#"{"as_of":6,"on_failure":{"what":"restart","attempt":3,"delay_ms":4200,"siblings":2},
            "on_success":{"what":"stays_down"},"restarts":{"counted":2,"allowed":3,"within_ms":10000}}"#,
    ));
    let stops = told(&format!("{UP}9 root supervisor 1 stopping \"cause\":\"api\""))
        .why("root/db")
        .unwrap()
        .with_decided(decided(
            r#"{"as_of":7,"waits_for":{"what":"end","path":"root/api"},"before":3,"next":"stop"}"#,
        ));

    assert_eq!(changes(&runs), ["failure", "success", "restart", "terminate", "stop"]);
    let says = "a failure: it is started again after 4.2 s, attempt 3, with 2 siblings (2 of 3 restarts within 10 s are used \
         up)";
    assert_eq!(runs.changed_by[0].says, says);
    assert_eq!(waits(&stops), [("end_of", Some("root/api"), None)]);
    let says = "the end of root/api, and 3 more, one after the other; then it is asked to stop";
    assert_eq!(stops.waits_for[0].says, says);
}

#[test]
fn a_crash_says_what_made_it() {
    let crash = "
        9 root/api task 1 made_to_crash \"by\":\"chaos 3 (seed 7)\"
        9.1 root/api task 1 exited \"status\":{\"panic\":\"crashed on purpose\"}
        9.2 root/api task 1 restarting \"attempt\":1,\"delay_ms\":4000
    ";

    let why = told(&format!("{UP}{crash}")).why("root/api").unwrap();

    assert_eq!(because(&why), ["9 root/api restarting", "8 root/api exited", "7 root/api made_to_crash"]);
    assert_eq!(why.because[2].says, "by chaos 3 (seed 7)");
}
