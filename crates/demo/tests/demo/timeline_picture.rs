//! The timeline in the README is drawn of a recording of a real run, and what runs today is the same story.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Demo, InTime as _, Temp, tree};

/// What happened to each child: its events, with what they say beside numbers that differ from run to run.
type Stories = BTreeMap<String, Vec<String>>;

/// `UPDATE_PICTURE=1 cargo test -p rootward-demo --test demo timeline_picture` records it anew, and draws it.
#[test]
fn the_recording_of_the_timeline_in_the_readme_is_what_a_run_tells_today() {
    let [recording, picture] =
        ["../observer/src/timeline/tests/shop.jsonl", "../../docs/timeline.svg"].map(in_package);

    let (events, drawn) = run();

    if env::var_os("UPDATE_PICTURE").is_some() {
        let lines: Vec<String> = events.iter().map(|event| format!("{event}\n")).collect();
        fs::write(&recording, lines.concat()).expect("the recording can be written");
        fs::write(&picture, drawn_of(&recording)).expect("the picture can be written");
    }
    let recorded = fs::read_to_string(&recording).expect("there is a recording");
    let recorded: Vec<Value> =
        recorded.lines().map(|line| serde_json::from_str(line).expect("a line is an event")).collect();
    let [recorded, mut today] = [&recorded, &events].map(|events| stories(events));
    // A machine that takes long to pass on the signal may start the importer once more.
    today.iter_mut().for_each(|(path, story)| story.truncate(recorded.get(path).map_or(0, Vec::len)));
    assert_eq!(recorded, today, "the run is another one: make the recording anew with UPDATE_PICTURE=1");
    let kept = fs::read_to_string(&picture).expect("there is a picture");
    assert!(kept == drawn_of(&recording), "it is drawn otherwise: draw it anew with UPDATE_PICTURE=1");
    for words in ["Timeline of shop: ", "It waited for:", " shop/database for "] {
        assert!(drawn.contains(words) && kept.contains(words), "{words}");
    }
}

/// A run that is stopped while a child waits for its fourth restart: its events, and its timeline.
fn run() -> (Vec<Value>, String) {
    let temp = Temp::new();
    let picture = temp.path("shop.svg");
    let mut demo = Demo::start([
        "run".as_ref(),
        tree("shop.toml").as_os_str(),
        "--view=none".as_ref(),
        "--containment=group".as_ref(),
        "--timeline".as_ref(),
        picture.as_os_str(),
    ]);
    demo.wait_for_start();
    demo.wait_until(|event| event["event"] == "restarting" && event["attempt"] == 4);
    demo.signal(Signal::SIGTERM);
    let events = demo.finish().events;
    (events, fs::read_to_string(&picture).expect("it was drawn"))
}

fn drawn_of(recording: &std::path::Path) -> String {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    let output = demo.arg("timeline").arg(recording).arg("--format=svg").output_in_time();
    String::from_utf8(output.stdout).expect("a picture is UTF-8")
}

fn stories(events: &[Value]) -> Stories {
    let mut stories = Stories::new();
    // A signal is acted upon first and written down afterwards, so that its place differs.
    for event in events.iter().filter(|event| event["event"] != "signal") {
        let path = event["path"].as_str().expect("an event has a path").to_owned();
        let mut event = event.clone();
        let fields = event.as_object_mut().expect("an event is an object");
        for differs in ["seq", "at", "time", "path", "pid", "elapsed_ms", "grace_ms"] {
            fields.remove(differs);
        }
        stories.entry(path).or_default().push(event.to_string());
    }
    stories
}

fn in_package(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
