//! task-supervisor: a flat set of tasks that are started again when they fail.

use std::time::Duration;

use task_supervisor::{CancellationToken, SupervisedTask, SupervisorBuilder, SupervisorHandle, TaskResult};

use super::{Absent, Answer, Live, of_tasks, run};
use crate::metrics::restart::{Restarted, Restarts, fragile};
use crate::metrics::stuck::{GRACE, Stuck, deaf};
use crate::metrics::tasks::{self, Shape};
use crate::metrics::{Metric, restart, stuck};

pub fn measure(metric: Metric, n: usize, live: Live) -> Answer {
    match metric {
        Metric::Flat | Metric::Heap | Metric::IdleTasks => of_tasks::<Set>(metric, n, live),
        Metric::Stuck => Ok(run(stuck::measure::<Set>(n))),
        Metric::Restart => Ok(run(restart::measure::<Set>(n, Restarted::One))),
        _ => Err(Absent::DoesNotApply),
    }
}

struct Set(SupervisorHandle);

#[derive(Clone, Copy)]
enum Task {
    Idle,
    Deaf,
    Fragile,
}

impl SupervisedTask for Task {
    async fn run(self, cancel: CancellationToken) -> TaskResult {
        match self {
            Self::Idle => {
                tasks::run();
                cancel.cancelled().await;
                Ok(())
            }
            Self::Deaf => {
                deaf().await;
                Ok(())
            }
            Self::Fragile => {
                tokio::select! {
                    () = fragile() => Err("it was told to".into()),
                    () = cancel.cancelled() => Ok(()),
                }
            }
        }
    }
}

fn row(n: usize, task: Task) -> SupervisorBuilder {
    (0..n).fold(SupervisorBuilder::new(), |builder, i| builder.with_task(&format!("c{i}"), task))
}

impl tasks::Tasks for Set {
    type Plan = SupervisorBuilder;

    fn describe(shape: Shape) -> Option<SupervisorBuilder> {
        match shape {
            Shape::Flat(n) => Some(row(n, Task::Idle)),
            Shape::Deep(_) | Shape::Wide(_) | Shape::Dynamic(_) => None,
        }
    }

    async fn start(plan: SupervisorBuilder) -> Self {
        Self(plan.spawn())
    }

    async fn stop(self) {
        let _ = self.0.shutdown().await;
    }
}

impl Stuck for Set {
    async fn start(n: usize) -> Self {
        Self(row(n, Task::Deaf).with_stop_timeout(GRACE).spawn())
    }

    async fn stop(self) {
        let _ = self.0.shutdown().await;
    }
}

impl Restarts for Set {
    async fn start(n: usize, _: Restarted) -> Self {
        let builder = row(n - 1, Task::Idle).with_task("fragile", Task::Fragile);
        Self(builder.with_unlimited_restarts().with_base_restart_delay(Duration::ZERO).spawn())
    }

    async fn stop(self) {
        let _ = self.0.shutdown().await;
    }
}
