//! A picture whose terminal is closed, in a demo that goes on.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use rootward_tests::{InTerminal, pause, start_in_terminal};

use crate::support::{tree, wait_in_time};

/// The demo is told to go on without its terminal, as `nohup` does.
#[test]
fn a_picture_whose_terminal_is_closed_takes_no_processor_time() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run"]);
    command.arg(tree("calm.toml")).args(["--view", "tui", "--containment", "group"]);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
    let InTerminal { child, terminal, .. } = start_in_terminal(command, 80, 24).expect("there are terminals");
    let mut demo = Demo(child);
    let mut terminal = File::from(terminal);
    wait_for_a_picture(&mut terminal);
    until("the keys are heard", || demo.hears_keys());

    drop(terminal);

    until("nothing listens for keys any more", || !demo.hears_keys());
    let before = demo.processor_time();
    (0..200).for_each(|_| pause());
    let taken = demo.processor_time() - before;
    // A tenth of what goes by at least.
    assert!(taken * 50 < ticks_a_second(), "{taken} of {} ticks a second", ticks_a_second());
    kill(demo.pid(), Signal::SIGTERM).expect("it goes on");
    assert_eq!(wait_in_time(&mut demo.0).code(), Some(0));
}

fn wait_for_a_picture(terminal: &mut File) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("root") {
        let count = terminal.read(&mut buffer).expect("it writes there");
        seen.extend_from_slice(&buffer[..count]);
    }
}

/// It does not survive this.
struct Demo(Child);

impl Demo {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().expect("a process id"))
    }

    fn hears_keys(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id())).expect("it is there");
        threads
            .flatten()
            .any(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|it| it == "keys\n"))
    }

    /// In ticks.
    fn processor_time(&self) -> i64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("it is there");
        let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
        let mut times = fields.split(' ').skip(11).map(|field| field.parse::<i64>().expect("a number"));
        times.next().expect("a user time") + times.next().expect("a system time")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After it has ended these do nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ticks_a_second() -> i64 {
    sysconf(SysconfVar::CLK_TCK).expect("the system has a clock").expect("it says how fast it is")
}

/// A minute of pauses. Only a test that fails waits that long.
const MOMENTS: u32 = 60_000;

fn until(what: &str, is_so: impl Fn() -> bool) {
    let has_come = (0..MOMENTS).any(|_| {
        pause();
        is_so()
    });
    assert!(has_come, "{what}");
}
