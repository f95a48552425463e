//! A program's own child, which its supervisor has never heard of.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::say;

/// The fixture itself once more, with other arguments, as its own child.
#[derive(Debug)]
pub struct Descendant {
    command: Command,
}

impl Descendant {
    /// The running program once more, with these arguments.
    ///
    /// # Panics
    ///
    /// If the system does not say which program is running.
    pub fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::inherit());
        Self { command }
    }

    /// Puts it into a process group of its own, where a signal to its parent's group does not reach it.
    #[must_use]
    pub fn in_a_group_of_its_own(mut self) -> Self {
        self.command.process_group(0);
        self
    }

    /// Starts it, waits until it says on its standard error that it is ready, and says and returns its process id.
    ///
    /// It is never waited for: a program that forgets its children is a good test.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(mut self) -> u32 {
        let mut child =
            self.command.stderr(Stdio::piped()).spawn().expect("this program can be started again");
        wait_until_ready(&mut child);
        say(format!("descendant {}", child.id()));
        child.id()
    }

    /// Says to the parent that waits in [`start`](Self::start) that it may go on.
    pub fn is_ready() {
        #[expect(clippy::print_stderr, reason = "standard error is the line to the parent here")]
        {
            eprintln!("ready");
        }
    }
}

fn wait_until_ready(child: &mut Child) {
    let stderr = child.stderr.take().expect("its standard error is a pipe");
    let _ = BufReader::new(stderr).read_line(&mut String::new());
}
