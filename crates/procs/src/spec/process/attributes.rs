//! As whom a process runs, and within which limits.

use super::Process;
use crate::spec::Limit;

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
