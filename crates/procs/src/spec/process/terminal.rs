//! The terminal of a process.

use super::Process;
use crate::spec::Terminal;

/// # Terminal
impl Process {
    /// Gives the process a terminal of its own: its standard input, output and error are one, and it leads a session
    /// whose terminal that is. Programs that look for a terminal find one: they show colours and progress, do not hold
    /// their output back, and a shell has job control.
    ///
    /// Each incarnation gets a new terminal, in the system's usual modes. What the process writes is captured as
    /// standard output, escape sequences included; with [`Output::Piped`](crate::Output::Piped) as
    /// [`stdout`](Self::stdout), it comes as bytes. Nothing is typed at it, unless [`stdin`](Self::stdin) is
    /// [`Stdin::Piped`](crate::Stdin::Piped): what is written there is typed, so that it is echoed, and byte 3 is
    /// Ctrl-C. [`stderr`](Self::stderr) has no effect. `TERM` is `xterm` if there is none.
    ///
    /// This program's own terminal is not touched. When the process ends, what is in the foreground of its terminal is
    /// hung up (SIGHUP). Other groups of its session end with it at the levels that follow all descendants.
    /// Once no process has the terminal open, even for a moment, its output is over for this program.
    #[doc(alias = "pty")]
    pub fn tty(mut self, terminal: &Terminal) -> Self {
        self.command.terminal = Some(terminal.clone());
        self
    }
}
