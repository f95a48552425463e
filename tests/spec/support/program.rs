//! Whole programs that a test runs.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Once;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rootward_tests::{Heard, hear_the_terminal, wait_in_time};

use super::{Identity, Leftovers};

/// A program that runs, and what it has said so far. It does not survive this.
pub(crate) struct Program {
    child: Child,
    identity: Identity,
    heard: Heard,
    leftovers: Leftovers,
}

/// What a program leaves behind.
pub(crate) struct Finished {
    pub status: ExitStatus,
    pub said: Vec<String>,
    /// Kept until the test is over: processes that the program has mentioned do not survive that.
    _leftovers: Leftovers,
}

impl Finished {
    /// The rest of every line that begins like this.
    pub(crate) fn lines_after(&self, beginning: &str) -> Vec<&str> {
        self.said.iter().filter_map(|line| line.strip_prefix(beginning)).collect()
    }
}

impl Program {
    /// Runs a program and listens to what it says.
    pub(crate) fn run(program: impl AsRef<OsStr>, arguments: &[&str]) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(hear_the_terminal);
        let mut command = Command::new(program);
        // A group of its own: a program below an init that ends can make its group an orphaned one, and then the
        // kernel hangs up on all of it, if a test has suspended one of its members.
        command.args(arguments).process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program has been built");
        let identity = Identity::of(child.id());
        let stdout = child.stdout.take().expect("its standard output is piped");
        Self { child, identity, heard: Heard::of(stdout), leftovers: Leftovers::default() }
    }

    /// Waits for a line that begins like this, and returns the rest of it.
    pub(crate) fn wait_for(&mut self, beginning: &str) -> String {
        let rest = self.heard.wait_for(beginning).trim().to_owned();
        self.note_leftovers();
        rest
    }

    /// Waits for its next line, whatever that is. `None` says that it has ended.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let line = self.heard.next_line().map(str::to_owned);
        self.note_leftovers();
        line
    }

    /// Whether it has said this line by now. Waits for nothing.
    pub(crate) fn has_said(&mut self, line: &str) -> bool {
        self.heard.take_what_is_there();
        self.heard.said().iter().any(|said| said == line)
    }

    /// Waits until it has said a line for each of these that begins like it, in any order, and returns what came
    /// behind each.
    pub(crate) fn wait_for_all<const N: usize>(&mut self, beginnings: [&str; N]) -> [String; N] {
        let mut rests = [const { None }; N];
        while rests.contains(&None) {
            let line = self.wait_for("");
            let is_it = |n: &usize| rests[*n].is_none() && line.starts_with(beginnings[*n]);
            if let Some(n) = (0..N).find(is_it) {
                rests[n] = Some(line[beginnings[n].len()..].to_owned());
            }
        }
        rests.map(|rest| rest.expect("all have been said"))
    }

    /// Waits until it has started and as many of its children, `child-1` and so on, have said that they are ready,
    /// and says which processes they are.
    pub(crate) fn wait_for_children(&mut self, count: usize) -> Vec<Identity> {
        while self.of_children(" ready").len() < count
            || !self.heard.said().iter().any(|line| line == "root started")
        {
            self.wait_for("");
        }
        let pids = self.of_children(" pid ").into_iter();
        pids.map(|pid| Identity::of(pid.parse().expect("a process id"))).collect()
    }

    /// What its children have said behind this word.
    fn of_children(&self, word: &str) -> Vec<&str> {
        let lines = self.heard.said().iter().filter(|line| line.starts_with("child-"));
        lines.filter_map(|line| line.split_once(word)).map(|(_, rest)| rest).collect()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.identity.signal(signal);
    }

    /// Waits until the program has written its last line and ended.
    pub(crate) fn finish(mut self) -> Finished {
        self.heard.wait_for_the_end();
        self.note_leftovers();
        let status = wait_in_time(&mut self.child);
        Finished { status, said: self.heard.said().to_vec(), _leftovers: std::mem::take(&mut self.leftovers) }
    }

    fn note_leftovers(&mut self) {
        let pids = self.heard.said().iter().filter_map(|line| line.rsplit_once(" pid ")?.1.parse().ok());
        pids.for_each(|pid| self.leftovers.note(pid));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // After it has been waited for, these do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
