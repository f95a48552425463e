//! A program that becomes another user, where that is possible and where it is not: only a cgroup, or root, reaches it
//! then.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::Uid;
use tempfile::TempDir;

use crate::ends;
use crate::place::{self, Level, Place, User, nothing_to_show};
use crate::record::end;
use crate::scene::{Goes, Misbehaviour, Scene, Stays};
use crate::supervisor::Supervisor;

/// A user that is neither root nor `nobody`.
const SOMEBODY: u32 = 54_321;

#[test]
fn a_process_that_has_changed_its_user_is_gone_after_a_stop() {
    wherever_it_is_within_reach(ends::stop_at);
}

#[test]
fn a_process_that_has_changed_its_user_is_gone_before_it_is_started_again() {
    wherever_it_is_within_reach(ends::restart_at);
}

#[test]
fn a_process_that_has_changed_its_user_is_gone_soon_after_its_supervisor_was_killed() {
    wherever_it_is_within_reach(ends::kill_of_the_supervisor_at);
}

#[test]
fn a_process_that_has_changed_its_user_is_gone_when_the_warden_was_killed_and_the_supervisor_has_left() {
    wherever_it_is_within_reach(ends::kill_of_the_warden_at);
}

#[test]
fn a_process_that_is_out_of_reach_is_reported_at_the_deadline_and_reaped_when_it_has_gone() {
    let Some(program) = Program::new() else { return };
    let places = place::trees();
    let out_of_reach = |place: &&Place| place.user == User::Nobody && place.level == Level::Tree;
    let Some(place) = places.iter().find(out_of_reach) else {
        return nothing_to_show("no other user can execute these programs");
    };
    let (grace, deadline) = (Duration::from_millis(100), Duration::from_secs(1));
    let mut scene = Scene::with(*place, |register| {
        Supervisor::start_with_deadline(*place, program.path(), grace, register, deadline)
    });
    let members = scene.record.processes();
    let leader = scene.leader.process;
    let other = *members.iter().find(|member| **member != leader).expect("it has a child");

    scene.supervisor.signal(Signal::SIGTERM);
    let status = scene.supervisor.finish();

    assert_eq!(status, Some(4));
    assert!(!leader.is_alive() && other.is_alive());
    assert_eq!(scene.supervisor.heard.lines_after("child outcome "), ["Unreapable"]);
    scene.assert_named(&members, "Unreapable");
    assert!(!scene.supervisor.helpers_alive().is_empty(), "its reaper stays with it");

    end(other);
    scene.wait_until_empty();
}

fn wherever_it_is_within_reach(ends: fn(Place, Misbehaviour)) {
    let Some(program) = Program::new() else { return };
    for place in place::trees() {
        let goes = match (place.user, place.level) {
            // Root may signal every process.
            (User::Ours, _) => Goes::WhenAsked,
            // A cgroup can kill and not ask.
            (User::Nobody, Level::TreeAndCgroup) => Goes::WhenKilled,
            (User::Nobody, Level::Tree | Level::Group) => continue,
        };
        let it = Misbehaviour { program: program.path(), stays: Stays::Nowhere, goes };
        ends(place, it);
    }
}

/// The program, in a place of its own, with the set-user-ID bit: a process that executes it becomes another user.
struct Program {
    path: &'static str,
    _directory: TempDir,
}

impl Program {
    /// `None` if there can be none here.
    fn new() -> Option<Self> {
        if !Uid::effective().is_root() {
            nothing_to_show("only root can make a program that changes its user");
            return None;
        }
        let directory = tempfile::tempdir().expect("there is a place for temporary files");
        let flags = statvfs(directory.path()).expect("it is there").flags();
        if flags.intersects(FsFlags::ST_NOSUID | FsFlags::ST_NOEXEC) {
            nothing_to_show("no program in the place for temporary files changes its user");
            return None;
        }
        let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        let path = directory.path().join("changes_its_user");
        fs::copy(env!("CARGO_BIN_EXE_changes_its_user"), &path).expect("there is room for it");
        chown(&path, Some(SOMEBODY), None).expect("root may");
        mode(&path, 0o4755).expect("it is ours");
        mode(directory.path(), 0o755).expect("it is ours");
        // It is a place of letters, and the few bytes stay until the tests are over.
        let path = path.to_str().expect("a path of letters").to_owned().leak();
        Some(Self { path, _directory: directory })
    }

    fn path(&self) -> &'static str {
        self.path
    }
}
