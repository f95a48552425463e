//! The limits of a process and of all that it has started, together.

use super::Process;
use crate::spec::cgroup::{CPU, HIGH, LEAST, MAX, PERIOD, PIDS, WEIGHT, WrongLimit};

/// # Limits of a cgroup
///
/// They hold for the process and all that it has started together, unlike a [`limit`](Process::limit), which each
/// process has for itself. They need the level `tree+cgroup`, and a cgroup whose controllers are passed on to this
/// program ([`Containment`](crate::Containment)). Where either is missing, the start fails and names what
/// ([`LaunchError::NoCgroup`](crate::LaunchError::NoCgroup)): nothing runs without the limits that it is to have. They
/// are set before the program runs. The commands that say whether it is ready or healthy, and its stop command, run in
/// cgroups of their own with the same limits.
impl Process {
    /// Beyond so many bytes of memory its processes are slowed down, and have memory taken back from them
    /// (`memory.high`, systemd's `MemoryHigh=`).
    #[doc(alias = "MemoryHigh")]
    pub fn memory_high(self, bytes: u64) -> Self {
        self.limited(HIGH, bytes, "the memory is limited to nothing")
    }

    /// It has no more than so many bytes of memory: what does not fit has the kernel kill one of its processes
    /// (`memory.max`, systemd's `MemoryMax=`). [`Exit`](rootward_core::Exit) says so.
    #[doc(alias = "MemoryMax")]
    pub fn memory_max(self, bytes: u64) -> Self {
        self.limited(MAX, bytes, "the memory is limited to nothing")
    }

    /// It has no more than so many processes and threads (`pids.max`, systemd's `TasksMax=`).
    #[doc(alias = "TasksMax")]
    pub fn pids_max(self, processes: u64) -> Self {
        self.limited(PIDS, processes, "it may have no process")
    }

    /// It has no more than the time of so many processors, in each tenth of a second (`cpu.max`, systemd's
    /// `CPUQuota=`): `0.5` is half of one. The least is 0.01.
    #[doc(alias = "CPUQuota")]
    pub fn cpu_max(self, processors: f64) -> Self {
        let time = processors * PERIOD;
        // What the kernel takes fits.
        let time = if (LEAST..=1e12).contains(&time) { time.round() as u64 } else { 0 };
        self.limited(CPU, time, "the processor time is not from 0.01 processors on")
    }

    /// How much of the processors it gets beside others that want them, from 1 to 10 000; the usual is 100
    /// (`cpu.weight`, systemd's `CPUWeight=`).
    #[doc(alias = "CPUWeight")]
    pub fn cpu_weight(self, weight: u64) -> Self {
        let weight = if weight <= 10_000 { weight } else { 0 };
        self.limited(WEIGHT, weight, "the processor weight is not from 1 to 10000")
    }

    fn limited(mut self, which: usize, value: u64, wrong: &'static str) -> Self {
        self.command.cgroup.values[which] = value;
        if value == 0 {
            self.command.wrong_limit = Some(WrongLimit(wrong));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_processors_is_a_time_in_each_period() {
        let values = |process: Process| process.command.cgroup.values;

        assert_eq!(values(Process::new("a").cpu_max(1.5)), [0, 0, 0, 150_000, 0]);
        assert_eq!(values(Process::new("a").memory_max(7).pids_max(3)), [0, 7, 3, 0, 0]);
        assert!(!Process::new("a").command.cgroup.is_any());
    }

    #[test]
    fn what_makes_no_sense_is_a_mistake_of_the_description() {
        for (process, expected) in [
            (Process::new("a").memory_max(0), "the memory is limited to nothing"),
            (Process::new("a").pids_max(0), "it may have no process"),
            (Process::new("a").cpu_max(f64::NAN), "the processor time is not from 0.01 processors on"),
            (Process::new("a").cpu_max(0.001), "the processor time is not from 0.01 processors on"),
            (Process::new("a").cpu_weight(10_001), "the processor weight is not from 1 to 10000"),
        ] {
            assert_eq!(process.problem().as_deref(), Some(expected));
        }
    }
}
