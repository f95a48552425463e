//! Where misbehaving programs report every process they make, for a test that keeps its own record.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use nix::fcntl::OFlag;

use crate::{Known, argument, limit_life};

/// A FIFO that a test reads. Its path is an argument of the program, so that the test also finds in the list of all
/// processes those that had no time to report.
#[derive(Clone, Debug)]
pub struct Register {
    path: String,
}

impl Register {
    /// Of a program whose first argument it is: reports the program itself, and how many processes of this register
    /// were there when it began.
    pub fn open() -> Self {
        limit_life();
        let register = Self::of_member();
        let own = Known::own();
        let others = Known::all_that_mention(&register.path).into_iter().filter(|it| *it != own);
        register.write(format_args!("leader {own} {}", others.count()));
        register
    }

    /// The same, for a program that was started by one that has it open.
    pub fn of_member() -> Self {
        Self { path: argument(1) }
    }

    /// Its path, to be handed on.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reports the running process.
    pub fn enter(&self) {
        self.write(format_args!("member {}", Known::own()));
    }

    /// Reports that the running process has been asked to go.
    pub fn asked(&self) {
        self.write(format_args!("asked {}", Known::own()));
    }

    /// Says that all processes are there that there will be for now.
    pub fn ready(&self) {
        self.write("ready");
    }

    /// If there is no test any more that listens, the process ends: nothing outlives its test for long that keeps
    /// reporting.
    fn write(&self, line: impl Display) {
        let flags = OFlag::O_NONBLOCK.bits();
        let Ok(mut fifo) = OpenOptions::new().write(true).custom_flags(flags).open(&self.path) else {
            std::process::exit(0)
        };
        // One write, so that lines of many processes do not mix. If it is full the test has got enough.
        let _ = fifo.write_all(format!("{line}\n").as_bytes());
    }
}
