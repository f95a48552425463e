//! A failure that is foreseen, and the part of the description to which it belongs.

use std::fmt;

use crate::spec::Limit;

/// Something that would keep a process from being started or from getting ready, here and now: see
/// [`Process::foresee`](crate::Process::foresee).
///
/// Its text names the thing and the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeseenFailure {
    about: DescribedPart,
    is_certain: bool,
    reason: String,
}

/// A part of the description of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescribedPart {
    /// The program.
    Program,
    /// [`Process::args`](crate::Process::args), counted from 0.
    Argument(usize),
    /// [`Process::env`](crate::Process::env): the variable with this number in the order of the names, counted from 0.
    Variable(usize),
    /// [`Process::current_dir`](crate::Process::current_dir).
    Directory,
    /// [`Process::env_file`](crate::Process::env_file), counted from 0.
    EnvFile(usize),
    /// [`Process::stdin`](crate::Process::stdin).
    Stdin,
    /// [`Process::log_file`](crate::Process::log_file).
    LogFile,
    /// [`Process::listen`](crate::Process::listen), counted from 0.
    Socket(usize),
    /// [`Process::ready`](crate::Process::ready).
    Ready,
    /// [`Process::health`](crate::Process::health).
    Health,
    /// [`Process::stop_command`](crate::Process::stop_command).
    StopCommand,
    /// [`Process::user`](crate::Process::user), with the groups that follow from it.
    User,
    /// [`Process::group`](crate::Process::group).
    Group,
    /// [`Process::supplementary_groups`](crate::Process::supplementary_groups).
    SupplementaryGroups,
    /// [`Process::limit`](crate::Process::limit).
    Limit(Limit),
    /// [`Process::nice`](crate::Process::nice).
    Nice,
    /// [`Process::cpus`](crate::Process::cpus).
    Cpus,
    /// [`Process::oom_score_adjust`](crate::Process::oom_score_adjust).
    OomScore,
    /// [`Process::capabilities`](crate::Process::capabilities).
    Capabilities,
    /// A limit of its cgroup, such as [`Process::memory_max`](crate::Process::memory_max).
    Cgroup,
}

impl ForeseenFailure {
    /// One that nothing but a change of the description, of this program's rights or of the machine prevents.
    pub(super) fn certain(about: DescribedPart, reason: String) -> Self {
        Self { about, is_certain: true, reason }
    }

    /// One that something may prevent before the process is started.
    pub(super) fn possible(about: DescribedPart, reason: String) -> Self {
        Self { about, is_certain: false, reason }
    }

    /// The same, of what belongs to this part: a command beside the process.
    pub(super) fn beside(self, about: DescribedPart, what: &str) -> Self {
        Self { about, reason: format!("its {what}: {}", self.reason), ..self }
    }

    /// The part of the description that would fail.
    pub fn about(&self) -> DescribedPart {
        self.about
    }

    /// Whether it fails for certain if this program starts the process on this machine: the program has no right to
    /// it, the machine has no such thing, nothing can be at its path, or it is longer than the system takes. What is
    /// not there now may be there when the time comes: that is not certain.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }
}

impl fmt::Display for ForeseenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
