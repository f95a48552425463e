//! Pictures in a demo that goes on, on a terminal that is closed or has more keys than are heard.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use rootward_tests::{BACKSTOP, InTerminal, pause, start_in_terminal};

use crate::support::{tree, until, wait_in_time};

/// The demo is told to go on without its terminal, as `nohup` does.
#[test]
fn a_picture_whose_terminal_is_closed_takes_no_processor_time() {
    let (mut demo, terminal) = Demo::show();

    drop(terminal);

    until("nothing listens for keys any more", || demo.hears_keys().is_none());
    let process = demo.place();
    let taken = taken_by(&process, 200);
    // Half of what goes by at least. A thread that never waits takes all of it, and the view has just come to its end.
    assert!(taken * 10 < ticks_a_second(), "{taken} of {} ticks a second", ticks_a_second());
    kill(demo.pid(), Signal::SIGTERM).expect("it goes on");
    assert_eq!(wait_in_time(&mut demo.0).code(), Some(0));
}

/// What hears the keys takes 1024 bytes at a time, and hears of the rest when more keys come.
#[test]
fn a_long_paste_takes_no_processor_time() {
    let (mut demo, mut terminal) = Demo::show();
    let keys = demo.hears_keys().expect("it hears them");

    // What is searched for is shown.
    terminal.write_all(format!("/{}", "z".repeat(1499)).as_bytes()).expect("a terminal takes keys");
    read_until(&mut terminal, "zzz");
    let mut rest = terminal.try_clone().expect("a descriptor is left");
    thread::spawn(move || while let Ok(1..) = rest.read(&mut [0; 4096]) {});

    let taken = taken_by(&keys, 1000);
    // A second at least.
    assert!(taken * 20 < ticks_a_second(), "{taken} of {} ticks a second", ticks_a_second());
    terminal.write_all(b"\x03").expect("a terminal takes keys");
    assert_eq!(wait_in_time(&mut demo.0).code(), Some(0));
}

/// Reads what is shown until this has been.
fn read_until(terminal: &mut File, text: &str) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains(text) {
        let mut place = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        let backstop = PollTimeout::try_from(BACKSTOP).expect("a minute");
        assert_ne!(poll(&mut place, backstop), Ok(0), "in vain: {text}");
        let count = terminal.read(&mut buffer).expect("it writes there");
        seen.extend_from_slice(&buffer[..count]);
        assert!(seen.len() < MOST, "in vain: {text}");
    }
}

/// It does not survive this.
struct Demo(Child);

impl Demo {
    /// Shows a picture on this terminal, and hears the keys.
    fn show() -> (Self, File) {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run"]);
        command.arg(tree("calm.toml")).args(["--view", "tui", "--containment", "group"]);
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        let started = start_in_terminal(command, 80, 24).expect("there are terminals");
        let InTerminal { child, terminal, .. } = started;
        let (demo, mut terminal) = (Self(child), File::from(terminal));
        read_until(&mut terminal, "root");
        until("the keys are heard", || demo.hears_keys().is_some());
        (demo, terminal)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().expect("a process id"))
    }

    /// Where the system tells of it.
    fn place(&self) -> PathBuf {
        format!("/proc/{}", self.0.id()).into()
    }

    /// Where the system tells of the thread that hears the keys.
    fn hears_keys(&self) -> Option<PathBuf> {
        let threads = fs::read_dir(self.place().join("task")).expect("it is there");
        let mut places = threads.flatten().map(|thread| thread.path());
        places.find(|place| fs::read_to_string(place.join("comm")).is_ok_and(|it| it == "keys\n"))
    }
}

/// How much processor time a process or a thread takes while so many pauses go by, in ticks.
fn taken_by(place: &Path, pauses: usize) -> i64 {
    let before = processor_time(place);
    (0..pauses).for_each(|_| pause());
    processor_time(place) - before
}

fn processor_time(place: &Path) -> i64 {
    let stat = fs::read_to_string(place.join("stat")).expect("it is there");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let mut times = fields.split(' ').skip(11).map(|field| field.parse::<i64>().expect("a number"));
    times.next().expect("a user time") + times.next().expect("a system time")
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

/// More than any of these pictures writes.
const MOST: usize = 1 << 20;
