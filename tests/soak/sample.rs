//! What the subject and its warden hold, as the system shows it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rootward_tests::Known;

use crate::flat::{Measure, Slack};

/// Nothing of these may become more.
const NONE: Slack = Slack::Count(0);

/// The library keeps between two and five reapers that have nothing to do, each with a line and possibly a cgroup.
const SPARE_REAPERS: Slack = Slack::Count(3);

/// All that is looked at.
pub(crate) const MEASURES: [Measure; 13] = [
    Measure { name: "supervisor.memory.kib", slack: Slack::Memory { kib: 2048, percent: 5 } },
    Measure { name: "supervisor.heap.kib", slack: Slack::Memory { kib: 256, percent: 5 } },
    Measure { name: "supervisor.descriptors", slack: SPARE_REAPERS },
    Measure { name: "supervisor.threads", slack: NONE },
    Measure { name: "supervisor.children", slack: NONE },
    Measure { name: "control.tasks", slack: NONE },
    Measure { name: "task.tasks", slack: NONE },
    Measure { name: "warden.memory.kib", slack: Slack::Memory { kib: 256, percent: 5 } },
    Measure { name: "warden.descriptors", slack: NONE },
    Measure { name: "warden.threads", slack: NONE },
    // Its reapers, also those that were not waited for.
    Measure { name: "warden.children", slack: SPARE_REAPERS },
    Measure { name: "processes", slack: SPARE_REAPERS },
    Measure { name: "cgroups", slack: SPARE_REAPERS },
];

/// One look, in the order of [`MEASURES`].
pub(crate) type Sample = [u64; MEASURES.len()];

/// Whether there is no more of anything that can be counted than there was.
pub(crate) fn is_no_more_than(now: &Sample, before: &Sample) -> bool {
    let mut pairs = MEASURES.iter().zip(before.iter().zip(now));
    pairs.all(|(measure, (before, now))| measure.is_memory() || measure.is_flat(*before, *now))
}

/// What the subject says about itself, because it cannot be seen from outside.
pub(crate) type Told = BTreeMap<String, u64>;

/// The processes that are looked at.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) supervisor: Known,
    pub(crate) warden: Option<Known>,
}

impl Watched {
    pub(crate) fn look(&self, told: &Told) -> Sample {
        let supervisor = self.supervisor.pid;
        let of_warden = |look: fn(u32) -> u64| self.warden.map_or(0, |warden| look(warden.pid));
        let told = |what: &str| told.get(what).copied().unwrap_or(0);
        [
            memory(supervisor),
            told("heap") / 1024,
            descriptors(supervisor),
            threads(supervisor),
            children(supervisor),
            told("control"),
            told("tasks"),
            of_warden(memory),
            of_warden(descriptors),
            of_warden(threads),
            of_warden(children),
            count(self.supervisor.descendants().len()),
            self.cgroups().iter().map(|directory| directories_in(directory)).sum(),
        ]
    }

    /// Where the warden has cgroups of its own, if it has.
    pub(crate) fn cgroups(&self) -> Vec<PathBuf> {
        let Some(warden) = self.warden else { return Vec::new() };
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let own = read("/proc/self/cgroup");
        let Some(own) = own.lines().find_map(|line| line.strip_prefix("0::/")) else { return Vec::new() };
        let mounts = read("/proc/self/mountinfo");
        let mounts = mounts.lines().filter(|line| line.contains(" - cgroup2 "));
        let places = mounts.filter_map(|line| line.split(' ').nth(4));
        // A number follows, so that a warden in another pid namespace with the same process id has others.
        let name = format!("rootward-{}-", warden.pid);
        let entries =
            places.filter_map(|place| fs::read_dir(Path::new(place).join(own)).ok()).flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&name))
            .map(|entry| entry.path())
            .collect()
    }
}

/// Resident, in kibibytes, without what is the program's file: the system drops such pages and reads them again.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn descriptors(pid: u32) -> u64 {
    entries(Path::new(&format!("/proc/{pid}/fd")))
}

fn threads(pid: u32) -> u64 {
    entries(Path::new(&format!("/proc/{pid}/task")))
}

/// Children that were not waited for are among them.
fn children(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    children.map(|children| count(children.split_whitespace().count())).sum()
}

fn entries(directory: &Path) -> u64 {
    count(fs::read_dir(directory).map_or(0, Iterator::count))
}

fn directories_in(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    count(entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir())).count())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
