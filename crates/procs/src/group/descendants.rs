//! Which processes descend from which.

use std::collections::BTreeSet;
use std::fs;

use super::stat::{field, read_start};
use crate::sys;

/// How many descendants are listed at most. When these have gone, the others are.
const MOST: usize = 1024;

/// How many generations are looked through at most.
const GENERATIONS: usize = 512;

/// The descendants of a process that adopts orphans, as far as the system tells. Some may have gone already, and some
/// come into being.
pub(crate) fn descendants_of(ancestor: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([ancestor]);
    let mut next = vec![ancestor];
    while let Some(parent) = next.pop() {
        for child in children_of(parent) {
            if found.len() < MOST && seen.insert(child) {
                found.push(child);
                next.push(child);
            }
        }
    }
    found
}

/// Whether a process descends from another one, which must live. The caller holds a descriptor of the process.
pub(crate) fn is_descendant(pid: i32, ancestor: i32) -> bool {
    // A parent may die on the way and its number be given to another process. But a process keeps its parent until that
    // dies, so that a line of ancestors that is the same the second time was true the first time.
    let mut line = line_to(pid, ancestor);
    loop {
        let again = line_to(pid, ancestor);
        if line == again {
            return line.iter().skip(1).any(|pid| *pid == ancestor);
        }
        line = again;
    }
}

/// The line of ancestors from a process up to this one, or as far as it goes.
fn line_to(pid: i32, ancestor: i32) -> Vec<i32> {
    let mut line = vec![pid];
    while let Some(parent @ 1..) = line.last().and_then(|last| parent_of(*last)) {
        line.push(parent);
        if parent == ancestor || line.len() == GENERATIONS {
            break;
        }
    }
    line
}

fn parent_of(pid: i32) -> Option<i32> {
    if !sys::proc_is_ours() {
        return None;
    }
    field(&read_start(&format!("/proc/{pid}/stat")), 4)?.parse().ok()
}

/// Whether a process has any child, which may be a zombie.
pub(crate) fn has_children(pid: i32) -> bool {
    !children_of(pid).is_empty()
}

/// The children that all threads of a process have.
fn children_of(pid: i32) -> Vec<i32> {
    if !sys::proc_is_ours() {
        return Vec::new();
    }
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_descends_from_its_parent_and_not_the_other_way_round() {
        let me = nix::unistd::getpid().as_raw();
        let mut child =
            std::process::Command::new("/bin/cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let its_pid = i32::try_from(child.id()).unwrap();

        assert!(is_descendant(its_pid, me) && descendants_of(me).contains(&its_pid));
        assert!(!is_descendant(me, its_pid) && descendants_of(its_pid).is_empty());
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
