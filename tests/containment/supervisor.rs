//! The program under test: a supervisor in a process of its own, which can be killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use rootward_tests::{Known, NOBODY};

use crate::place::{Place, User};
use crate::record::{end, send};
use crate::wait::BACKSTOP;

/// A supervisor that runs. It does not survive this, and neither do its helpers.
pub(crate) struct Supervisor {
    child: Child,
    process: Known,
    helpers: Vec<Known>,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Supervisor {
    /// Starts one around this program, which reports to this register.
    pub(crate) fn start(place: Place, program: &str, grace: Duration, register: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contains"));
        command.args([place.level.name(), program, &grace.as_millis().to_string()]);
        command.env("REGISTER", register).stdin(Stdio::piped()).stdout(Stdio::piped());
        if place.user == User::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().expect("the program has been built");
        let process = Known::of(child.id()).expect("it is not reaped");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut supervisor = Self { child, process, helpers: Vec::new(), lines, said: Vec::new() };
        assert_eq!(supervisor.wait_for("level "), place.level.name(), "{place:?}");
        supervisor
    }

    /// Notes who looks after this program's children, now that they run.
    pub(crate) fn note_helpers(&mut self) {
        self.helpers = self.process.descendants();
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

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.process, signal);
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.process.is_suspended()
    }

    /// Its warden.
    pub(crate) fn warden(&mut self) -> Known {
        let pid = self.wait_for("warden ").parse().expect("a process id");
        Known::of(pid).expect("the warden is there")
    }

    /// Waits until it has ended, and says with which exit code; `None` if a signal has ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let status = self.child.wait().expect("it is our child");
        // Whoever still holds its output open is found by others, so that the end of it is not awaited.
        while self.lines.try_recv().map(|line| self.said.push(line)).is_ok() {}
        status.code()
    }

    /// Waits until it has said its last word and ended, and says with which exit code.
    pub(crate) fn finish(&mut self) -> Option<i32> {
        while let Some(line) = self.listen() {
            self.said.push(line);
        }
        self.wait()
    }

    /// The rest of every line that begins like this, of all that was heard.
    pub(crate) fn lines_after(&self, beginning: &str) -> Vec<&str> {
        self.said.iter().filter_map(|line| line.strip_prefix(beginning)).collect()
    }

    /// Waits for a line that begins like this, and returns the rest of it.
    pub(crate) fn wait_for(&mut self, beginning: &str) -> String {
        loop {
            let Some(line) = self.listen() else {
                panic!("it said nothing that begins with {beginning:?}, only {:#?}", self.said)
            };
            self.said.push(line.clone());
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    fn listen(&self) -> Option<String> {
        match self.lines.recv_timeout(BACKSTOP) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("it says nothing any more, and this is all it said: {:#?}", self.said)
            }
        }
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
