//! The subjects that are measured. Each file says how one subject does what the metrics ask for, and which of them
//! apply to it.

mod floor;
mod foreign;
mod graceful;
mod kameo;
mod ractor;
mod rootward;
mod task_supervisor;
mod tokio_process;

use tokio::runtime::{Builder, Runtime};

pub use self::foreign::python_program;
use self::rootward::Level;
use crate::figure::Figure;
use crate::metrics::processes::{self, Processes};
use crate::metrics::tasks::{self, Shape, Tasks};
use crate::metrics::{Metric, idle};

/// Every subject that there is.
pub const ALL: [&str; 12] = [
    "rootward",
    "rootward-group",
    "rootward-tree",
    "rootward-cgroup",
    "floor",
    "tokio-graceful-shutdown",
    "task-supervisor",
    "kameo",
    "ractor",
    "tokio-process",
    "otp",
    "simpervisor",
];

/// Why there are no figures.
#[derive(Debug)]
pub enum Absent {
    /// No subject has this name.
    NoSubject,
    /// The subject has nothing to do with this metric.
    DoesNotApply,
    /// The subject needs this, and it is not here.
    NotHere(&'static str),
    /// Another program has to measure it: the one that counts.
    NotCounting,
}

pub type Answer = Result<Vec<Figure>, Absent>;

/// The function that counts live bytes, in the program that counts them.
pub type Live = Option<fn() -> f64>;

pub fn measure(subject: &str, metric: Metric, n: usize, live: Live) -> Answer {
    if !ALL.contains(&subject) {
        return Err(Absent::NoSubject);
    }
    if matches!(metric, Metric::Heap | Metric::DynamicHeap) && live.is_none() {
        return Err(Absent::NotCounting);
    }
    match subject {
        "rootward" => rootward::measure(Level::Auto, metric, n, live),
        "rootward-group" => rootward::measure(Level::Group, metric, n, live),
        "rootward-tree" => rootward::measure(Level::Tree, metric, n, live),
        "rootward-cgroup" => rootward::measure(Level::TreeAndCgroup, metric, n, live),
        "floor" => floor::measure(metric, n, live),
        "tokio-graceful-shutdown" => graceful::measure(metric, n, live),
        "task-supervisor" => task_supervisor::measure(metric, n, live),
        "kameo" => kameo::measure(metric, n, live),
        "ractor" => ractor::measure(metric, n, live),
        "tokio-process" => tokio_process::measure(metric, n),
        "otp" => foreign::otp(metric, n),
        "simpervisor" => foreign::simpervisor(metric, n),
        _ => Err(Absent::NoSubject),
    }
}

/// The runtime of every subject that needs one.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be built")
}

/// Measures on a thread of the runtime, as most of a program runs.
fn run<T: Send + 'static>(measurement: impl Future<Output = T> + Send + 'static) -> T {
    runtime().block_on(async { tokio::spawn(measurement).await.expect("it does not panic") })
}

fn of_tasks<S: Tasks + 'static>(metric: Metric, n: usize, live: Live) -> Answer {
    let figures = match (metric, live) {
        (Metric::Flat, _) => run(tasks::measure::<S>("flat", Shape::Flat(n))),
        (Metric::Warm, _) => run(tasks::warm::<S>("warm", Shape::Flat(n))),
        (Metric::Deep, _) => run(tasks::measure::<S>("deep", Shape::Deep(n))),
        (Metric::Wide, _) => run(tasks::measure::<S>("wide", Shape::Wide(n))),
        (Metric::Dynamic, _) => run(tasks::measure::<S>("dynamic", Shape::Dynamic(n))),
        (Metric::Heap, Some(live)) => run(tasks::heap::<S>("flat.heap", Shape::Flat(n), live)),
        (Metric::DynamicHeap, Some(live)) => run(tasks::heap::<S>("dynamic.heap", Shape::Dynamic(n), live)),
        (Metric::IdleTasks, _) => idle::tasks::<S>(&runtime(), n),
        _ => None,
    };
    figures.ok_or(Absent::DoesNotApply)
}

fn of_processes<S: Processes>(subject: &S, metric: Metric, n: usize) -> Answer {
    match metric {
        Metric::Proc => Ok(processes::start_and_stop(subject, n)),
        Metric::ProcSpawn => Ok(processes::spawn(subject, n)),
        Metric::ProcRestart => Ok(processes::restart(subject, n)),
        Metric::ProcMemory => Ok(processes::resident(subject, n)),
        Metric::IdleProcesses => Ok(idle::processes(subject, n)),
        _ => Err(Absent::DoesNotApply),
    }
}
