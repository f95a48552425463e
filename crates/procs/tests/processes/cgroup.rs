//! Limits that only a cgroup can set.

use rootward_procs::Process;

use crate::given::{shell, tree};

/// Why each of these does not run. A cgroup that has the controllers sets them, and the process runs.
async fn refusals(processes: Vec<(&str, Process)>) -> Vec<String> {
    let mut refusals = Vec::new();
    for (controller, process) in processes {
        let given = tree([process.into_child("child")]);
        if is_passed_on(controller) {
            drop(given.rest().await);
        } else {
            refusals.push(given.start_error().await);
        }
    }
    refusals
}

/// Whether the cgroup of this program has a controller for its own, which can be given away where no process is.
fn is_passed_on(controller: &str) -> bool {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default().to_owned();
    let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    let list = |place: &str| std::fs::read_to_string(format!("{place}{own}/cgroup.controllers"));
    let lists: Vec<_> = places.iter().filter_map(|place| list(place).ok()).collect();
    lists.iter().any(|list| list.split_whitespace().any(|name| name == controller))
}

fn script() -> Process {
    shell("echo it should not run")
}

#[tokio::test]
async fn a_limit_that_cannot_be_set_is_refused_by_name_and_nothing_runs_without_it() {
    let limited = vec![
        ("memory", script().memory_high(1 << 30)),
        ("memory", script().memory_max(1 << 30)),
        ("pids", script().pids_max(1000)),
        ("cpu", script().cpu_max(1.0)),
        ("cpu", script().cpu_weight(100)),
    ];
    let names = ["memory_high", "memory_max", "pids_max", "cpu_max", "cpu_weight"];
    let level = crate::containment().name();

    let refusals = refusals(limited).await;

    for refusal in &refusals {
        let name = names.iter().find(|name| refusal.contains(**name)).expect(refusal);
        let begin = format!("`/bin/sh` cannot be limited to its {name}: ");
        let reason = refusal.strip_prefix(&begin).expect(refusal);
        if level == "tree+cgroup" {
            let missing = "is not passed on to this program's cgroup: No such file or directory (os error 2)";
            assert!(reason.starts_with("the controller `") && reason.ends_with(missing), "{refusal}");
        } else {
            let expected = format!("that takes the level `tree+cgroup`, and this one is `{level}`");
            assert_eq!(reason, expected);
        }
    }
}

#[tokio::test]
async fn after_a_start_that_was_refused_others_run_as_ever() {
    let limited = script().pids_max(1000).into_child("child").restart(rootward_core::Restart::Temporary);
    let first = tree([limited]);
    if !is_passed_on("pids") {
        drop(first.start_error().await);
    }

    assert_eq!(tree([shell("echo here").into_child("child")]).lines().await, ["here"]);
}
