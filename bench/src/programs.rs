//! The programs that are started as processes, and how they say that they run.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

/// Writes so many megabytes, in lines of such a length.
pub const CHATTER: &str = env!("PROGRAM_CHATTER");

/// Writes into the log that it runs, and does nothing for ever.
pub const IDLE: &str = env!("PROGRAM_IDLE");

/// How long a program may take until it runs.
const PATIENCE_MILLIS: u16 = 30_000;

/// A named pipe in which programs write down that they run.
///
/// It holds more than 60 000 of them, so that it need not be read while something is measured.
pub struct PidLog {
    path: PathBuf,
    pipe: File,
}

/// That a program runs.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// When it began to, by the clock that [`now`](crate::machine::clock::now) reads.
    pub at: u64,
    pub pid: i32,
}

/// Where a program that measures has its log.
pub fn pid_log_of(pid: u32) -> PathBuf {
    std::env::temp_dir().join(format!("rootward-bench-{pid}"))
}

impl PidLog {
    pub fn new() -> Self {
        let path = pid_log_of(std::process::id());
        nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a pipe can be made");
        // Open for both, so that it is never at its end.
        let pipe = OpenOptions::new().read(true).write(true).open(&path).expect("it can be opened");
        fcntl(&pipe, FcntlArg::F_SETPIPE_SZ(1 << 20)).expect("it can be made larger");
        Self { path, pipe }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until this many more programs run.
    pub fn read(&mut self, n: usize) -> Vec<Entry> {
        (0..n).map(|_| self.entry()).collect()
    }

    fn entry(&mut self) -> Entry {
        let mut waiting = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut waiting, PollTimeout::from(PATIENCE_MILLIS)).expect("a pipe can be polled");
        assert_eq!(ready, 1, "a program does not run");
        let mut word = [0; 16];
        self.pipe.read_exact(&mut word).expect("it can be read");
        let half = |at: usize| u64::from_ne_bytes(word[at..at + 8].try_into().expect("there are eight"));
        Entry { at: half(0), pid: i32::try_from(half(8)).expect("a process id") }
    }
}

impl Drop for PidLog {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_file(&self.path);
    }
}
