//! What a process and all that it has started may use together: `cgroup`.

use rootward::process::Process;

use super::error::FileError;
use super::log_file::read_size;
use super::section::{Field, Keys};
use super::value::What;

const LIMITS: Keys = Keys { of: "a cgroup", known: &Cgroup::NAMES, not_yet: &[] };

/// Limits as the file has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cgroup {
    memory_high: Option<u64>,
    memory_max: Option<u64>,
    pids_max: Option<u32>,
    cpu_max: Option<f64>,
    cpu_weight: Option<u32>,
}

pub(super) fn read(field: &Field<'_>) -> Result<Cgroup, FileError> {
    let section = field.section(&LIMITS)?;
    Ok(Cgroup {
        memory_high: section.or("memory_high", None, |size| read_size(size).map(Some))?,
        memory_max: section.or("memory_max", None, |size| read_size(size).map(Some))?,
        pids_max: section.or("pids_max", None, |count| count.count().map(Some))?,
        cpu_max: section.or("cpu_max", None, |processors| read_processors(processors).map(Some))?,
        cpu_weight: section.or("cpu_weight", None, |weight| weight.count().map(Some))?,
    })
}

fn read_processors(field: &Field<'_>) -> Result<f64, FileError> {
    let processors = match &field.value().what {
        What::Number(number) => number.parse().ok(),
        What::Text(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => None,
    };
    processors.ok_or_else(|| field.expected("a number of processors, such as 0.5"))
}

impl Cgroup {
    /// The keys of the limits.
    pub(super) const NAMES: [&str; 5] = ["memory_high", "memory_max", "pids_max", "cpu_max", "cpu_weight"];

    /// Takes the limit with this key away.
    pub(super) fn remove(&mut self, name: &str) {
        match name {
            "memory_high" => self.memory_high = None,
            "memory_max" => self.memory_max = None,
            "pids_max" => self.pids_max = None,
            "cpu_max" => self.cpu_max = None,
            "cpu_weight" => self.cpu_weight = None,
            _ => {}
        }
    }

    pub(super) fn apply(self, mut process: Process) -> Process {
        if let Some(bytes) = self.memory_high {
            process = process.memory_high(bytes);
        }
        if let Some(bytes) = self.memory_max {
            process = process.memory_max(bytes);
        }
        if let Some(count) = self.pids_max {
            process = process.pids_max(count.into());
        }
        if let Some(processors) = self.cpu_max {
            process = process.cpu_max(processors);
        }
        match self.cpu_weight {
            Some(weight) => process.cpu_weight(weight.into()),
            None => process,
        }
    }
}
