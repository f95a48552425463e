//! How far processes are followed, and that they do not outlive the demo, however it dies.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::{Demo, Temp, tree};

/// Ends a test that would wait in vain, in milliseconds, and decides nothing else.
const BACKSTOP: u16 = 60_000;

fn demo_at(level: &str, change: impl FnOnce(&mut Command)) -> Demo {
    let file = tree("leaver.toml");
    let args = [OsStr::new("run"), file.as_os_str(), "--containment".as_ref(), level.as_ref()];
    Demo::start_with(args, change)
}

/// Waits for the word of the descendant that has left.
fn leaver(demo: &mut Demo) -> String {
    let said = demo.wait_for("output", "root/leaver");
    said["line"].as_str().expect("a line is text").to_owned()
}

#[test]
fn the_level_that_is_asked_for_is_the_one_in_the_report() {
    for (asked, in_force) in [("tree", &["tree"][..]), ("auto", &["tree", "tree+cgroup"])] {
        let mut demo = demo_at(asked, |_| {});
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

/// The child's own grace is an hour.
#[test]
fn what_a_process_leaves_behind_has_the_grace_that_the_file_says() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "auto_shutdown = 'any_significant'\n\
         [[children]]\nid = 'a'\nrestart = 'temporary'\nsignificant = true\nshutdown = '1h'\n\
         process = { command = ['sh', '-c', \"trap '' TERM; sleep 1000 & exit 0\"], straggler_grace = '100ms' }\n",
    );

    let finished = Demo::run(&file).finish();

    let exited = finished.events.iter().find(|event| event["event"] == "exited").unwrap();
    assert_eq!(exited["stragglers"].as_array().unwrap().len(), 1, "{exited}");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
}

#[test]
fn nothing_outlives_a_demo_that_is_killed() {
    for level in ["tree", "auto"] {
        let temp = Temp::new();
        let pipe = temp.path("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let mut demo = demo_at(level, |command| {
            command.env("HELD", &pipe);
        });
        let left = leaver(&mut demo);
        // All of them hold it by now, and it can be opened at once.
        let pipe = File::open(&pipe).unwrap();
        assert!(!is_let_go(&pipe, PollTimeout::ZERO), "they are there");
        demo.signal(Signal::SIGKILL);
        drop(demo);

        let are_gone = is_let_go(&pipe, PollTimeout::from(BACKSTOP));
        assert!(are_gone, "{left} or the one it has left has outlived the demo at level {level}");
    }
}

/// Waits until no process can write into this pipe any more.
fn is_let_go(pipe: &File, within: PollTimeout) -> bool {
    // poll reports the end in any case, and nothing else is asked for.
    let mut ends = [PollFd::new(pipe.as_fd(), PollFlags::empty())];
    poll(&mut ends, within).expect("a pipe can be waited for") == 1
}
