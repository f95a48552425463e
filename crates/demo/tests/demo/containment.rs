//! How far processes are followed, and that they do not outlive the demo, however it dies.

use std::ffi::OsStr;
use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{Demo, tree};

/// Ends a test that would wait in vain, and decides nothing else.
const LOOKS: u32 = 60_000;

fn demo_at(level: &str) -> Demo {
    let file = tree("leaver.toml");
    Demo::start([OsStr::new("run"), file.as_os_str(), "--containment".as_ref(), level.as_ref()])
}

/// Waits for the word of the descendant that has left.
fn leaver(demo: &mut Demo) -> String {
    let said = demo.wait_for("output", "root/leaver");
    said["line"].as_str().expect("a line is text").to_owned()
}

#[test]
fn the_level_that_is_asked_for_is_the_one_in_the_report() {
    for (asked, in_force) in [("tree", &["tree"][..]), ("auto", &["tree", "tree+cgroup"])] {
        let mut demo = demo_at(asked);
        let left = leaver(&mut demo);
        demo.signal(Signal::SIGTERM);

        let finished = demo.finish();
        let report = finished.report();
        assert!(in_force.iter().any(|level| report["containment"] == *level), "{asked}: {report}");
        let stragglers = report["root"]["children"][0]["stragglers"].as_array().unwrap().clone();
        let left: u32 = left.parse().unwrap();
        assert!(stragglers.iter().any(|straggler| straggler["pid"] == left), "{report}");
        assert_eq!(finished.code(), 0, "it goes when it is asked");
    }
}

#[test]
fn nothing_outlives_a_demo_that_is_killed() {
    for level in ["tree", "auto"] {
        let mut demo = demo_at(level);
        let started = demo.wait_for("started", "root/leaver")["pid"].to_string();
        let left = leaver(&mut demo);
        // Looked up before the kill, so that a process that gets the same number is not taken for it.
        let all = [started, left].map(|pid| (starttime(&pid).expect("it runs"), pid));
        demo.signal(Signal::SIGKILL);
        drop(demo);

        for (start, pid) in all {
            let is_there = || starttime(&pid).as_ref() == Some(&start);
            assert!(comes_to_an_end(is_there), "{pid} has outlived the demo at level {level}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no event tells the end of somebody else's process")]
fn comes_to_an_end(is_there: impl Fn() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        thread::sleep(Duration::from_millis(1));
        !is_there()
    })
}

/// When a process began, in the kernel's ticks, unless it has ended.
fn starttime(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned)).flatten()
}
