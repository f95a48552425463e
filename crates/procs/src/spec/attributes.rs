//! As whom a process runs, and within which limits.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// A limit of the system's on what one process may use (`setrlimit`, systemd's `Limit…=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Limit {
    /// Memory addresses, in bytes (`RLIMIT_AS`).
    AddressSpace,
    /// The size of a core dump, in bytes (`RLIMIT_CORE`).
    CoreSize,
    /// Processor time, in seconds (`RLIMIT_CPU`).
    CpuTime,
    /// The data segment, in bytes (`RLIMIT_DATA`).
    DataSize,
    /// The size of a file that it writes, in bytes (`RLIMIT_FSIZE`).
    FileSize,
    /// Memory that is locked, in bytes (`RLIMIT_MEMLOCK`).
    LockedMemory,
    /// POSIX message queues of its user, in bytes (`RLIMIT_MSGQUEUE`).
    MessageQueues,
    /// Open descriptors (`RLIMIT_NOFILE`).
    OpenFiles,
    /// Signals of its user that are queued (`RLIMIT_SIGPENDING`).
    PendingSignals,
    /// Processes and threads of its user (`RLIMIT_NPROC`).
    Processes,
    /// The stack, in bytes (`RLIMIT_STACK`).
    StackSize,
}

impl Limit {
    /// The value that limits nothing.
    pub const UNLIMITED: u64 = u64::MAX;

    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AddressSpace,
        Self::CoreSize,
        Self::CpuTime,
        Self::DataSize,
        Self::FileSize,
        Self::LockedMemory,
        Self::MessageQueues,
        Self::OpenFiles,
        Self::PendingSignals,
        Self::Processes,
        Self::StackSize,
    ];

    /// Its name in tree files and messages: `open_files`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressSpace => "address_space",
            Self::CoreSize => "core_size",
            Self::CpuTime => "cpu_time",
            Self::DataSize => "data_size",
            Self::FileSize => "file_size",
            Self::LockedMemory => "locked_memory",
            Self::MessageQueues => "message_queues",
            Self::OpenFiles => "open_files",
            Self::PendingSignals => "pending_signals",
            Self::Processes => "processes",
            Self::StackSize => "stack_size",
        }
    }

    /// The kernel's number of it.
    pub(crate) fn number(self) -> usize {
        let number = match self {
            Self::AddressSpace => libc::RLIMIT_AS,
            Self::CoreSize => libc::RLIMIT_CORE,
            Self::CpuTime => libc::RLIMIT_CPU,
            Self::DataSize => libc::RLIMIT_DATA,
            Self::FileSize => libc::RLIMIT_FSIZE,
            Self::LockedMemory => libc::RLIMIT_MEMLOCK,
            Self::MessageQueues => libc::RLIMIT_MSGQUEUE,
            Self::OpenFiles => libc::RLIMIT_NOFILE,
            Self::PendingSignals => libc::RLIMIT_SIGPENDING,
            Self::Processes => libc::RLIMIT_NPROC,
            Self::StackSize => libc::RLIMIT_STACK,
        };
        number as usize
    }
}

/// As whom a process runs, and within which limits. What is not set is as this program has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    /// By name or number, like the next two.
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) groups: Option<Vec<String>>,
    /// Soft and hard.
    pub(crate) limits: BTreeMap<Limit, (u64, u64)>,
    pub(crate) umask: Option<u32>,
    pub(crate) nice: Option<i32>,
    pub(crate) cpus: Option<Vec<usize>>,
    pub(crate) own_session: bool,
    pub(crate) no_new_privs: bool,
    /// By their names.
    pub(crate) capabilities: Option<Vec<String>>,
    pub(crate) oom_score: Option<i32>,
    /// What user and groups were found to be, when the process is started.
    pub(crate) identity: Option<Identity>,
}

/// A user and groups, as the system's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    /// All supplementary groups. `None` leaves those of this program.
    pub(crate) groups: Option<Vec<u32>>,
    /// Whether the groups were asked for, and do not only follow from the user.
    pub(crate) groups_asked: bool,
    /// `HOME`, `LOGNAME`, `SHELL` and `USER`, if the user has an entry in the system's database.
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

impl Attributes {
    /// The first mistake in them, in words that complete "`root/web`: …".
    pub(crate) fn problem(&self) -> Option<String> {
        let names = [&self.user, &self.group].into_iter().flatten().chain(self.groups.iter().flatten());
        if names.into_iter().any(|name| name.is_empty() || name.contains('\0')) {
            return Some("a user or group has no name".into());
        }
        if let Some((limit, _)) = self.limits.iter().find(|(_, (soft, hard))| soft > hard) {
            return Some(format!("the soft limit of {} is above the hard one", limit.name()));
        }
        if self.umask.is_some_and(|mask| mask > 0o777) {
            return Some("the file mode mask has more than nine bits".into());
        }
        if self.nice.is_some_and(|nice| !(-20..=19).contains(&nice)) {
            return Some("the nice value is not from -20 to 19".into());
        }
        if self.oom_score.is_some_and(|score| !(-1000..=1000).contains(&score)) {
            return Some("the OOM score adjustment is not from -1000 to 1000".into());
        }
        if let Some(Err(unknown)) = self.capabilities.as_deref().map(super::capability_set) {
            return Some(format!("there is no capability {unknown:?}"));
        }
        let cpus = self.cpus.as_ref()?;
        if cpus.is_empty() {
            return Some("there is no processor for it to run on".into());
        }
        let wrong = cpus.iter().find(|cpu| **cpu >= Self::MOST_CPUS)?;
        Some(format!("a system has no processor {wrong}"))
    }

    /// How many processors a set may name.
    const MOST_CPUS: usize = 1024;

    pub(crate) fn names_an_identity(&self) -> bool {
        self.user.is_some() || self.group.is_some() || self.groups.is_some()
    }
}

/// What a user's programs find in their environment.
pub(crate) fn variables_of(name: &str, home: PathBuf, shell: PathBuf) -> Vec<(&'static str, OsString)> {
    vec![("HOME", home.into()), ("LOGNAME", name.into()), ("SHELL", shell.into()), ("USER", name.into())]
}
