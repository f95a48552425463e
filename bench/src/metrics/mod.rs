//! What is measured. Each file says what a subject has to be able to do, and what then counts.

pub mod events;
pub mod health;
pub mod idle;
pub mod output;
pub mod processes;
pub mod ready;
pub mod restart;
pub mod stuck;
pub mod tasks;

/// A metric, or several that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// `flat.start` and `flat.stop`.
    Flat,
    /// `warm.start` and `warm.stop`: `flat` in memory that the program has used before.
    Warm,
    /// `flat.heap`, which only the counting program can measure.
    Heap,
    /// `deep.start` and `deep.stop`.
    Deep,
    /// `wide.start` and `wide.stop`.
    Wide,
    /// `dynamic.start` and `dynamic.stop`.
    Dynamic,
    /// `dynamic.heap`, which only the counting program can measure.
    DynamicHeap,
    /// `stuck.stop`, and how many are alive then.
    Stuck,
    /// `restart` among N siblings.
    Restart,
    /// `group.restart` of N children.
    GroupRestart,
    /// `events`, of which there are N.
    Events,
    /// `proc.spawn`, N times in each case.
    ProcSpawn,
    /// `proc.start` and `proc.stop`.
    Proc,
    /// `proc.restart`, N times.
    ProcRestart,
    /// `proc.memory`.
    ProcMemory,
    /// `proc.output`, N megabytes of it.
    ProcOutput,
    /// `proc.ready`.
    ProcReady,
    /// `health.cpu`, of no check, over TCP and over HTTP.
    Health,
    /// `idle.tasks`, and `idle.processes`.
    IdleTasks,
    IdleProcesses,
}

impl Metric {
    pub const ALL: [(&str, Self); 20] = [
        ("flat", Self::Flat),
        ("warm", Self::Warm),
        ("flat.heap", Self::Heap),
        ("deep", Self::Deep),
        ("wide", Self::Wide),
        ("dynamic", Self::Dynamic),
        ("dynamic.heap", Self::DynamicHeap),
        ("stuck", Self::Stuck),
        ("restart", Self::Restart),
        ("group.restart", Self::GroupRestart),
        ("events", Self::Events),
        ("proc.spawn", Self::ProcSpawn),
        ("proc", Self::Proc),
        ("proc.restart", Self::ProcRestart),
        ("proc.memory", Self::ProcMemory),
        ("proc.output", Self::ProcOutput),
        ("proc.ready", Self::ProcReady),
        ("health.cpu", Self::Health),
        ("idle.tasks", Self::IdleTasks),
        ("idle.processes", Self::IdleProcesses),
    ];

    /// The metric for the figures whose names begin like this: `flat` for `flat.stop`. `idle` stands for both of its
    /// kinds. A warden is forked before there are threads, and so processes come first.
    pub fn named(name: &str) -> Vec<Self> {
        if name == "idle" {
            return vec![Self::IdleProcesses, Self::IdleTasks];
        }
        let known =
            |name: &str| Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, metric)| *metric);
        known(name).or_else(|| known(name.rsplit_once('.')?.0)).into_iter().collect()
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(name, _)| *name)
    }
}
