//! Where a misbehaving program runs: how far it is followed, and for which user.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::unistd::Uid;
use rootward_tests::{NOBODY, happens};

/// How far a program is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Group,
    Tree,
    TreeAndCgroup,
}

/// As which user it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// The user that runs the tests.
    Ours,
    /// The user `nobody`, which has no privileges.
    Nobody,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) level: Level,
    pub(crate) user: User,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Tree => "tree",
            Self::TreeAndCgroup => "tree+cgroup",
        }
    }
}

/// All places that there are on this system.
pub(crate) fn all() -> Vec<Place> {
    let mut places = vec![Place { level: Level::Group, user: User::Ours }];
    places.extend(trees());
    places
}

/// The places where all descendants are followed.
pub(crate) fn trees() -> Vec<Place> {
    let mut places = Vec::new();
    let has_cgroups = cgroup().is_some();
    if has_cgroups {
        places.push(Place { level: Level::TreeAndCgroup, user: User::Ours });
    }
    places.push(Place { level: Level::Tree, user: User::Ours });
    if Uid::effective().is_root() && can_be_run_by_another_user(Path::new(env!("CARGO_BIN_EXE_contains"))) {
        places.push(Place { level: Level::Tree, user: User::Nobody });
        if has_cgroups {
            places.push(Place { level: Level::TreeAndCgroup, user: User::Nobody });
        }
    }
    places
}

/// A cgroup that has been handed to the user `nobody`, which may do there what it likes. It is removed together with
/// this.
pub(crate) struct Delegated(PathBuf);

impl Delegated {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let parent = cgroup().expect("there are cgroups in this place");
        let directory = parent.join(format!("delegated-{}-{number}", std::process::id()));
        fs::create_dir(&directory).expect("cgroups can be made here");
        for file in ["", "cgroup.procs"] {
            chown(directory.join(file), Some(NOBODY), Some(NOBODY)).expect("it is ours");
        }
        Self(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        // Processes that are still in there are found by other checks.
        happens(|| remove_all(&self.0));
    }
}

fn remove_all(cgroup: &Path) -> bool {
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_all(&entry.path());
        }
    }
    fs::remove_dir(cgroup).is_ok()
}

/// Our own cgroup of version 2, if others can be made and killed in it.
fn cgroup() -> Option<PathBuf> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let own = read("/proc/self/cgroup");
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounts = read("/proc/self/mountinfo");
    let is_one = |line: &&str| line.contains(" - cgroup2 ") && line.split(' ').nth(3) == Some("/");
    let mounts = mounts.lines().filter(is_one).filter_map(|line| line.split(' ').nth(4));
    mounts.map(|mount| Path::new(mount).join(own)).find(|place| {
        let thread = std::thread::current().id();
        let trial = place.join(format!("trial-{}-{thread:?}", std::process::id()));
        let made = fs::create_dir(&trial).is_ok();
        let can_kill = trial.join("cgroup.kill").exists();
        let _ = fs::remove_dir(&trial);
        made && can_kill
    })
}

pub(crate) fn can_be_run_by_another_user(program: &Path) -> bool {
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0);
    program.ancestors().all(is_open)
}

/// Says why a test has nothing to show here.
#[expect(clippy::print_stdout, reason = "a reader of the test's output wants to know")]
pub(crate) fn nothing_to_show(why: &str) {
    println!("nothing to show here: {why}");
}
