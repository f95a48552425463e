//! What the processes of a set use: read when it is asked for, and never else.
//!
//! [`sum`] adds up what the system says of each process; here it is read. What is read of a process is read at once,
//! but the processes one after the other: what they use while others are read is counted once or not at all.

mod sum;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rootward_core::Usage;

use crate::group::descendants_of;
use crate::set::ProcessSet;
use crate::sys;
use crate::warden::cgroup;

use sum::{ProcessUsage, sum};

/// How much all processes of a set use. `None` if no process is left that the system tells of.
pub(crate) fn usage_of(set: &ProcessSet) -> Option<Usage> {
    // Once it is empty its numbers may be those of other processes.
    let (before, usage) = (is_over(set), sum_of(set));
    usage.filter(|_| !before && !is_over(set))
}

fn is_over(set: &ProcessSet) -> bool {
    set.reaper().is_some() && !set.will_notify()
}

fn sum_of(set: &ProcessSet) -> Option<Usage> {
    if !sys::proc_is_ours() {
        return None;
    }
    let cgroup = set.reaper().and_then(|_| cgroup_of(set.pid()));
    let members = match (&cgroup, set.reaper()) {
        (Some(cgroup), _) => members_of(cgroup),
        (None, Some(reaper)) => descendants_of(reaper),
        (None, None) => group_members(set),
    };
    let processes: Vec<ProcessUsage> = members.into_iter().filter_map(read).collect();
    let mut usage = sum(&processes, page_size())?;
    if let Some(cpu) = cgroup.and_then(|cgroup| cpu_of(&cgroup)) {
        usage.cpu = cpu;
    }
    Some(usage)
}

/// The cgroup that a warden has made for the program, if the program is still in it.
fn cgroup_of(program: i32) -> Option<PathBuf> {
    let own = fs::read_to_string(format!("/proc/{program}/cgroup")).ok()?;
    cgroup::places_of_child(&own).into_iter().find(|place| place.join("cgroup.procs").exists())
}

/// The processes of a cgroup and of those that they have made in it.
fn members_of(cgroup: &Path) -> Vec<i32> {
    let list = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
    let mut members: Vec<i32> = list.lines().filter_map(|line| line.parse().ok()).collect();
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            members.extend(members_of(&entry.path()));
        }
    }
    members
}

fn cpu_of(cgroup: &Path) -> Option<Duration> {
    let stat = fs::read_to_string(cgroup.join("cpu.stat")).ok()?;
    let micros = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    Some(Duration::from_micros(micros.parse().ok()?))
}

/// All processes of the group: the system has no list of them.
fn group_members(set: &ProcessSet) -> Vec<i32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| set.has(*pid)).collect()
}

fn read(pid: i32) -> Option<ProcessUsage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok();
    let io = fs::read_to_string(format!("/proc/{pid}/io")).ok();
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok().map(|entries| entries.count() as u64);
    ProcessUsage::of(&stat, statm.as_deref(), io.as_deref(), descriptors)
}

fn page_size() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}
