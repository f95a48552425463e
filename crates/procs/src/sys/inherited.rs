//! What a program inherits from the thread that starts it, besides descriptors, directory and environment.
//!
//! A program that a warden starts would inherit from the warden, and the application may have changed since that came
//! into being. So the application's side looks at what it has now, compares that with what the starter had, and sends
//! along what differs; see [`apply`](super::apply).

use std::fs;
use std::io;
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{getgroups, getresgid, getresuid};

use super::raw;
use super::refused::named_if_refused;

/// Which parts of a list of words are to be applied: the first word of the list.
pub(super) const IDENTITY: u64 = 1;
pub(super) const GROUPS: u64 = 1 << 1;
pub(super) const LIMITS: u64 = 1 << 2;
pub(super) const NICE: u64 = 1 << 3;
pub(super) const MASK: u64 = 1 << 4;
pub(super) const CAPABILITIES: u64 = 1 << 5;
pub(super) const HUMBLE: u64 = 1 << 6;
pub(super) const CPUS: u64 = 1 << 7;
pub(super) const OOM_SCORE: u64 = 1 << 8;
pub(super) const SCHEDULING: u64 = 1 << 9;
pub(super) const IO_PRIORITY: u64 = 1 << 10;

/// Where the parts stand in the list. Behind the last stand the groups.
pub(super) const USERS_AT: usize = 1;
pub(super) const GROUP_AT: usize = 4;
pub(super) const MASK_AT: usize = 7;
pub(super) const NICE_AT: usize = 8;
/// Inheritable, permitted, effective, bounding, ambient.
pub(super) const CAPABILITIES_AT: usize = 9;
/// Soft and hard, by the kernel's numbers.
pub(super) const LIMITS_AT: usize = 14;
pub(super) const LIMIT_COUNT: usize = 16;
pub(super) const OOM_SCORE_AT: usize = LIMITS_AT + 2 * LIMIT_COUNT;
pub(super) const CPUS_AT: usize = OOM_SCORE_AT + 1;
/// Room for 1024 processors.
pub(super) const CPU_WORDS: usize = 16;
/// Policy and real-time priority.
pub(super) const SCHEDULING_AT: usize = CPUS_AT + CPU_WORDS;
pub(super) const IO_PRIORITY_AT: usize = SCHEDULING_AT + 2;
pub(super) const GROUPS_AT: usize = IO_PRIORITY_AT + 1;

/// A set of processors, by their numbers.
pub(crate) type CpuSet = [u64; CPU_WORDS];

/// How far our own soft limit of descriptors is raised at most.
const MOST_DESCRIPTORS: u64 = 1 << 20;

/// The soft limit of descriptors that this library has set, and the one that was there before.
static RAISED: OnceLock<(u64, u64)> = OnceLock::new();

/// Raises this program's soft limit of open descriptors to the hard one, or to 1048576 if that is higher. Programs that
/// it starts as process children get the soft limit that there was before, unless this program has set another since.
///
/// A child takes some descriptors of this program, and the usual soft limit, 1024, is there for programs that use
/// `select`. [`Application`](https://docs.rs/rootward/latest/rootward/struct.Application.html) does this by itself.
///
/// Returns the soft limit that is in force.
///
/// # Errors
///
/// What the system says. The limit is as it was then.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let raised = hard.min(MOST_DESCRIPTORS);
    if soft >= raised {
        return Ok(soft);
    }
    setrlimit(Resource::RLIMIT_NOFILE, raised, hard)?;
    let _ = RAISED.set((raised, soft));
    Ok(raised)
}

/// What the calling thread has, and a program that it started would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inherited {
    /// Real, effective, saved.
    users: [u64; 3],
    group: [u64; 3],
    groups: Vec<u64>,
    /// Unknown where `/proc` does not tell: the kernel has no call that looks at it and no more.
    mask: Option<u64>,
    nice: i32,
    humble: bool,
    capabilities: [u64; 5],
    limits: Vec<(u64, u64)>,
    /// This and what follows is unknown where the system does not tell: then it is the starter's.
    oom_score: Option<i32>,
    /// Policy and real-time priority.
    scheduling: Option<(i32, i32)>,
    io_priority: Option<i32>,
    /// Asked for, and not looked at: what is not asked for is the starter's.
    cpus: Option<CpuSet>,
}

impl Inherited {
    /// What the calling thread has now. Its soft limit of descriptors may be one that this library has raised.
    pub(crate) fn as_it_is() -> io::Result<Self> {
        let limits = (0..LIMIT_COUNT).map(raw::limit).collect::<Result<_, _>>();
        let limits =
            limits.map_err(|errno| named_if_refused("prlimit64", io::Error::from_raw_os_error(errno)))?;
        let nice = raw::nice().unwrap_or_default();
        let it = match fs::read_to_string("/proc/thread-self/status") {
            Ok(status) => {
                Self::parse(&status, limits, nice).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
            }
            // There is no `/proc`, or it is that of another pid namespace.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::ask(limits, nice),
            Err(error) => Err(error),
        }?;
        let oom_score = fs::read_to_string("/proc/thread-self/oom_score_adj").ok();
        let scheduling = raw::scheduling();
        Ok(Self {
            oom_score: oom_score.and_then(|score| score.trim().parse().ok()),
            scheduling,
            io_priority: raw::io_priority(nice, scheduling.map(|(policy, _)| policy)),
            ..it
        })
    }

