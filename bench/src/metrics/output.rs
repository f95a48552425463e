//! `proc.output`: how many gigabytes a second of a program's output reach a reader as lines.
//!
//! Once in lines of 100 bytes, as logs have them, where the cost of a line counts; and once in lines of 1000, where the
//! cost of a byte counts.

use crate::figure::Figure;

/// A subject that reads what its processes write. Called from a thread outside any runtime.
pub trait Output {
    /// Starts [`CHATTER`](crate::programs::CHATTER) with these arguments, and returns when the last line has been read.
    fn capture(&self, arguments: [String; 2]) -> Captured;
}

/// What was captured.
pub struct Captured {
    pub nanos: u64,
    /// Bytes in lines, their ends not counted.
    pub bytes: usize,
    pub lines: usize,
}

pub fn measure<S: Output>(subject: &S, megabytes: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, length) in [("proc.output", 100), ("proc.output.long", 1000)] {
        let arguments = [megabytes, length].map(|number| number.to_string());
        let Captured { nanos, bytes, lines } = subject.capture(arguments);
        let written = megabytes * 1_000_000 / length;
        let lost = 100.0 * (written - lines) as f64 / written as f64;
        figures.push(Figure::new(name, (bytes + lines) as f64 / nanos as f64, "GB/s"));
        figures.push(Figure::new(format!("{name}.lost"), lost, "%"));
    }
    figures
}
