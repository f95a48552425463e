//! Which limit it is that keeps a program from being started, and whose.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::geteuid;

/// Whose shortage it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This program's.
    Ours,
    /// The process's that was to start the program: a helper, which has limits of its own.
    Helper,
}

/// The limit behind an error, in words that follow "cannot be started now: ".
pub(crate) fn limit_behind(error: &io::Error, whose: Whose) -> Option<String> {
    match (error.raw_os_error()?, whose) {
        (libc::EMFILE, Whose::Ours) => {
            let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
            Some(format!("this program may have {soft} descriptors open (RLIMIT_NOFILE)"))
        }
        (libc::EMFILE, Whose::Helper) => Some(
            "the helper that starts programs may have no more descriptors open (RLIMIT_NOFILE)".to_owned(),
        ),
        (libc::ENFILE, _) => Some("the system may have no more files open (fs.file-max)".to_owned()),
        (libc::ETOOMANYREFS, _) => Some(
            "too many descriptors of this user are on their way to other processes (RLIMIT_NOFILE)"
                .to_owned(),
        ),
        (libc::EAGAIN, _) => Some(limit_of_processes()),
        _ => None,
    }
}

/// What follows a text about something that could not be had.
pub(crate) fn and_limit(limit: Option<&str>) -> String {
    limit.map_or_else(String::new, |limit| format!(", {limit}"))
}

/// The limit of this program's that is behind an error, on one line.
#[doc(hidden)]
pub fn own_limit_behind(error: &io::Error) -> Option<String> {
    limit_behind(error, Whose::Ours)
}

/// What limits the number of processes and threads here, on one line.
fn limit_of_processes() -> String {
    if let Some(limit) = full_cgroup() {
        return limit;
    }
    let user = geteuid();
    match getrlimit(Resource::RLIMIT_NPROC) {
        Ok((soft, _)) if soft != libc::RLIM_INFINITY && !user.is_root() => {
            format!("user {user} may have {soft} processes and threads (RLIMIT_NPROC)")
        }
        _ => "there may be no more processes: RLIMIT_NPROC of the user, pids.max of the cgroup, or kernel.pid_max"
            .to_owned(),
    }
}

/// How often each cgroup from ours up has refused a process, when this program began to start some. The system counts
/// since the cgroup was made, and what it refused others is no reason.
static REFUSED_BEFORE: OnceLock<BTreeMap<PathBuf, u64>> = OnceLock::new();

/// Takes note of what has been refused so far, the first time that this is called.
pub(crate) fn note_former_refusals() {
    REFUSED_BEFORE.get_or_init(|| {
        let places = own_places();
        let cgroups = places.iter().flat_map(|place| place.ancestors());
        cgroups.filter_map(|cgroup| Some((cgroup.to_owned(), refused(cgroup)?))).collect()
    });
}

/// The first cgroup from ours up whose processes are as many as it may have, or were.
fn full_cgroup() -> Option<String> {
    let before =
        |cgroup: &Path| REFUSED_BEFORE.get().and_then(|all| all.get(cgroup)).copied().unwrap_or_default();
    own_places().iter().find_map(|place| place.ancestors().find_map(|cgroup| full(cgroup, before(cgroup))))
}

fn own_places() -> Vec<PathBuf> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    places(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
}

/// Where this process's own cgroup is, in the hierarchies that count processes: of version 2, or the one of version 1.
fn places(mounts: &str, own: &str) -> Vec<PathBuf> {
    let own = |controller: &str| {
        own.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|one| one == controller).then_some(path)
        })
    };
    let place = |line: &str| {
        let (fields, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let own = match (kind.next()?, kind.nth(1)?) {
            ("cgroup2", _) => own("")?,
            ("cgroup", options) if options.split(',').any(|option| option == "pids") => own("pids")?,
            _ => return None,
        };
        let mut fields = fields.split(' ').skip(3);
        let (root, at) = (fields.next()?, fields.next()?);
        Some(Path::new(at).join(Path::new(own).strip_prefix(root).ok()?))
    };
    mounts.lines().filter_map(place).collect()
}

/// A cgroup that has as many processes as it may have, or has refused one since it had refused so many.
fn full(cgroup: &Path, refused_before: u64) -> Option<String> {
    let number = |file| fs::read_to_string(cgroup.join(file)).ok()?.trim().parse::<u64>().ok();
    let (most, present) = (number("pids.max")?, number("pids.current")?);
    // What was too much may have gone again by now, as threads do that were started with the one that was refused.
    let has_refused = || refused(cgroup).is_some_and(|refused| refused > refused_before);
    (present >= most || has_refused())
        .then(|| format!("the cgroup {} may have {most} processes (pids.max)", cgroup.display()))
}

/// How many processes a cgroup has refused since it was made: this cgroup alone, where the system says that.
fn refused(cgroup: &Path) -> Option<u64> {
    let read = |file| fs::read_to_string(cgroup.join(file)).ok();
    let events = read("pids.events.local").or_else(|| read("pids.events"))?;
    events.lines().find_map(|line| line.strip_prefix("max "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_with_whose_it_is() {
        let named = |errno, whose| limit_behind(&io::Error::from_raw_os_error(errno), whose);

        let ours = named(libc::EMFILE, Whose::Ours).unwrap();
        assert!(ours.starts_with("this program may have ") && ours.ends_with("(RLIMIT_NOFILE)"), "{ours}");
        assert!(named(libc::EMFILE, Whose::Helper).unwrap().starts_with("the helper"));
        assert!(named(libc::EAGAIN, Whose::Ours).is_some());
        assert_eq!(named(libc::ETXTBSY, Whose::Ours), None);
    }

    #[test]
    fn a_cgroup_that_is_full_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("pids.max"), "7\n").unwrap();
        fs::write(directory.path().join("pids.current"), "7\n").unwrap();

        let named = full(directory.path(), 0).unwrap();

        assert!(named.ends_with("may have 7 processes (pids.max)"), "{named}");
        fs::write(directory.path().join("pids.current"), "3\n").unwrap();
        assert_eq!(full(directory.path(), 0), None);
        fs::write(directory.path().join("pids.events"), "max 1\n").unwrap();
        assert_eq!(full(directory.path(), 1), None, "that was before this program");
        assert_eq!(full(directory.path(), 0), Some(named));
        fs::write(directory.path().join("pids.max"), "max\n").unwrap();
        assert_eq!(full(directory.path(), 0), None);
    }

    #[test]
    fn processes_are_counted_in_version_2_and_in_one_hierarchy_of_version_1() {
        let mounts = "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      32 23 0:28 /box /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids\n\
                      33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let own = "8:pids:/box/app\n1:cpu:/\n0::/user/app\n";

        let places = places(mounts, own);

        assert_eq!(places, ["/sys/fs/cgroup/pids/app", "/sys/fs/cgroup/unified/user/app"].map(PathBuf::from));
    }
}
