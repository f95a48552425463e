//! `idle`: what a tree in which nothing happens does within ten seconds.
//!
//! It counts what all threads do of the subject, of its helper and of whatever else works for it. The thread that
//! measures is not counted, and neither are the programs.

use std::time::Duration;

use tokio::runtime::Runtime;

use super::processes::{Order, Processes};
use super::tasks::{Shape, Tasks, all_run, expect};
use crate::figure::Figure;
use crate::machine::ballast;
use crate::machine::work::{Work, descendants, name};
use crate::programs::PidLog;

const TIME: Duration = Duration::from_secs(10);
/// A start may leave timers behind: rootward says of a child that has not started within ten seconds that it is slow.
const SETTLE: Duration = Duration::from_secs(12);

pub fn tasks<S: Tasks>(runtime: &Runtime, n: usize) -> Option<Vec<Figure>> {
    let shape = Shape::Flat(n);
    let subject = runtime.block_on(async {
        expect(shape.tasks());
        let subject = S::start(S::describe(shape)?).await;
        all_run().await;
        Some(subject)
    })?;
    let figures = measure("idle.tasks");
    runtime.block_on(subject.stop());
    Some(figures)
}

pub fn processes<S: Processes>(subject: &S, n: usize) -> Vec<Figure> {
    ballast::allow(4 * n + 1000);
    let mut pid_log = PidLog::new();
    let running = subject.start(n, Order::AtOnce, &pid_log);
    pid_log.read(n);
    let figures = measure("idle.processes");
    subject.stop(running);
    figures
}

/// Of this program and what it has started.
fn measure(metric: &str) -> Vec<Figure> {
    let own = std::process::id();
    let mut processes = descendants(own);
    // The programs under supervision are not the subject.
    processes.retain(|pid| name(*pid) != "idle");
    processes.push(own);
    measure_of(metric, &processes, Some(own))
}

/// Of these processes.
pub fn measure_of(metric: &str, processes: &[u32], but: Option<u32>) -> Vec<Figure> {
    std::thread::sleep(SETTLE);
    let before = Work::of(processes, but);
    let threads = before.threads();
    std::thread::sleep(TIME);
    let (millis, wakes) = Work::of(processes, but).since(&before);
    vec![
        Figure::new(format!("{metric}.cpu"), millis, "ms"),
        Figure::new(format!("{metric}.wakes"), wakes, "wakes"),
        Figure::new(format!("{metric}.threads"), threads as f64, "threads"),
    ]
}
