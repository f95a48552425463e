//! A cgroup for every child, where the system lets us have them.
//!
//! What it adds to a reaper: it reaches processes that have changed their user, and all at once. Whether it is possible
//! is found out by trying.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::sys;

/// The cgroups of one warden's children, all in one directory.
///
/// The directory is locked as long as the warden or one of its reapers has it open. A process id would not say whether
/// the owner of a directory lives: it means something else in another pid namespace.
#[derive(Debug)]
pub(super) struct Cgroups {
    directory: PathBuf,
    /// Not closed by a drop: the warden closes all that is not at its own number.
    held: ManuallyDrop<OwnedFd>,
}

/// How many names are tried: a warden in another pid namespace may have the same process id.
const NAMES: u32 = 16;

impl Cgroups {
    /// Makes the directory. `None` if that is not possible, or children could not be started or killed in there.
    pub(super) fn create() -> Option<Self> {
        candidates(&all_places(), sys::is_delegated).find_map(Self::create_in)
    }

    fn create_in(place: &Path) -> Option<Self> {
        Self::make_in(place).filter(Self::works)
    }

    /// Makes and locks a directory of a name that no other warden has.
    fn make_in(place: &Path) -> Option<Self> {
        remove_stale(place);
        for name in 0..NAMES {
            let directory = place.join(format!("{PREFIX}{}-{name}", std::process::id()));
            match fs::create_dir(&directory) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(_) => return None,
            }
            // Another warden may have taken it for one that was left, and removed it, before it was locked.
            if let Some(held) = hold(&directory).filter(|_| directory.exists()) {
                return Some(Self { directory, held: ManuallyDrop::new(held) });
            }
        }
        None
    }

    fn works(&self) -> bool {
        let has_kill = self.directory.join("cgroup.kill").exists();
        has_kill && sys::can_start_in(self.held.as_fd())
    }

    /// A descriptor of the directory, which keeps it locked.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        self.held.as_fd().try_clone_to_owned()
    }

    /// Ends what is left in a reaper's cgroups, whose reaper is gone.
    pub(super) fn kill(&self, reaper: i32) {
        for cgroup in self.of(reaper) {
            // There may be no process in it.
            let _ = fs::write(cgroup.join("cgroup.kill"), "1");
        }
    }

    /// Removes the cgroups of a reaper that is gone, and those that its processes have made in them.
    pub(super) fn remove(&self, reaper: i32) {
        for cgroup in self.of(reaper) {
            let _ = remove_all(&cgroup);
        }
    }

    /// The cgroups of a reaper, of which those that it has left are numbered without a gap.
    fn of(&self, reaper: i32) -> Vec<PathBuf> {
        let name = |left| self.directory.join(name_of(reaper, left).as_c_str().to_string_lossy().as_ref());
        (0..=u8::MAX).map(name).take_while(|cgroup| cgroup.exists()).collect()
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        // If another program has put a process in there, the directory stays.
        let _ = fs::remove_dir(&self.directory);
    }
}

/// How the directories of wardens begin; the process id and a number follow.
const PREFIX: &str = "rootward-";

/// Removes the cgroups of wardens that have died before their time, as far as they are empty.
pub(super) fn remove_after_a_warden() {
    for place in all_places() {
        delegated_above(&place, sys::is_delegated).into_iter().for_each(remove_stale);
        remove_stale(&place);
    }
}

/// Removes what wardens have left that were killed, with all of their reapers.
fn remove_stale(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            // Nothing else can lock it while it is being removed.
            if let Some(_held) = hold(&entry.path()) {
                let _ = remove_all(&entry.path());
            }
        }
    }
}

/// The directory, locked, unless a warden or a reaper has it.
fn hold(directory: &Path) -> Option<OwnedFd> {
    let held = OwnedFd::from(File::open(directory).ok()?);
    sys::try_lock(held.as_fd()).then_some(held)
}

/// Removes a cgroup from the leaves on. Its files cannot be removed and need not be.
fn remove_all(directory: &Path) -> io::Result<()> {
    if fs::remove_dir(directory).is_ok() {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_all(&entry.path())?;
        }
    }
    fs::remove_dir(directory)
}

/// The cgroup above this one, if a service manager has handed that over: systemd's `DelegateSubgroup=` has the program
/// below it. Controllers can be passed on from there, because no process is in it.
fn delegated_above(place: &Path, is_delegated: fn(&Path) -> bool) -> Option<&Path> {
    let above = place.parent().filter(|above| is_delegated(above))?;
    fs::read_to_string(above.join("cgroup.procs"))
        .is_ok_and(|processes| processes.is_empty())
        .then_some(above)
}

/// Where the cgroups of children may be made, in the order in which that is tried.
fn candidates(places: &[PathBuf], is_delegated: fn(&Path) -> bool) -> impl Iterator<Item = &Path> {
    let delegated = places.iter().filter_map(move |place| delegated_above(place, is_delegated));
    delegated.chain(places.iter().map(PathBuf::as_path))
}

/// The directory in which the cgroups of children are made if that is possible anywhere. `None` without cgroups of
/// version 2.
pub(crate) fn place_for_children() -> Option<PathBuf> {
    candidates(&all_places(), sys::is_delegated).next().map(Path::to_owned)
}

/// The directories of this process's own cgroup of version 2.
pub(crate) fn all_places() -> Vec<PathBuf> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    places(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
}

