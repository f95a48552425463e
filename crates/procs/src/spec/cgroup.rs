//! What a process and all that it has started may use together: limits that a cgroup sets.

/// How many kinds of them there are.
pub(crate) const CGROUP_LIMITS: usize = 5;

/// The limits, in the order of [`NAMES`]. 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CgroupLimits {
    pub(crate) values: [u64; CGROUP_LIMITS],
}

/// What they are called, as files and as keys, and which controller has them.
const NAMES: [(&str, &str); CGROUP_LIMITS] = [
    ("memory_high", "memory"),
    ("memory_max", "memory"),
    ("pids_max", "pids"),
    ("cpu_max", "cpu"),
    ("cpu_weight", "cpu"),
];

pub(super) const HIGH: usize = 0;
pub(super) const MAX: usize = 1;
pub(super) const PIDS: usize = 2;
pub(super) const CPU: usize = 3;
pub(super) const WEIGHT: usize = 4;

/// In how many microseconds a process may use so many.
pub(super) const PERIOD: f64 = 100_000.0;

/// The least time that the kernel takes, in microseconds.
pub(super) const LEAST: f64 = 1000.0;

impl CgroupLimits {
    /// Whether there is one.
    pub(crate) fn is_any(&self) -> bool {
        self.values != [0; CGROUP_LIMITS]
    }

    /// The first of them, by its number.
    pub(crate) fn first(&self) -> usize {
        self.values.iter().position(|value| *value != 0).unwrap_or_default()
    }

    /// The numbers of those that there are.
    pub(crate) fn each(&self) -> impl Iterator<Item = usize> {
        (0..).zip(self.values).filter(|(_, value)| *value != 0).map(|(number, _)| number)
    }

    /// The name and the controller of the one with this number.
    pub(crate) fn name_of(number: usize) -> (&'static str, &'static str) {
        NAMES.get(number).copied().unwrap_or_default()
    }
}

/// A value that makes no sense, kept until the description is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WrongLimit(pub(super) &'static str);

impl WrongLimit {
    pub(super) fn problem(self) -> String {
        self.0.to_owned()
    }
}
