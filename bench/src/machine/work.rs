//! How much processes have done: time on a processor, and how often one of their threads was woken.

use std::collections::BTreeMap;
use std::fs;

/// What each thread of some processes has done so far.
pub struct Work(BTreeMap<u32, Done>);

#[derive(Clone, Copy, Default)]
struct Done {
    nanos: u64,
    switches: u64,
}

impl Work {
    /// Of all threads of these processes but one, which is the one that measures.
    pub fn of(processes: &[u32], but: Option<u32>) -> Self {
        let threads = processes.iter().flat_map(|pid| threads(*pid));
        Self(threads.filter(|tid| Some(*tid) != but).filter_map(|tid| Some((tid, done(tid)?))).collect())
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds on a processor, and context switches: each is one time that a thread has woken.
    pub fn since(&self, earlier: &Self) -> (f64, f64) {
        let (mut nanos, mut switches) = (0, 0);
        for (tid, now) in &self.0 {
            let before = earlier.0.get(tid).copied().unwrap_or_default();
            nanos += now.nanos.saturating_sub(before.nanos);
            switches += now.switches.saturating_sub(before.switches);
        }
        (nanos as f64 / 1e6, switches as f64)
    }
}

/// All processes that a process has started, and those that these have started.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for thread in threads(parent) {
            let children = fs::read_to_string(format!("/proc/{parent}/task/{thread}/children"));
            let children = children.unwrap_or_default();
            let children = children.split_whitespace().filter_map(|child| child.parse::<u32>().ok());
            parents.extend(children.clone());
            found.extend(children);
        }
    }
    found
}

/// The program's name, as the system knows it.
pub fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

fn threads(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn done(tid: u32) -> Option<Done> {
    let nanos = fs::read_to_string(format!("/proc/{tid}/schedstat")).ok()?;
    let nanos = nanos.split_whitespace().next()?.parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let switches = status.lines().filter(|line| line.contains("ctxt_switches:"));
    let switches = switches.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum();
    Some(Done { nanos, switches })
}
