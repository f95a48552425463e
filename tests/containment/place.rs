//! Where a misbehaving program runs: how far it is followed, and for which user.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::unistd::Uid;

/// How far a program is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Group,
    Tree,
    TreeAndCgroup,
}

/// For whom it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs the tests.
    Ours,
    /// One without privileges.
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
    if has_cgroups() {
        places.push(Place { level: Level::TreeAndCgroup, user: User::Ours });
    }
    places.push(Place { level: Level::Tree, user: User::Ours });
    if Uid::effective().is_root() && can_be_run_by_nobody(Path::new(env!("CARGO_BIN_EXE_contains"))) {
        places.push(Place { level: Level::Tree, user: User::Nobody });
    }
    places
}

/// Whether cgroups of version 2 can be made next to our own.
fn has_cgroups() -> bool {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let own = read("/proc/self/cgroup");
    let Some(own) = own.lines().find_map(|line| line.strip_prefix("0::/")) else { return false };
    let mounts = read("/proc/self/mountinfo");
    let is_one = |line: &&str| line.contains(" - cgroup2 ") && line.split(' ').nth(3) == Some("/");
    mounts.lines().filter(is_one).filter_map(|line| line.split(' ').nth(4)).any(|mount| {
        let trial = Path::new(mount).join(own).join(format!(
            "trial-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let made = fs::create_dir(&trial).is_ok();
        let can_kill = trial.join("cgroup.kill").exists();
        let _ = fs::remove_dir(&trial);
        made && can_kill
    })
}

fn can_be_run_by_nobody(program: &Path) -> bool {
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0);
    program.ancestors().all(is_open)
}
