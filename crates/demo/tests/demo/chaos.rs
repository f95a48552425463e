//! `--chaos`: children crash, and a seed says which.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Demo, Finished, tree};

/// A run with this seed that is stopped after so many crashes.
fn run(seed: &str, crashes: usize) -> Finished {
    let file = tree("chaos.toml");
    let mut demo =
        Demo::start(["run", file.to_str().expect("it is UTF-8"), "--chaos", "50", "--chaos-seed", seed]);
    demo.wait_for_start();
    let seen = std::cell::Cell::new(0);
    demo.wait_until(|event| {
        seen.set(seen.get() + usize::from(is_crash(event)));
        seen.get() == crashes
    });
    demo.signal(Signal::SIGTERM);
    demo.finish()
}

/// Whether a child has ended by itself that stands in the file: the workers of `respawn` do all the time.
fn is_crash(event: &Value) -> bool {
    let path = event["path"].as_str().expect("every event has a path");
    event["event"] == "exited" && !path.contains("/task-")
}

/// Whether it is told that a child is made to crash.
fn is_told(event: &Value) -> bool {
    event["event"] == "made_to_crash"
}

fn same_run(one: &Value, other: &Value) -> bool {
    (&one["path"], &one["incarnation"]) == (&other["path"], &other["incarnation"])
}

#[test]
fn children_of_every_kind_crash_are_told_by_name_and_are_started_again() {
    let finished = run("7", 30);

    // A task that was made to crash right before it was asked to stop has failed while it stopped.
    assert!([0, 1].contains(&finished.code()), "{}", finished.stderr);
    let crashes: Vec<&Value> = finished.events.iter().filter(|event| is_crash(event)).collect();
    for (path, kind) in
        [("root/a", "task"), ("root/b", "process"), ("root/group/c", "process"), ("root/group/d", "task")]
    {
        let status = crashes.iter().find(|event| event["path"] == path).map(|event| &event["status"]);
        let expected = if kind == "task" { ("panic", "crashed on purpose") } else { ("signal", "SIGKILL") };
        assert_eq!(status.unwrap()[expected.0], expected.1, "{path}");
    }
    let told: Vec<&Value> = finished.events.iter().filter(|event| is_told(event)).collect();
    for (number, event) in (1..).zip(&told) {
        assert_eq!(event["by"], format!("chaos {number} (seed 7)"));
        assert!(finished.stderr.contains(&format!("is made to crash by chaos {number} (seed 7)")));
    }
    // What a crash leads to stands behind it.
    for event in told.iter().take(20) {
        let end = crashes.iter().find(|end| same_run(end, event)).expect("what crashes ends");
        assert!(end["seq"].as_u64() > event["seq"].as_u64());
    }
    assert!(finished.paths("restarting").len() >= 29);
}

/// These seeds draw another child each for the first four crashes. So it does not matter how long a child takes to be
/// back: none is drawn that has crashed before.
const ORDERS: [(&str, [&str; 4]); 3] = [
    ("2", ["root/group/c", "root/b", "root/a", "root/group/d"]),
    ("9", ["root/group/d", "root/a", "root/b", "root/group/c"]),
    ("26", ["root/b", "root/group/d", "root/a", "root/group/c"]),
];

#[test]
fn a_seed_chooses_the_same_children_in_the_same_order_in_every_run() {
    // How long each takes to be gone differs, so that the order of the ends may be another one than that of the
    // crashes.
    let first_four = |seed: &str| {
        let finished = run(seed, 4);
        let told: Vec<&Value> = finished.events.iter().filter(|event| is_told(event)).take(4).collect();
        for (number, event) in (1..).zip(&told) {
            assert_eq!(event["by"], format!("chaos {number} (seed {seed})"));
        }
        let path = |event: &&Value| event["path"].as_str().expect("every event has a path").to_owned();
        told.iter().map(path).collect::<Vec<_>>()
    };

    for (seed, order) in ORDERS {
        assert_eq!(first_four(seed), order, "seed {seed}");
        assert_eq!(first_four(seed), order, "seed {seed} in another run");
    }
}
