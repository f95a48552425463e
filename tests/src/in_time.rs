//! Programs that are waited for, but not for ever.

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::BACKSTOP;

/// Runs a program to its end, and fails the test if that does not come.
pub trait InTime {
    /// Runs it with its outputs as they are described, and collects those that are piped.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or does not end.
    fn run_in_time(&mut self) -> Output;

    /// Runs it, and collects what it writes.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or does not end.
    fn output_in_time(&mut self) -> Output;
}

impl InTime for Command {
    fn run_in_time(&mut self) -> Output {
        collect_in_time(self.spawn().expect("the program is there"))
    }

    fn output_in_time(&mut self) -> Output {
        self.stdout(Stdio::piped()).stderr(Stdio::piped()).run_in_time()
    }
}

/// Collects what a child writes until its end.
///
/// # Panics
///
/// If that does not come.
#[track_caller]
pub fn collect_in_time(child: Child) -> Output {
    let watch = Watch::over(&child);
    let output = child.wait_with_output().expect("it is our child");
    watch.end();
    output
}

/// Waits for the end of a child that runs.
///
/// # Panics
///
/// If that does not come.
#[track_caller]
pub fn wait_in_time(child: &mut Child) -> ExitStatus {
    let watch = Watch::over(child);
    let status = child.wait().expect("it is our child");
    watch.end();
    status
}

/// Kills a program that does not end, with the group that it may lead.
struct Watch {
    ended: Sender<()>,
    hangs: JoinHandle<bool>,
}

impl Watch {
    fn over(child: &Child) -> Self {
        let pid = Pid::from_raw(child.id().try_into().expect("a process id"));
        let (ended, end) = mpsc::channel();
        let hangs = thread::spawn(move || {
            let hangs = end.recv_timeout(BACKSTOP) == Err(RecvTimeoutError::Timeout);
            if hangs {
                // It leads no group unless the test has given it one.
                let _ = killpg(pid, Signal::SIGKILL);
                let _ = kill(pid, Signal::SIGKILL);
            }
            hangs
        });
        Self { ended, hangs }
    }

    /// # Panics
    ///
    /// If it had to be killed.
    #[track_caller]
    fn end(self) {
        drop(self.ended);
        assert!(!self.hangs.join().expect("it does not panic"), "the program hangs");
    }
}
