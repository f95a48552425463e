//! `proc.start`, `proc.stop`, `proc.spawn`, `proc.restart` and `proc.memory`.
//!
//! A program runs when it says so itself, in its first instructions. A stop is over when the subject says that
//! everything is gone.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::figure::{Figure, median};
use crate::machine::{ballast, clock, memory};
use crate::programs::PidLog;

/// In which order programs are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// All at the same time.
    AtOnce,
    /// Each when the one after it is gone.
    InTurn,
}

/// A subject that has processes. Its functions are called from a thread outside any runtime.
pub trait Processes {
    type Running;

    /// Starts so many programs, one after the other: [`IDLE`](crate::programs::IDLE) with the path of the log.
    fn start(&self, n: usize, order: Order, pid_log: &PidLog) -> Self::Running;

    /// Starts one more, and says when it began to.
    fn add(&self, running: &mut Self::Running, pid_log: &PidLog) -> u64;

    /// Stops all of them, in the order that was said at the start.
    fn stop(&self, running: Self::Running);

    /// A process that works for the subject and has memory of its own.
    fn helper(&self) -> Option<u32> {
        None
    }
}

/// `proc.start` and `proc.stop`, in both orders.
pub fn start_and_stop<S: Processes>(subject: &S, n: usize) -> Vec<Figure> {
    ballast::allow(4 * n + 1000);
    let mut pid_log = PidLog::new();
    warm_up(subject, &mut pid_log);
    let mut figures = Vec::new();
    for (order, name) in [(Order::AtOnce, "proc.stop"), (Order::InTurn, "proc.stop.in-turn")] {
        let begun = clock::now();
        let running = subject.start(n, order, &pid_log);
        let last = pid_log.read(n).iter().map(|entry| entry.at).max().unwrap_or(begun);
        pause();
        let stopping = clock::now();
        subject.stop(running);
        let stop = Figure::each(name, clock::now() - stopping, n);
        if order == Order::AtOnce {
            figures.push(Figure::each("proc.start", last - begun, n));
        }
        figures.push(stop);
    }
    figures
}

/// `proc.spawn`, in each case `n` times, the median.
pub fn spawn<S: Processes>(subject: &S, n: usize) -> Vec<Figure> {
    let mut pid_log = PidLog::new();
    let mut figures = Vec::new();
    for (size, megabytes) in [("10MB", 10), ("4GB", 4096)] {
        let memory = ballast::memory(megabytes);
        for descriptors in [0, 10_000] {
            let name = format!("proc.spawn.{size}.{descriptors}");
            let (Some(_), Some(_open)) = (&memory, ballast::descriptors(descriptors)) else {
                eprintln!("{name}: this machine has not got that much");
                continue;
            };
            figures.push(Figure::new(name, spawn_beside(subject, n, &mut pid_log), "us"));
        }
    }
    figures
}

/// One more beside one, `n` times, the median in microseconds.
fn spawn_beside<S: Processes>(subject: &S, n: usize, pid_log: &mut PidLog) -> f64 {
    warm_up(subject, pid_log);
    let mut running = subject.start(1, Order::AtOnce, pid_log);
    pid_log.read(1);
    let mut times = Vec::with_capacity(n);
    for _ in 0..n {
        let begun = subject.add(&mut running, pid_log);
        let runs = pid_log.read(1)[0].at;
        times.push((runs - begun) as f64 / 1e3);
    }
    subject.stop(running);
    median(times)
}

/// `proc.restart`, `n` times, the median.
pub fn restart<S: Processes>(subject: &S, n: usize) -> Vec<Figure> {
    let mut pid_log = PidLog::new();
    let running = subject.start(1, Order::AtOnce, &pid_log);
    let mut pid = pid_log.read(1)[0].pid;
    let mut times = Vec::with_capacity(n);
    for _ in 0..n {
        pause();
        let killed = clock::now();
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
        let next = pid_log.read(1)[0];
        times.push((next.at - killed) as f64 / 1e3);
        pid = next.pid;
    }
    pause();
    subject.stop(running);
    vec![Figure::new("proc.restart", median(times), "us")]
}

/// `proc.memory`: resident bytes of the subject and its helper for each process, and what the whole machine has less,
/// the process itself included.
pub fn resident<S: Processes>(subject: &S, n: usize) -> Vec<Figure> {
    ballast::allow(4 * n + 1000);
    let mut pid_log = PidLog::new();
    warm_up(subject, &mut pid_log);
    let both = || memory::resident(std::process::id()) + subject.helper().map_or(0.0, memory::resident);
    let (before, free) = (both(), memory::free());
    let running = subject.start(n, Order::AtOnce, &pid_log);
    pid_log.read(n);
    pause();
    let figures = vec![
        Figure::new("proc.memory", (both() - before) / n as f64, "B"),
        Figure::new("proc.memory.machine", (free - memory::free()) / n as f64, "B"),
    ];
    subject.stop(running);
    figures
}

/// What is needed once is not to be counted for each.
fn warm_up<S: Processes>(subject: &S, pid_log: &mut PidLog) {
    let running = subject.start(4, Order::AtOnce, pid_log);
    pid_log.read(4);
    pause();
    subject.stop(running);
}

/// Gives the threads that are still busy time to come to rest.
pub fn pause() {
    std::thread::sleep(Duration::from_millis(3));
}
