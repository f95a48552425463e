//! The built-in tree.

use std::path::Path;
use std::time::Duration;

use rootward::process::{Process, Ready};
use rootward::{Strategy, Supervisor};

use crate::programs::SampleProgram;
use crate::tasks::{Sample, SampleTask};

/// By when a stop of the built-in tree has to be over.
pub(crate) const DEADLINE: Duration = Duration::from_secs(25);

/// Three levels, tasks beside processes, and each supervisor with a strategy of its own. `demo` is the
/// demo's own program, which plays the processes as well.
pub(crate) fn built_in(demo: &Path) -> Supervisor {
    let process = |program: SampleProgram| Process::new(demo).args(["sample", program.name()]);
    let task = |sample: Sample, id: &str| SampleTask::from(sample).into_child(id);

    // The index is of no use without the database, so it is restarted with it.
    let storage = Supervisor::new("storage")
        .strategy(Strategy::RestForOne)
        .child(process(SampleProgram::Slow).ready(Ready::line("^open$")).into_child("database"))
        .child(task(Sample::Forever, "index"));

    // The two share a queue: if one fails, both begin anew.
    let workers = Supervisor::new("workers")
        .strategy(Strategy::OneForAll)
        .child(process(SampleProgram::Ticker).into_child("ticker"))
        .child(task(Sample::Respawn, "queue"));

    // One that crashes every few seconds is within what this supervisor puts up with.
    let front = Supervisor::new("front")
        .strategy(Strategy::OneForOne)
        .intensity(3, Duration::from_secs(10))
        .child(process(SampleProgram::Flaky).into_child("flaky"))
        .child(task(Sample::Forever, "gateway"));

    Supervisor::new("root").child(storage).child(workers).child(front)
}
