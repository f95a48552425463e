//! The program under test, seen from outside.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use rootward_tests::{Known, say};

use super::members::Members;
use super::{Outcome, after};
use crate::sample::{Sample, Told, Watched, is_no_more_than};

/// How long the subject may say nothing. Only one that fails takes that long.
const SILENCE: Duration = Duration::from_secs(120);

/// How long it may take until what was held before is all that is held. Only what fails takes that long.
const BACKSTOP: Duration = Duration::from_secs(30);

/// How often it is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The program under test. It does not survive this.
pub(super) struct Subject {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    pub(super) watched: Watched,
}

impl Subject {
    pub(super) fn start(members: &Members, level: &str, seed: u64) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(own);
        command.args([members.path(), "subject", level, &seed.to_string()]);
        // Backtraces of thousands of panics take time and memory, and are not read here.
        command.env_remove("RUST_BACKTRACE").stdin(Stdio::piped()).stdout(Stdio::piped());
        // glibc gives threads up to eight arenas for each processor, and fills one after the other for a long time
        // before their number is reached. With two of them, what grows is what the supervisor holds.
        command.env("MALLOC_ARENA_MAX", "2");
        let mut child = command.spawn().map_err(|error| format!("the subject cannot be started: {error}"))?;
        let supervisor = Known::of(child.id()).ok_or("the subject is not there")?;
        let stdout = child.stdout.take().ok_or("its standard output is piped")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        let mut subject = Self { child, stdin, lines, watched: Watched { supervisor, warden: None } };
        let told = subject.wait_for("level ")?;
        if told != level {
            return Err(format!("this system offers level {told} only"));
        }
        let warden = subject.wait_for("warden ")?;
        subject.watched.warden = warden.parse().ok().and_then(Known::of);
        subject.wait_until_it_rests()?;
        Ok(subject)
    }

    fn wait_until_it_rests(&mut self) -> Result<Told, String> {
        let told = self.wait_for("rests ")?;
        let words: Vec<&str> = told.split(' ').collect();
        let pairs = words.chunks_exact(2).map(|pair| Some((pair[0].to_owned(), pair[1].parse().ok()?)));
        pairs.collect::<Option<Told>>().ok_or_else(|| format!("what does it say? {told}"))
    }

    /// Has it `go` for a round, or only `look`, and waits until it rests.
    pub(super) fn tell(&mut self, what: &str) -> Result<Told, String> {
        let stdin = self.stdin.as_mut().ok_or("its standard input is piped")?;
        writeln!(stdin, "{what}").map_err(|error| format!("it does not listen: {error}"))?;
        self.wait_until_it_rests()
    }

    fn look(&mut self) -> Result<Sample, String> {
        let told = self.tell("look")?;
        Ok(self.watched.look(&told))
    }

    /// Lets it rest for so long, and says what there is.
    pub(super) fn settle(&mut self, length: Duration) -> Result<Sample, String> {
        // Nothing ever comes before the time is over.
        let _ = after(length).recv();
        self.look()
    }

    /// Waits until there is no more than there was, and says what there is in any case.
    pub(super) fn settle_down_to(&mut self, before: &Sample) -> Result<Sample, String> {
        let over = after(BACKSTOP);
        loop {
            let now = self.look()?;
            if is_no_more_than(&now, before) || over.recv_timeout(LOOK_AGAIN).is_ok() {
                return Ok(now);
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) -> Outcome {
        self.watched.supervisor.signal(signal).map_err(|error| format!("it cannot be signalled: {error}"))
    }

    /// Has it stop in order.
    pub(super) fn stop(&mut self) -> Outcome {
        self.signal(Signal::SIGTERM)?;
        let over = self.wait_for("over ")?;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if over == "true" && status.code() == Some(0) {
            Ok(())
        } else {
            Err(format!("it did not come down as it should: {status}, clean {over}"))
        }
    }

    fn wait_for(&self, beginning: &str) -> Result<String, String> {
        loop {
            match self.lines.recv_timeout(SILENCE) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(beginning) {
                        return Ok(rest.to_owned());
                    } else if let Some(problem) = line.strip_prefix("problem ") {
                        return Err(problem.to_owned());
                    }
                    say(line);
                }
                Err(RecvTimeoutError::Timeout) => return Err(format!("it did not say {beginning:?}")),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it left without a word of {beginning:?}"));
                }
            }
        }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // After it has been waited for, these do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
