//! Pictures in a demo that goes on, on a terminal that is closed or has more keys than are heard.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, SysconfVar, mkfifo, sysconf};
use rootward_tests::{BACKSTOP, InTerminal, hear_the_terminal, pause, start_in_terminal};

use crate::support::{Temp, tree, until, wait_in_time};

/// The demo is told to go on without its terminal, as `nohup` does.
#[test]
fn a_picture_whose_terminal_is_closed_takes_no_processor_time() {
    let (mut demo, terminal) = Demo::show();

    drop(terminal);

    until("nothing listens for keys any more", || demo.hears_keys().is_none());
    assert_does_not_spin(&[demo.place()]);
    kill(demo.pid(), Signal::SIGTERM).expect("it goes on");
    assert_eq!(wait_in_time(&mut demo.0).code(), Some(0));
}

/// A closed terminal is one SIGHUP's stop: every write fails from then on, for as long as the stop takes.
#[test]
fn a_picture_whose_terminal_is_closed_is_one_stop_without_a_spin() {
    for level in ["group", "auto"] {
        let temp = Temp::new();
        mkfifo(&temp.path("gate"), Mode::S_IRWXU).expect("it is the test's own directory");
        let script = temp.write(
            "script",
            "trap 'echo > asked; read -r line < gate; exit 0' TERM; echo $$ > pid; echo up\n\
             while :; do sleep 1; done\n",
        );
        let text = format!(
            "[[children]]\nid = 'a'\nshutdown = '20s'\n[children.process]\ncommand = ['sh', '{}']\n\
             ready = {{ line = 'up' }}\n",
            script.display()
        );
        let file = temp.write("tree.toml", text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.arg("run").arg(file).args(["--view", "tui", "--containment", level]);
        command.args(["--events", "events", "--report", "report.json"]).current_dir(temp.path(""));
        let (mut demo, terminal) = Demo::show_with(command);
        until("the child is there", || temp.path("pid").exists());

        drop(terminal);

        until("the child is asked", || temp.path("asked").exists());
        assert_does_not_spin(&demo.with_those_below());
        fs::write(temp.path("gate"), "\n").expect("the child reads it");
        assert_eq!(wait_in_time(&mut demo.0).code(), Some(0), "{level}");
        let report = temp.json("report.json");
        assert_eq!((&report["cause"], &report["clean"]), (&"signal SIGHUP".into(), &true.into()), "{level}");
        let events = fs::read_to_string(temp.path("events")).expect("they are written");
        assert_eq!(events.matches(r#""action":"stop""#).count(), 1, "{level}: {events}");
        let child = fs::read_to_string(temp.path("pid")).expect("it is written");
        let child = Pid::from_raw(child.trim().parse().expect("a process id"));
        assert_eq!(kill(child, None), Err(Errno::ESRCH), "{level}");
    }
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

    assert_does_not_spin(&[keys]);
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
        let (demo, terminal) = Self::show_with(command);
        until("the keys are heard", || demo.hears_keys().is_some());
        (demo, terminal)
    }

    /// Shows a picture of this program.
    fn show_with(mut command: Command) -> (Self, File) {
        hear_the_terminal();
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        let started = start_in_terminal(command, 80, 24).expect("there are terminals");
        let InTerminal { child, terminal, .. } = started;
        let (demo, mut terminal) = (Self(child), File::from(terminal));
        read_until(&mut terminal, "root");
        (demo, terminal)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().expect("a process id"))
    }

    /// Where the system tells of it.
    fn place(&self) -> PathBuf {
        format!("/proc/{}", self.0.id()).into()
    }

    /// The same, and of those that it has started: it may be an init.
    fn with_those_below(&self) -> Vec<PathBuf> {
        let children = fs::read_to_string(self.place().join(format!("task/{}/children", self.0.id())));
        let children = children.unwrap_or_default();
        let below = children.split_ascii_whitespace().map(|pid| Path::new("/proc").join(pid));
        below.chain([self.place()]).collect()
    }

    /// Where the system tells of the thread that hears the keys.
    fn hears_keys(&self) -> Option<PathBuf> {
        let threads = fs::read_dir(self.place().join("task")).expect("it is there");
        let mut places = threads.flatten().map(|thread| thread.path());
        places.find(|place| fs::read_to_string(place.join("comm")).is_ok_and(|it| it == "keys\n"))
    }
}

/// Sees that processes or threads take little of the time that goes by, in which they do next to nothing. One that
/// spins takes all that it gets, which is more than this also beside a few others.
fn assert_does_not_spin(places: &[PathBuf]) {
    let before: Vec<_> = places.iter().map(|place| processor_time(place)).collect();
    let begun = ticks_since_boot();
    (0..500).for_each(|_| pause());
    // One that has ended meanwhile, as the restorer of a view does, spins no more.
    let taken =
        places.iter().zip(before).filter_map(|(place, before)| Some(processor_time(place)? - before?));
    let (taken, gone_by) = (taken.sum::<i64>(), ticks_since_boot() - begun);
    assert!(taken * 10 < gone_by, "{taken} of {gone_by} ticks");
}

fn processor_time(place: &Path) -> Option<i64> {
    let stat = fs::read_to_string(place.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let mut times = fields.split(' ').skip(11).map(|field| field.parse::<i64>().expect("a number"));
    Some(times.next().expect("a user time") + times.next().expect("a system time"))
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After it has ended these do nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What has gone by, in the unit of [`processor_time`].
fn ticks_since_boot() -> i64 {
    let uptime = fs::read_to_string("/proc/uptime").expect("it is there");
    let seconds: f64 = uptime.split(' ').next().expect("two numbers").parse().expect("a number");
    // A count that an i64 holds.
    (seconds * f64::from(i32::try_from(ticks_a_second()).expect("a hundred"))) as i64
}

fn ticks_a_second() -> i64 {
    sysconf(SysconfVar::CLK_TCK).expect("the system has a clock").expect("it says how fast it is")
}

/// More than any of these pictures writes.
const MOST: usize = 1 << 20;
