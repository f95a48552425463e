//! Our ends of the pipes of one incarnation.

use super::{ProcessOutput, ProcessStdin, RawEnds};

/// This program's ends of the pipes of one incarnation of a process, as far as its description says that they are
/// piped.
#[derive(Debug)]
#[non_exhaustive]
pub struct PipeEnds {
    /// The incarnation's process id.
    pub pid: u32,
    /// What it reads. [`Stdin::Piped`](crate::Stdin::Piped).
    pub stdin: Option<ProcessStdin>,
    /// What it writes to standard output. [`Output::Piped`](crate::Output::Piped).
    pub stdout: Option<ProcessOutput>,
    /// What it writes to standard error. [`Output::Piped`](crate::Output::Piped).
    pub stderr: Option<ProcessOutput>,
}

impl PipeEnds {
    pub(crate) fn new(ends: RawEnds) -> Self {
        let RawEnds { pid, stdin, stdout, stderr } = ends;
        Self {
            pid,
            stdin: stdin.map(ProcessStdin::new),
            stdout: stdout.map(ProcessOutput::new),
            stderr: stderr.map(ProcessOutput::new),
        }
    }
}
