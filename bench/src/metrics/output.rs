//! `proc.output`: how many gigabytes a second of a program's output become lines in the hands of somebody who wants them.

use crate::figure::Figure;

/// A subject that reads what its processes write. Called from a thread outside any runtime.
pub trait Output {
    /// Starts [`CHATTER`](crate::programs::CHATTER) with this many megabytes, and returns when the last line has been read.
    fn capture(&self, megabytes: usize) -> Captured;
}

/// What was captured.
pub struct Captured {
    pub nanos: u64,
    /// Bytes in lines, their ends not counted.
    pub bytes: usize,
    pub lines: usize,
}

pub fn measure<S: Output>(subject: &S, megabytes: usize) -> Vec<Figure> {
    let Captured { nanos, bytes, lines } = subject.capture(megabytes);
    let written = megabytes * 10_000;
    vec![
        Figure::new("proc.output", (bytes + lines) as f64 / nanos as f64, "GB/s"),
        Figure::new("proc.output.lost", 100.0 * (written - lines) as f64 / written as f64, "%"),
    ]
}