/// The directories of a cgroup that a warden has made for a child, in which a process says that it is. None for any
/// other cgroup.
pub(crate) fn places_of_child(said: &str) -> Vec<PathBuf> {
    let is_of_child = said.lines().any(|line| {
        let cgroup = line.strip_prefix("0::").unwrap_or_default();
        cgroup.split('/').rev().take(2).zip(["child-", PREFIX]).all(|(name, prefix)| name.starts_with(prefix))
    });
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if is_of_child { places(&mounts(), said) } else { Vec::new() }
}

/// Where this process's own cgroup is, in every hierarchy of version 2 that is mounted.
fn places(mounts: &str, own: &str) -> Vec<PathBuf> {
    let Some(own) = own.lines().find_map(|line| line.strip_prefix("0::")) else { return Vec::new() };
    let place = |line: &str| {
        let (fields, kind) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(3);
        let (root, at) = (fields.next()?, fields.next()?);
        let below = Path::new(own).strip_prefix(root).ok()?;
        kind.starts_with("cgroup2 ").then(|| Path::new(at).join(below))
    };
    mounts.lines().filter_map(place).collect()
}

/// The name of a reaper's cgroup, made without allocating.
pub(super) struct Name([u8; 20]);

/// The name of a reaper's cgroup: `child-` and its process id, and behind a point how many it has left behind, if any.
pub(super) fn name_of(reaper: i32, left: u8) -> Name {
    let mut name = *b"child-\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let end = write_number(&mut name, 6, reaper.unsigned_abs());
    if left > 0 {
        // Process ids have no more than seven digits, and this no more than three, so that a zero follows.
        name[end] = b'.';
        write_number(&mut name, end + 1, u32::from(left));
    }
    Name(name)
}

/// Writes a number of at most eight digits. Returns where it ends.
fn write_number(name: &mut [u8; 20], at: usize, number: u32) -> usize {
    let mut digits = [0; 8];
    let mut rest = number;
    let mut count = 0;
    for digit in &mut digits {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    for (place, digit) in name.iter_mut().skip(at).zip(digits.iter().take(count).rev()) {
        *place = *digit;
    }
    at + count
}

impl Name {
    pub(super) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"child")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
24 18 0:22 / /sys/fs/cgroup ro - tmpfs tmpfs ro
30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
31 24 0:26 /inner /mnt rw - cgroup2 none rw
32 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu";

    #[test]
    fn the_own_cgroup_is_found_in_every_mount_that_shows_it() {
        let all = places(MOUNTS, "3:cpu:/x\n0::/inner/app\n");

        assert_eq!(all, ["/sys/fs/cgroup/unified/inner/app", "/mnt/app"].map(Path::new));
        assert_eq!(places(MOUNTS, "0::/"), [Path::new("/sys/fs/cgroup/unified/")]);
        assert_eq!(places(MOUNTS, "3:cpu:/x\n"), [] as [&Path; 0]);
    }

    /// As with systemd's `DelegateSubgroup=`.
    #[test]
    fn children_have_their_place_above_a_program_if_that_was_handed_over_and_no_process_is_in_it() {
        let tree = tempfile::tempdir().unwrap();
        let (above, own) = (tree.path().to_owned(), tree.path().join("own"));
        fs::create_dir(&own).unwrap();
        let places = [own.clone()];
        let all = |is_delegated| candidates(&places, is_delegated).map(Path::to_owned).collect::<Vec<_>>();

        fs::write(above.join("cgroup.procs"), "").unwrap();
        assert_eq!(all(|_| true), [above.clone(), own.clone()]);
        assert_eq!(all(|_| false), [own.as_path()]);
        fs::write(above.join("cgroup.procs"), "7\n").unwrap();
        assert_eq!(all(|_| true), [own]);
    }

    #[test]
    fn what_a_warden_has_left_is_removed_and_what_a_living_one_holds_is_not() {
        let place = tempfile::tempdir().unwrap();
        let names = ["rootward-3-0", "rootward-3-1", "another"];
        let [living, dead, another] = names.map(|name| place.path().join(name));
        [&living, &dead, &another].iter().for_each(|directory| fs::create_dir(directory).unwrap());
        let held = hold(&living).unwrap();
        let copy = held.try_clone().unwrap();
        drop(held);

        remove_stale(place.path());

        assert_eq!([&living, &dead, &another].map(|directory| directory.exists()), [true, false, true]);
        drop(copy);
        // A process that another test of this program forks meanwhile holds it until it has closed what it inherited.
        while living.exists() {
            remove_stale(place.path());
            std::thread::yield_now();
        }
    }

    /// R20. The process ids are equal here, as they may be in two pid namespaces.
    #[test]
    fn two_wardens_in_one_cgroup_have_a_directory_each_and_neither_removes_the_others() {
        let place = tempfile::tempdir().unwrap();

        let first = Cgroups::make_in(place.path()).unwrap();
        let second = Cgroups::make_in(place.path()).unwrap();
        remove_stale(place.path());

        assert_ne!(first.directory, second.directory);
        assert!(first.directory.exists() && second.directory.exists());
    }

    #[test]
    fn a_cgroup_is_named_after_its_reaper() {
        for (reaper, left, name) in
            [(7, 0, c"child-7"), (32_768, 0, c"child-32768"), (4_194_304, 255, c"child-4194304.255")]
        {
            assert_eq!(name_of(reaper, left).as_c_str(), name);
        }
    }
}
