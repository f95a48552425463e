//! What no supervisor can beat: a `JoinSet` with cancellation tokens, a loop around `posix_spawn`, a broadcast channel,
//! a thread that reads a pipe. No process is followed, no event is written, and everything stops at once.

mod processes;
mod tasks;

use self::processes::{Loop, Processes};
use self::tasks::{Channel, Deaf, Tasks};
use super::{Absent, Answer, Live, of_processes, of_tasks, run};
use crate::metrics::restart::Restarted;
use crate::metrics::{Metric, events, output, ready, restart, stuck};

pub fn measure(metric: Metric, n: usize, live: Live) -> Answer {
    match metric {
        Metric::Flat
        | Metric::Warm
        | Metric::Heap
        | Metric::Deep
        | Metric::Wide
        | Metric::Dynamic
        | Metric::DynamicHeap
        | Metric::IdleTasks => of_tasks::<Tasks>(metric, n, live),
        Metric::Stuck => Ok(run(stuck::measure::<Deaf>(n))),
        Metric::Restart => Ok(run(restart::measure::<tasks::Loop>(n, Restarted::One))),
        Metric::GroupRestart => Ok(run(restart::measure::<tasks::Loop>(n, Restarted::All))),
        Metric::Events => Ok(run(events::measure::<Channel>(n))),
        Metric::ProcRestart => of_processes(&Loop, metric, n),
        Metric::Proc | Metric::ProcSpawn | Metric::ProcMemory | Metric::IdleProcesses => {
            of_processes(&Processes, metric, n)
        }
        Metric::ProcOutput => Ok(output::measure(&Processes, n)),
        Metric::ProcReady => Ok(ready::measure(&Processes, n)),
        Metric::Health => Err(Absent::DoesNotApply),
    }
}
