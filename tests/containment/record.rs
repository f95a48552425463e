//! What the processes of a misbehaving program have reported.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use rootward_tests::{BACKSTOP, Known, happens};
use tempfile::TempDir;

/// A register, and what has been reported to it. When it is dropped it kills all processes that have reported.
pub(crate) struct Record {
    path: String,
    /// Our own way in, so that the register has no end while this is there.
    writer: File,
    lines: Receiver<String>,
    processes: BTreeSet<Known>,
    asked: Vec<Known>,
    _directory: TempDir,
}

/// The first process of an incarnation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leader {
    pub(crate) process: Known,
    /// How many processes of former incarnations it found alive.
    pub(crate) found: usize,
}

impl Record {
    pub(crate) fn begin() -> Self {
        let directory = tempfile::tempdir().expect("there is a place for temporary files");
        let path = directory.path().join("register");
        mkfifo(&path, Mode::S_IRUSR).expect("a new directory takes a new file");
        for (path, mode) in [(directory.path(), 0o755), (&path, 0o666)] {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
        }
        let both_ways = || OpenOptions::new().read(true).write(true).open(&path).expect("it is ours");
        let (writer, reader) = (both_ways(), both_ways());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let path = path.to_str().expect("a path of letters").to_owned();
        Self { path, writer, lines, processes: BTreeSet::new(), asked: Vec::new(), _directory: directory }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Waits for the first process of an incarnation.
    pub(crate) fn wait_for_leader(&mut self) -> Leader {
        let told = self.wait_for("leader ");
        let (process, found) = told.rsplit_once(' ').expect("a leader says what it has found");
        Leader {
            process: process.parse().expect("a leader says which process it is"),
            found: found.parse().expect("a number"),
        }
    }

    /// Waits until all is there that there will be for now.
    pub(crate) fn wait_until_ready(&mut self) {
        self.wait_for("ready");
    }

    /// All that are known by now.
    pub(crate) fn processes(&mut self) -> BTreeSet<Known> {
        while let Ok(line) = self.lines.try_recv() {
            self.note(&line);
        }
        self.processes.clone()
    }

    /// The processes that have reported a request to go, each as often as it has reported one.
    pub(crate) fn asked(&mut self) -> Vec<Known> {
        self.processes();
        self.asked.clone()
    }

    /// The processes that are alive now, whether or not they have reported.
    pub(crate) fn survivors(&mut self) -> BTreeSet<Known> {
        let mut alive: BTreeSet<Known> = Known::all_that_mention(&self.path).into_iter().collect();
        alive.extend(self.processes().into_iter().filter(|process| process.is_alive()));
        alive
    }

    fn wait_for(&mut self, beginning: &str) -> String {
        loop {
            match self.lines.recv_timeout(BACKSTOP) {
                Ok(line) => {
                    self.note(&line);
                    if let Some(rest) = line.strip_prefix(beginning) {
                        return rest.to_owned();
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no process reported {beginning:?}, only {:?}", self.processes)
                }
            }
        }
    }

    fn note(&mut self, line: &str) {
        let mut words = line.split(' ').skip(1);
        if let (Some(pid), Some(born)) = (words.next(), words.next()) {
            let process = format!("{pid} {born}").parse().expect("a process says which one it is");
            self.processes.insert(process);
            if line.starts_with("asked ") {
                self.asked.push(process);
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let all = self.processes();
        // The program may fork while it is killed, and so replace a process that has gone. A suspended process still
        // holds its place.
        happens(|| {
            let mut alive = Known::all_that_mention(&self.path);
            alive.extend(all.iter().copied().filter(|process| process.is_alive()));
            let goes_on = alive.iter().any(|process| !process.is_suspended());
            let signal = if goes_on { Signal::SIGSTOP } else { Signal::SIGKILL };
            alive.iter().for_each(|process| send(*process, signal));
            alive.is_empty()
        });
        // The last line that the reader reads: it finds then that its receiver is gone.
        let _ = std::io::Write::write_all(&mut self.writer, b"\n");
    }
}

/// Kills a process, if it is still the same.
pub(crate) fn end(process: Known) {
    send(process, Signal::SIGKILL);
}

/// Sends a process a signal, if it is still the same.
pub(crate) fn send(process: Known, signal: Signal) {
    if process.is_alive() {
        let _ = kill(Pid::from_raw(process.pid.try_into().expect("a process id")), signal);
    }
}
