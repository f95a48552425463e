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

/// Which parts of a list of words are to be applied: the first word of the list.
pub(super) const IDENTITY: u64 = 1;
pub(super) const GROUPS: u64 = 1 << 1;
pub(super) const LIMITS: u64 = 1 << 2;
pub(super) const NICE: u64 = 1 << 3;
pub(super) const MASK: u64 = 1 << 4;
pub(super) const CAPABILITIES: u64 = 1 << 5;
pub(super) const HUMBLE: u64 = 1 << 6;

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
pub(super) const GROUPS_AT: usize = LIMITS_AT + 2 * LIMIT_COUNT;

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
}

impl Inherited {
    /// What the calling thread has now. Its soft limit of descriptors may be one that this library has raised.
    pub(crate) fn as_it_is() -> io::Result<Self> {
        let limits = (0..LIMIT_COUNT).map(raw::limit).collect::<Result<_, _>>();
        let limits = limits.map_err(io::Error::from_raw_os_error)?;
        let nice = raw::nice().unwrap_or_default();
        match fs::read_to_string("/proc/thread-self/status") {
            Ok(status) => {
                Self::parse(&status, limits, nice).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
            }
            // There is no `/proc`, or it is that of another pid namespace.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::ask(limits, nice),
            Err(error) => Err(error),
        }
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
        })
    }

    /// What a child of a starter that has `starter` must be given so that it has this, as words for
    /// [`apply`](super::apply). Nothing if it has all of it.
    pub(crate) fn beyond(&self, starter: &Self) -> Vec<u64> {
        let parts = [
            (IDENTITY, self.users != starter.users || self.group != starter.group),
            (GROUPS, self.groups != starter.groups),
            (LIMITS, self.limits != starter.limits),
            (NICE, self.nice != starter.nice),
            (MASK, self.mask.zip(starter.mask).is_some_and(|(mine, its)| mine != its)),
            (CAPABILITIES, self.capabilities != starter.capabilities),
            (HUMBLE, self.humble && !starter.humble),
        ];
        let differ = parts.iter().filter(|(_, differs)| *differs).fold(0, |all, (part, _)| all | part);
        if differ == 0 {
            return Vec::new();
        }
        let limits = self.limits.iter().flat_map(|(soft, hard)| [*soft, *hard]);
        [differ]
            .into_iter()
            .chain(self.users)
            .chain(self.group)
            .chain([self.mask.unwrap_or_default(), i64::from(self.nice) as u64])
            .chain(self.capabilities)
            .chain(limits)
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
    fn without_proc_the_same_is_asked_for_by_calls() {
        let told = Inherited::as_it_is().unwrap();

        let mut asked = Inherited::ask(told.limits.clone(), told.nice).unwrap();

        assert_eq!(asked.beyond(&told), [], "what is not known does not differ");
        assert_eq!(asked.mask.take(), None);
        asked.groups.sort_unstable();
        assert_eq!(asked, Inherited { mask: None, ..told });
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
