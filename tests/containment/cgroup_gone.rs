//! A cgroup that is taken away while it is in use.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use rootward_tests::{Heard, Known, happens, wait_in_time};

use crate::place::{self, Level, nothing_to_show};
use crate::record::{Record, end};

/// R13: "No such file or directory" named the program, the restarts were used up, and the tree failed.
#[test]
fn a_child_whose_cgroup_is_gone_is_started_without_one_and_that_is_said() {
    if !place::trees().iter().any(|place| place.level == Level::TreeAndCgroup) {
        return nothing_to_show("there are no cgroups here");
    }
    let record = Record::begin();
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_supervises"))
        .args(["2", "runs_forever", record.path()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program has been built");
    let mut heard = Heard::of(supervisor.stdout.take().expect("it is piped"));
    heard.wait_for("root started");
    let process = Known::of(supervisor.id()).expect("it is ours");
    let children: Vec<_> =
        process.descendants().into_iter().filter(|it| comm_of(*it) == "runs_forever").collect();
    let warden_place = cgroup_of(children[0]).parent().expect("it is in the warden's").to_owned();

    // They go up, and the directories go away.
    let above = warden_place.parent().expect("it is not the top").to_owned();
    for child in &children {
        fs::write(above.join("cgroup.procs"), child.pid.to_string())
            .expect("root may, and it is our own otherwise");
    }
    assert!(happens(|| {
        for below in fs::read_dir(&warden_place).into_iter().flatten().flatten() {
            let _ = fs::remove_dir(below.path());
        }
        fs::remove_dir(&warden_place).is_ok()
    }));
    end(children[0]);
    heard.wait_for("degraded containment");
    let runs_again = || {
        process.descendants().into_iter().any(|it| comm_of(it) == "runs_forever" && !children.contains(&it))
    };
    assert!(happens(runs_again));

    process.signal(Signal::SIGTERM).expect("it is there");
    heard.wait_for_the_end();
    assert_eq!(wait_in_time(&mut supervisor).code(), Some(0));
    assert_eq!(heard.lines_after("degraded ").len(), 1);
    assert!(Known::all_that_mention(record.path()).is_empty());
}

fn comm_of(process: Known) -> String {
    fs::read_to_string(format!("/proc/{}/comm", process.pid)).unwrap_or_default().trim_end().to_owned()
}

/// The directory of the cgroup of version 2 in which a process is.
fn cgroup_of(process: Known) -> PathBuf {
    let cgroup = fs::read_to_string(format!("/proc/{}/cgroup", process.pid)).expect("it runs");
    let path =
        cgroup.lines().find_map(|line| line.strip_prefix("0::/")).expect("there is a hierarchy").to_owned();
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("Linux says so");
    let mut places = mounts.lines().filter(|line| line.contains(" - cgroup2 "));
    let places = places.by_ref().filter_map(|line| line.split(' ').nth(4));
    places.map(|mount| PathBuf::from(mount).join(&path)).find(|place| place.exists()).expect("it is mounted")
}