    /// The same by calls, one for each part.
    fn ask(limits: Vec<(u64, u64)>, nice: i32) -> io::Result<Self> {
        let (users, group) = (getresuid()?, getresgid()?);
        let groups = getgroups()?.into_iter().map(|group| u64::from(group.as_raw())).collect();
        let [effective, permitted, inheritable] =
            raw::capabilities().map_err(io::Error::from_raw_os_error)?;
        let [bounding, ambient] = raw::bounding_and_ambient();
        Ok(Self {
            users: [users.real, users.effective, users.saved].map(|id| id.as_raw().into()),
            group: [group.real, group.effective, group.saved].map(|id| id.as_raw().into()),
            groups,
            mask: None,
            nice,
            humble: raw::gains_no_privileges(),
            capabilities: [inheritable, permitted, effective, bounding, ambient],
            limits,
            oom_score: None,
            scheduling: None,
            io_priority: None,
            cpus: None,
        })
    }

    /// What a program is to have that the calling thread starts now.
    pub(crate) fn now() -> io::Result<Self> {
        let mut now = Self::as_it_is()?;
        if let (Some((raised, before)), Some((soft, _))) =
            (RAISED.get(), now.limits.get_mut(Resource::RLIMIT_NOFILE as usize))
        {
            if soft == raised {
                *soft = *before;
            }
        }
        Ok(now)
    }

    fn parse(status: &str, limits: Vec<(u64, u64)>, nice: i32) -> Option<Self> {
        let line = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let numbers = |key, radix| -> Option<Vec<u64>> {
            line(key)?.split_whitespace().map(|number| u64::from_str_radix(number, radix).ok()).collect()
        };
        let one = |key, radix| numbers(key, radix)?.first().copied();
        let ids = |key| numbers(key, 10)?.first_chunk::<3>().copied();
        Some(Self {
            users: ids("Uid")?,
            group: ids("Gid")?,
            groups: numbers("Groups", 10)?,
            mask: Some(one("Umask", 8)?),
            nice,
            humble: one("NoNewPrivs", 10)? != 0,
            capabilities: [
                one("CapInh", 16)?,
                one("CapPrm", 16)?,
                one("CapEff", 16)?,
                one("CapBnd", 16)?,
                one("CapAmb", 16)?,
            ],
            limits,
            oom_score: None,
            scheduling: None,
            io_priority: None,
            cpus: None,
        })
    }

    /// Has it as another user, in other groups: `None` leaves what there is.
    ///
    /// A user that is not root has no capabilities, as after `setuid`.
    pub(crate) fn become_user(&mut self, user: Option<u32>, group: Option<u32>, groups: Option<&[u32]>) {
        if let Some(group) = group {
            self.group = [group.into(); 3];
        }
        if let Some(groups) = groups {
            self.groups = groups.iter().map(|group| u64::from(*group)).collect();
        }
        let Some(user) = user.map(u64::from) else { return };
        if self.users == [user; 3] {
            return;
        }
        self.users = [user; 3];
        if user != 0 {
            let [inheritable, _, _, bounding, _] = self.capabilities;
            self.capabilities = [inheritable, 0, 0, bounding, 0];
        }
    }

    /// Whether it is this user in this group already, without a right to be another.
    pub(crate) fn is_bound_to(&self, user: u32, group: u32) -> bool {
        /// The bit of the capability to change groups.
        const CAP_SETGID: u64 = 1 << 6;
        self.users == [user.into(); 3]
            && self.group == [group.into(); 3]
            && self.capabilities[2] & CAP_SETGID == 0
    }

    /// Has it with these capabilities and no others, after it has become the user that it is to be.
    pub(crate) fn set_capabilities(&mut self, set: u64) {
        let [_, _, _, bounding, _] = self.capabilities;
        // An exec gives root all that is not bounded, and other users what is ambient.
        let handed_on = if self.users[1] == 0 { 0 } else { set };
        self.capabilities = [handed_on, set, set, bounding & set, handed_on];
    }

    /// Soft and hard, by the kernel's number.
    pub(crate) fn set_limit(&mut self, number: usize, (soft, hard): (u64, u64)) {
        if let Some(limit) = self.limits.get_mut(number) {
            *limit = (soft, hard);
        }
    }

    pub(crate) fn set_mask(&mut self, mask: u32) {
        self.mask = Some(mask.into());
    }

    pub(crate) fn set_nice(&mut self, nice: i32) {
        self.nice = nice;
    }

    pub(crate) fn set_humble(&mut self) {
        self.humble = true;
    }

    pub(crate) fn set_oom_score(&mut self, score: i32) {
        self.oom_score = Some(score);
    }

