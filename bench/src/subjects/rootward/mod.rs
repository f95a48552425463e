//! rootward: as a user has it, on one runtime with two threads, like every other subject.

mod events;
mod processes;
mod restart;
mod stuck;
mod tasks;

use self::events::Record;
pub use self::processes::Level;
use self::processes::Processes;
use self::restart::Fragile;
use self::stuck::Deaf;
use self::tasks::Tasks;
use super::{Absent, Answer, Live, of_processes, of_tasks, run};
use crate::metrics::restart::Restarted;
use crate::metrics::{self, Metric};

pub fn measure(level: Level, metric: Metric, n: usize, live: Live) -> Answer {
    let processes = || Processes::new(level).ok_or(Absent::NotHere("a cgroup v2 that may be written to"));
    match metric {
        Metric::ProcOutput => Ok(metrics::output::measure(&processes()?, n)),
        Metric::ProcReady => Ok(metrics::ready::measure(&processes()?, n)),
        Metric::Health => Ok(metrics::health::measure(&processes()?, n)),
        Metric::Proc
        | Metric::ProcSpawn
        | Metric::ProcRestart
        | Metric::ProcMemory
        | Metric::IdleProcesses => of_processes(&processes()?, metric, n),
        // The level is about processes alone.
        _ if level != Level::Auto => Err(Absent::DoesNotApply),
        Metric::Flat
        | Metric::Warm
        | Metric::Heap
        | Metric::Deep
        | Metric::Wide
        | Metric::Dynamic
        | Metric::DynamicHeap
        | Metric::IdleTasks => of_tasks::<Tasks>(metric, n, live),
        Metric::Stuck => Ok(run(metrics::stuck::measure::<Deaf>(n))),
        Metric::Restart => Ok(run(metrics::restart::measure::<Fragile>(n, Restarted::One))),
        Metric::GroupRestart => Ok(run(metrics::restart::measure::<Fragile>(n, Restarted::All))),
        Metric::Events => Ok(run(metrics::events::measure::<Record>(n))),
    }
}
