//! The program under test: a supervisor in a process of its own, which can be killed.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use rootward_tests::{Heard, Known, NOBODY, wait_in_time};

use crate::place::{Delegated, Level, Place, User};
use crate::record::{end, send};

/// A supervisor that runs. It does not survive this, and neither do its helpers.
pub(crate) struct Supervisor {
    child: Child,
    process: Known,
    helpers: Vec<Known>,
    pub(crate) heard: Heard,
    _delegated: Option<Delegated>,
}

/// No stop takes as long.
const LONG: Duration = Duration::from_secs(60);

impl Supervisor {
    /// Starts one around this program, which reports to this register.
    pub(crate) fn start(place: Place, program: &str, grace: Duration, register: &str) -> Self {
        Self::start_with_deadline(place, program, grace, register, LONG)
    }

    /// The same, with a deadline for its stop.
    pub(crate) fn start_with_deadline(
        place: Place,
        program: &str,
        grace: Duration,
        register: &str,
        deadline: Duration,
    ) -> Self {
        Self::run(place, Self::command(place, program, grace, deadline).env("REGISTER", register))
    }

    /// Starts one that adopts orphans: by an init that it has forked before the warden, `first`, or after it, `last`.
    pub(crate) fn start_adopting(
        place: Place,
        program: &str,
        grace: Duration,
        register: &str,
        when: &str,
    ) -> Self {
        let mut command = Self::command(place, program, grace, LONG);
        Self::run(place, command.env("REGISTER", register).env("ADOPTS", when))
    }

    fn command(place: Place, program: &str, grace: Duration, deadline: Duration) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contains"));
        let milliseconds = |time: Duration| time.as_millis().to_string();
        command.args([place.level.name(), program, &milliseconds(grace), &milliseconds(deadline)]);
        // A group of its own: a program below an init that ends can make its group an orphaned one, and then the
        // kernel hangs up on all of it, if a test has suspended one of its members.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn run(place: Place, command: &mut Command) -> Self {
        let delegated =
            (place.user == User::Nobody && place.level == Level::TreeAndCgroup).then(Delegated::new);
        if let Some(delegated) = &delegated {
            // It goes there before it becomes the user `nobody`, which could not.
            command.env("ENTER", delegated.path());
        } else if place.user == User::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().expect("the program has been built");
        let process = Known::of(child.id()).expect("it is not reaped");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let mut supervisor =
            Self { child, process, helpers: Vec::new(), heard: Heard::of(stdout), _delegated: delegated };
        assert_eq!(supervisor.heard.wait_for("level "), place.level.name(), "{place:?}");
        supervisor
    }

    /// Notes the processes that look after this program's children, now that they run.
    pub(crate) fn note_helpers(&mut self) {
        self.helpers = self.process.descendants();
    }

    /// The reapers among the processes that were noted.
    pub(crate) fn reapers(&self) -> Vec<Known> {
        let named = |helper: &Known| std::fs::read_to_string(format!("/proc/{}/comm", helper.pid));
        let is_reaper = |helper: &Known| named(helper).is_ok_and(|name| name.trim_end() == "rootward-reaper");
        self.helpers.iter().copied().filter(is_reaper).collect()
    }

    /// The helpers that are still there, and the other child.
    pub(crate) fn helpers_alive(&self) -> Vec<Known> {
        self.helpers.iter().copied().filter(|helper| helper.is_alive()).collect()
    }

    /// Asks it to restart the child that misbehaves.
    pub(crate) fn restart_child(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("its standard input is piped");
        stdin.write_all(b"restart\n").expect("it reads");
    }

    /// The program below its init, which is the process that was started.
    pub(crate) fn below_its_init(&self) -> Known {
        let named = |helper: &Known| std::fs::read_to_string(format!("/proc/{}/comm", helper.pid));
        let program =
            self.helpers.iter().find(|it| named(it).is_ok_and(|name| name.trim_end() == "contains"));
        *program.expect("the init is named differently")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.process, signal);
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.process.is_suspended()
    }

    /// Its warden.
    pub(crate) fn warden(&mut self) -> Known {
        let pid = self.heard.wait_for("warden ").parse().expect("a process id");
        Known::of(pid).expect("the warden is there")
    }

    /// Waits until it has ended, and says with which exit code; `None` if a signal has ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let status = wait_in_time(&mut self.child);
        // A process that still holds its output open is found by other checks, so that the end of it is not awaited.
        self.heard.take_what_is_there();
        status.code()
    }

    /// Waits until it has written its last line and ended, and says with which exit code.
    pub(crate) fn finish(&mut self) -> Option<i32> {
        self.heard.wait_for_the_end();
        self.wait()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // After it has been waited for, these do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.helpers.iter().copied().for_each(end);
    }
}