    pub(crate) fn set_cpus(&mut self, cpus: CpuSet) {
        self.cpus = Some(cpus);
    }

    /// What a child of a starter that has `starter` must be given so that it has this, as words for
    /// [`apply`](super::apply). Nothing if it has all of it.
    pub(crate) fn beyond(&self, starter: &Self) -> Vec<u64> {
        fn differs<T: PartialEq>(ours: Option<T>, its: Option<T>) -> bool {
            ours.is_some() && ours != its
        }
        let parts = [
            (IDENTITY, self.users != starter.users || self.group != starter.group),
            (GROUPS, self.groups != starter.groups),
            (LIMITS, self.limits != starter.limits),
            (NICE, self.nice != starter.nice),
            (MASK, self.mask.is_some_and(|mask| starter.mask != Some(mask))),
            (CAPABILITIES, self.capabilities != starter.capabilities),
            (HUMBLE, self.humble && !starter.humble),
            (CPUS, self.cpus.is_some()),
            (OOM_SCORE, differs(self.oom_score, starter.oom_score)),
            (SCHEDULING, differs(self.scheduling, starter.scheduling)),
            (IO_PRIORITY, differs(self.io_priority, starter.io_priority)),
        ];
        let differ = parts.iter().filter(|(_, differs)| *differs).fold(0, |all, (part, _)| all | part);
        if differ == 0 {
            return Vec::new();
        }
        let limits = self.limits.iter().flat_map(|(soft, hard)| [*soft, *hard]);
        let (policy, priority) = self.scheduling.unwrap_or_default();
        [differ]
            .into_iter()
            .chain(self.users)
            .chain(self.group)
            .chain([self.mask.unwrap_or_default(), i64::from(self.nice) as u64])
            .chain(self.capabilities)
            .chain(limits)
            .chain([i64::from(self.oom_score.unwrap_or_default()) as u64])
            .chain(self.cpus.unwrap_or_default())
            .chain([policy, priority, self.io_priority.unwrap_or_default()].map(|it| i64::from(it) as u64))
            .chain(self.groups.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Name:\tsh
Umask:\t0022
Uid:\t1\t2\t3\t4
Gid:\t5\t6\t7\t8
Groups:\t10 11 
NoNewPrivs:\t0
CapInh:\t0000000000000000
CapPrm:\t000001ffffffffff
CapEff:\t0000000000000001
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
";

    #[test]
    fn a_status_is_read() {
        let limits = vec![(1, 2); LIMIT_COUNT];

        let it = Inherited::parse(STATUS, limits.clone(), -5).unwrap();

        assert_eq!((it.users, it.group, it.groups.as_slice()), ([1, 2, 3], [5, 6, 7], &[10, 11][..]));
        assert_eq!((it.mask.unwrap(), it.humble, it.capabilities[2]), (0o22, false, 1));
        assert_eq!(Inherited::parse("Uid:\t1", limits, 0), None);
        assert!(Inherited::as_it_is().is_ok());
    }

    #[test]
    fn capabilities_that_are_kept_are_ambient_for_users_that_are_not_root() {
        let mut it = Inherited::parse(STATUS, vec![(1, 2); LIMIT_COUNT], 0).unwrap();
        it.become_user(Some(0), None, None);
        it.set_capabilities(6);
        assert_eq!(it.capabilities, [0, 6, 6, 6, 0]);

        it.become_user(Some(7), None, None);
        it.set_capabilities(2);
        assert_eq!(it.capabilities, [2, 2, 2, 2, 2]);
    }

    #[test]
    fn without_proc_the_same_is_asked_for_by_calls() {
        let told = Inherited::as_it_is().unwrap();

        let mut asked = Inherited::ask(told.limits.clone(), told.nice).unwrap();

        assert_eq!(asked.beyond(&told), [], "what is not known does not differ");
        assert_eq!(asked.mask.take(), None);
        asked.groups.sort_unstable();
        let unknown = Inherited { mask: None, oom_score: None, scheduling: None, io_priority: None, ..told };
        assert_eq!(asked, unknown);
    }

    #[test]
    fn only_what_differs_is_to_be_applied() {
        let starter = Inherited::parse(STATUS, vec![(1, 2); LIMIT_COUNT], 0).unwrap();
        assert_eq!(starter.beyond(&starter), []);

        let mut now = starter.clone();
        now.mask = Some(0o77);
        now.groups = vec![12];
        now.limits[1] = (0, 0);
        now.nice = -1;
        let words = now.beyond(&starter);

        assert_eq!(words[0], MASK | GROUPS | LIMITS | NICE);
        assert_eq!((words[MASK_AT], words[NICE_AT], &words[GROUPS_AT..]), (0o77, u64::MAX, &[12][..]));
        assert_eq!(words[LIMITS_AT..LIMITS_AT + 4], [1, 2, 0, 0]);
        assert_eq!(&words[USERS_AT..GROUP_AT], [1, 2, 3]);
    }
}
