//! Signals that arrive when the tree is gone and the demo tells how it has ended.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Once, mpsc};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use rootward_tests::{BACKSTOP, hear_the_terminal, pause};
use serde_json::Value;

use crate::support::{Lines, Temp, as_process_1, tree, wait_in_time};

/// R6: wrappers and orchestrators send a signal twice within milliseconds, and a tree may be gone by then. The report
/// is a pipe, so that the demo tells of its end for as long as the test wants.
#[test]
fn a_signal_of_the_same_request_that_comes_when_the_tree_is_gone_does_not_take_the_report() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut scene = Scene::begin(&[]);

        scene.stop_again_and_again(signal);

        assert_eq!(scene.report()["clean"], true, "{signal}");
        assert_eq!(wait_in_time(&mut scene.demo).code(), Some(0), "{signal}");
    }
}

#[test]
fn that_holds_for_process_1_as_well() {
    let Some(unshare) = as_process_1() else { return };
    let mut scene = Scene::begin(&unshare);

    scene.stop_again_and_again(Signal::SIGTERM);

    assert_eq!(scene.report()["clean"], true);
    assert_eq!(wait_in_time(&mut scene.demo).code(), Some(0));
}

/// A demo that has started its tree.
struct Scene {
    demo: Child,
    events: Lines<std::process::ChildStdout>,
    /// What hears the signals of the test.
    hears: Pid,
    temp: Temp,
}

impl Scene {
    fn begin(wrapper: &[String]) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(hear_the_terminal);
        let temp = Temp::new();
        mkfifo(&temp.path("report"), Mode::S_IRWXU).expect("it is the test's own directory");
        let run = [env!("CARGO_BIN_EXE_rootward-demo").to_owned(), "run".to_owned()];
        let words: Vec<_> = wrapper.iter().chain(&run).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(tree("calm.toml")).args(["--view=none", "--events=-", "--report"]);
        command.arg(temp.path("report")).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut demo = command.spawn().expect("the demo has been built");
        let mut events = Lines::of(demo.stdout.take().expect("it is piped"));
        events.wait_for(r#""event":"started","path":"root","#);
        let pid = demo.id();
        let hears = if wrapper.is_empty() { pid } else { only_child_of(pid) };
        Self { demo, events, hears: Pid::from_raw(hears.try_into().expect("a process id")), temp }
    }

    /// Stops the tree, and sends more of the same when it is gone.
    fn stop_again_and_again(&mut self, signal: Signal) {
        let send = || kill(self.hears, signal).expect("it is there until its report is read");
        send();
        self.events.wait_for(r#""event":"stopped","path":"root","#);
        // They come while the guard was dropped once, and behind that.
        for _ in 0..50 {
            send();
            pause();
        }
    }

    fn report(&self) -> Value {
        let (sender, receiver) = mpsc::channel();
        let path = self.temp.path("report");
        // A pipe that the demo does not open is waited for without end.
        thread::spawn(move || sender.send(fs::read_to_string(path).expect("a report is UTF-8")));
        let report = receiver.recv_timeout(BACKSTOP).expect("the demo tells how it has ended");
        serde_json::from_str(&report).expect("a report is one document")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // After it has ended this does nothing.
        let _ = self.demo.kill();
        let _ = self.demo.wait();
    }
}

fn only_child_of(pid: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    children.expect("it is there").trim().parse().expect("it has one child")
}
