//! `proc.ready`: from the first start until the last of N programs has said that it is ready, each started when the one
//! before has said so.

use crate::figure::Figure;
use crate::machine::{ballast, clock};

/// A subject that waits for what a program writes.
pub trait Readiness {
    type Running;

    /// Starts so many programs, [`IDLE`](crate::programs::IDLE) with [`ARGUMENTS`], one after the other, and returns
    /// when the last is ready.
    fn start_ready(&self, n: usize) -> Self::Running;

    /// Stops all of them.
    fn stop_ready(&self, running: Self::Running);
}

/// No log, and the line that says that it is ready.
pub const ARGUMENTS: [&str; 2] = ["/dev/null", "ready"];

/// The line.
pub const LINE: &str = "ready";

pub fn measure<S: Readiness>(subject: &S, n: usize) -> Vec<Figure> {
    ballast::allow(4 * n + 1000);
    // What is needed once is not to be counted for each.
    subject.stop_ready(subject.start_ready(4));
    let begun = clock::now();
    let running = subject.start_ready(n);
    let ready = clock::now();
    subject.stop_ready(running);
    vec![Figure::each("proc.ready", ready - begun, n)]
}
