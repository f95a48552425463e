//! As whom a process runs, and within which limits.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::Process;

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

/// # As whom, and within which limits
///
/// What is not set is as this program has it. What the system does not permit fails the start
/// ([`LaunchError::NotPermitted`](crate::LaunchError::NotPermitted)): nothing runs with more rights than it is to have.
impl Process {
    /// Runs it as this user, by name or number (systemd's `User=`).
    ///
    /// Its group and its supplementary groups become those of the user, unless [`group`](Self::group) or
    /// [`supplementary_groups`](Self::supplementary_groups) say otherwise; it has no capabilities if the user is not
    /// root; and `HOME`, `USER`, `LOGNAME` and `SHELL` are the user's unless [`env`](Self::env) sets or removes them.
    /// A number that the system has no entry for needs a [`group`](Self::group), and sets no variables.
    ///
    /// The user is looked up when the tree is built, where an unknown one is a mistake in its description, and again at
    /// each start ([`LaunchError::UnknownUser`](crate::LaunchError::UnknownUser)). To run as another user takes root's
    /// rights.
    #[doc(alias = "User")]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.command.attributes.user = Some(user.into());
        self
    }

    /// Runs it in this group, by name or number, instead of the user's (systemd's `Group=`).
    #[doc(alias = "Group")]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.command.attributes.group = Some(group.into());
        self
    }

    /// Gives it these supplementary groups and no others, by name or number.
    #[doc(alias = "SupplementaryGroups")]
    pub fn supplementary_groups<G: Into<String>>(mut self, groups: impl IntoIterator<Item = G>) -> Self {
        self.command.attributes.groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a limit, soft and hard. [`Limit::UNLIMITED`] is none.
    ///
    /// A hard limit above this program's takes root's rights.
    pub fn limit(self, limit: Limit, value: u64) -> Self {
        self.limit_between(limit, value, value)
    }

    /// Sets a soft limit, and the hard one up to which the process may raise it by itself.
    pub fn limit_between(mut self, limit: Limit, soft: u64, hard: u64) -> Self {
        self.command.attributes.limits.insert(limit, (soft, hard));
        self
    }

    /// Sets the file mode mask, `0o027` for example (systemd's `UMask=`).
    #[doc(alias = "UMask")]
    pub fn umask(mut self, mask: u32) -> Self {
        self.command.attributes.umask = Some(mask);
        self
    }

    /// Sets the nice value, from -20 to 19. A lower one than this program's takes root's rights, or `RLIMIT_NICE`.
    pub fn nice(mut self, nice: i32) -> Self {
        self.command.attributes.nice = Some(nice);
        self
    }

    /// Lets it run on these processors only, which count from 0 (systemd's `CPUAffinity=`).
    ///
    /// Numbers of processors that are not there are left out, unless none is left.
    #[doc(alias = "CPUAffinity")]
    pub fn cpus(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.command.attributes.cpus = Some(cpus.into_iter().collect());
        self
    }

    /// Makes it the leader of a session of its own, without a terminal, instead of a group in this program's session.
    ///
    /// A process that wants a terminal of its own, or that must not find this program's, needs one.
    pub fn own_session(mut self) -> Self {
        self.command.attributes.own_session = true;
        self
    }

    /// Says how soon the system kills it when there is no memory left: from -1000, never, to 1000, first (systemd's
    /// `OOMScoreAdjust=`). A lower one than this program's takes root's rights.
    #[doc(alias = "OOMScoreAdjust")]
    pub fn oom_score_adjust(mut self, score: i32) -> Self {
        self.command.attributes.oom_score = Some(score);
        self
    }

    /// Has nothing that it executes give it more rights than it has: set-user-ID programs and file capabilities have no
    /// effect (systemd's `NoNewPrivileges=`).
    #[doc(alias = "NoNewPrivileges")]
    pub fn no_new_privs(mut self) -> Self {
        self.command.attributes.no_new_privs = true;
        self
    }
}

/// What a user's programs find in their environment.
pub(crate) fn variables_of(name: &str, home: PathBuf, shell: PathBuf) -> Vec<(&'static str, OsString)> {
    vec![("HOME", home.into()), ("LOGNAME", name.into()), ("SHELL", shell.into()), ("USER", name.into())]
}
