//! `flat`, `deep`, `wide` and `dynamic`: how long idle tasks take to start and to stop, and how much memory they take.
//!
//! A start is over when every task has run for the first time, whatever the subject itself says; a stop when the
//! subject says that everything is gone.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::figure::{Figure, median};
use crate::machine::clock;

/// How tasks stand to each other.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// So many beside each other.
    Flat(usize),
    /// A chain of so many supervisors, and one task at its end.
    Deep(usize),
    /// A hundred supervisors with so many tasks each.
    Wide(usize),
    /// So many beside each other, which are added one by one to what runs already, and stop all at the same time.
    Dynamic(usize),
}

/// How many supervisors a wide tree has below its root.
pub const GROUPS: usize = 100;

/// A subject that has tasks.
pub trait Tasks: Sized + Send {
    /// What is known before the start.
    type Plan: Send;

    /// `None` if the subject has no such shape.
    fn describe(shape: Shape) -> Option<Self::Plan>;

    /// Every task is to call [`run`] first, and to be idle until it is stopped.
    fn start(plan: Self::Plan) -> impl Future<Output = Self> + Send;

    fn stop(self) -> impl Future<Output = ()> + Send;
}

pub async fn measure<S: Tasks>(name: &str, shape: Shape) -> Option<Vec<Figure>> {
    let n = shape.size();
    expect(shape.tasks());
    let begun = clock::now();
    let plan = S::describe(shape)?;
    let described = clock::now();
    let subject = S::start(plan).await;
    all_run().await;
    let started = clock::now();
    settle().await;
    let stopping = clock::now();
    subject.stop().await;
    let stopped = clock::now();
    Some(vec![
        Figure::each(format!("{name}.describe"), described - begun, n),
        Figure::each(format!("{name}.start"), started - described, n),
        Figure::each(format!("{name}.stop"), stopped - stopping, n),
    ])
}

/// The medians of so many rounds in one program, after one that is not counted: no new memory is asked of the machine.
const ROUNDS: usize = 9;

pub async fn warm<S: Tasks>(name: &str, shape: Shape) -> Option<Vec<Figure>> {
    measure::<S>(name, shape).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(measure::<S>(name, shape).await?);
    }
    let of_figure = |at: usize| rounds.iter().map(|round| round[at].value).collect();
    let names = rounds[0].iter().enumerate();
    Some(names.map(|(at, each)| Figure::new(&each.metric, median(of_figure(at)), each.unit)).collect())
}

/// The bytes on the heap for each task, its description included.
pub async fn heap<S: Tasks>(name: &str, shape: Shape, live: fn() -> f64) -> Option<Vec<Figure>> {
    expect(shape.tasks());
    let before = live();
    let subject = S::start(S::describe(shape)?).await;
    all_run().await;
    settle().await;
    let bytes = live() - before;
    subject.stop().await;
    Some(vec![Figure::new(name, bytes / shape.size() as f64, "B")])
}

impl Shape {
    pub fn tasks(self) -> usize {
        match self {
            Self::Flat(n) | Self::Dynamic(n) => n,
            Self::Deep(_) => 1,
            Self::Wide(n) => GROUPS * n,
        }
    }

    /// How many there are of what the figures are about.
    fn size(self) -> usize {
        match self {
            Self::Flat(_) | Self::Wide(_) | Self::Dynamic(_) => self.tasks(),
            Self::Deep(n) => n,
        }
    }
}

/// How many have not run yet. Global, so that it costs a task no memory to know it.
static LEFT: AtomicUsize = AtomicUsize::new(0);
static ALL_RUN: Notify = Notify::const_new();

pub fn expect(n: usize) {
    LEFT.store(n, Ordering::SeqCst);
}

/// Says that a task runs.
pub fn run() {
    if LEFT.fetch_sub(1, Ordering::AcqRel) == 1 {
        ALL_RUN.notify_one();
    }
}

pub async fn all_run() {
    ALL_RUN.notified().await;
}

/// Gives the threads that are still busy time to come to rest.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
}
