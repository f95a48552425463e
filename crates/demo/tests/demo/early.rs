//! Stops that come before the tree has started: in the first milliseconds, and to all processes at once.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Demo, Temp, until, wait_in_time};

/// A service manager stops all processes of a unit at once, also while they start.
#[test]
fn a_child_that_is_still_starting_and_dies_of_the_stop_of_everything_is_no_failed_start() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'first'\nprocess = { command = ['sleep', '1000'] }\n[[children]]\nid = 'child'\n\
         process = { command = ['sh', '-c', 'echo $$; exec sleep 1000'], ready = { line = 'never' } }\n",
    );
    for is_root_first in [false, true].repeat(8) {
        let mut demo = Demo::run(&file);
        let first = demo.wait_for("started", "root/first")["pid"].to_string();
        let child = demo.wait_for("output", "root/child")["line"].as_str().expect("a text").to_owned();
        let mut all = vec![first, child];
        all.insert(if is_root_first { 0 } else { 2 }, demo.pid().to_string());

        // Not all of them are left when their turn comes.
        let sent = Command::new("kill").args(["-s", "TERM"]).args(all).stderr(Stdio::null()).status();
        sent.expect("every system has this program");

        let finished = demo.finish();
        assert_eq!(finished.code(), 0, "root first: {is_root_first}: {}", finished.stderr);
        assert!(finished.paths("gave_up").is_empty() && finished.paths("restarting").is_empty());
    }
}

#[test]
fn a_child_that_dies_of_a_stop_signal_alone_while_it_starts_has_failed_to_start() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'child'\n\
         process = { command = ['sh', '-c', 'echo $$; exec sleep 1000'], ready = { line = 'never' } }\n",
    );
    let mut demo = Demo::run(&file);
    let child =
        demo.wait_for("output", "root/child")["line"].as_str().expect("a text").parse().expect("a pid");

    kill(Pid::from_raw(child), Signal::SIGTERM).expect("it runs");

    let finished = demo.finish();
    assert_eq!(finished.code(), 1);
    assert_eq!(finished.paths("start_failed"), ["root/child", "root"]);
}

/// R24: the moments are spread over the time in which the demo is loaded, makes its helpers and starts its tree.
/// `ROOTWARD_RUNS` asks for more of them.
#[test]
fn a_stop_in_the_first_milliseconds_ends_the_demo_plainly_or_stops_it_in_order_and_leaves_nothing() {
    const AT_ONCE: u32 = 4;
    let starts = std::env::var("ROOTWARD_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(200);
    thread::scope(|scope| {
        for first in 0..AT_ONCE {
            scope.spawn(move || {
                let temp = Temp::new();
                // A number of seconds that no other test has, by which its processes are known.
                let mark = format!("{first}{}", 5_000_000 + std::process::id());
                let file = temp.write(
                    "tree.toml",
                    format!("[[children]]\nid = 'child'\nprocess = {{ command = ['sleep', '{mark}'] }}\n"),
                );
                // A helper that has not come to its own name yet has the command line of the demo.
                let marks = [mark.as_str(), file.to_str().expect("a text")];
                for start in (first..starts).step_by(AT_ONCE as usize) {
                    stop_after(Duration::from_millis(50) * start / starts, marks);
                }
            });
        }
    });
}

/// Sends SIGTERM to a demo with this tree file so long after it was started, and waits until nothing is left.
#[expect(clippy::disallowed_methods, reason = "the moment of the signal is what is tested")]
fn stop_after(moment: Duration, marks: [&str; 2]) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    demo.args(["run", marks[1], "--view", "none"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut demo = demo.spawn().expect("the demo has been built");
    thread::sleep(moment);

    let pid = Pid::from_raw(demo.id().try_into().expect("a process id"));
    kill(pid, Signal::SIGTERM).expect("it has not been waited for");

    let status = wait_in_time(&mut demo);
    let is_plain = status.signal() == Some(Signal::SIGTERM as i32);
    assert!(is_plain || status.code() == Some(0), "after {moment:?}: {status}");
    until(&format!("after {moment:?} no process is left"), || !is_there(marks));
}

/// Whether a process has one of these among its arguments.
fn is_there(marks: [&str; 2]) -> bool {
    let processes = std::fs::read_dir("/proc").expect("Linux shows processes");
    processes.flatten().any(|process| {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|found| marks.iter().any(|mark| found == mark.as_bytes()))
    })
}
