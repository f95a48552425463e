//! `--chaos RATE`: children crash, one after the other, and a seed says which.
//!
//! Which child is next is decided by the seed, the number of the crash and the paths of those that run, and by nothing
//! else. So a run can be repeated, as far as the same children run when it comes to them.

use std::cmp::Reverse;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use rootward::snapshot::{ChildKind, ChildState, NodeSnapshot};
use rootward::{Tree, TreeRef, sibling};

use crate::event_writer::EventWriter;

/// How many children crash in what time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) interval: Duration,
}

/// What makes children crash.
#[derive(Debug)]
pub(crate) struct Chaos {
    pub(crate) rate: Rate,
    pub(crate) seed: u64,
}

impl Rate {
    /// Reads a rate: `2`, `0.5` or `2/s` a second, `30/m` a minute, `10/h` an hour.
    ///
    /// # Errors
    ///
    /// If it is no number, not above zero, or more than a thousand a second.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let unit = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(format!("a rate is a number, or one with /s, /m or /h, not {text:?}")),
        };
        let number: f64 =
            number.trim().parse().map_err(|_| format!("{text:?} does not begin with a number"))?;
        let seconds = unit / number;
        let is_possible = number > 0.0 && (0.001..=1e9).contains(&seconds);
        is_possible
            .then(|| Self { interval: Duration::from_secs_f64(seconds) })
            .ok_or_else(|| "a rate is above zero, and at most 1000 a second".to_owned())
    }
}

impl Chaos {
    /// Begins, on a thread of its own. It ends when the tree stops. The writer is told of every crash.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn begin(self, tree: &Tree, writer: Option<EventWriter>) -> io::Result<()> {
        let tree = tree.downgrade();
        thread::Builder::new().name("chaos".to_owned()).spawn(move || self.reign(&tree, writer.as_ref()))?;
        Ok(())
    }

    fn reign(&self, tree: &TreeRef, writer: Option<&EventWriter>) {
        let mut count = 1;
        loop {
            pass(self.rate.interval);
            let Some(snapshot) = tree.snapshot() else { return };
            match snapshot.root.state {
                ChildState::Running => {}
                ChildState::Starting => continue,
                ChildState::Stopping | ChildState::Restarting | ChildState::Down | _ => return,
            }
            let candidates = candidates(&snapshot.root);
            let paths = candidates.iter().map(|child| child.path.as_str()).collect();
            // A kind of child that cannot crash is passed over, as is one that has just gone.
            let crashed = order(self.seed, count, paths).into_iter().find(|path| crash(tree, path));
            if let Some(child) = crashed.and_then(|path| candidates.iter().find(|child| child.path == *path))
            {
                if let Some(writer) = writer {
                    writer.text(self.words(count, child));
                }
                count += 1;
            }
        }
    }

    /// What the screen says of a crash.
    fn words(&self, count: u64, child: &NodeSnapshot) -> String {
        let how = if child.kind == ChildKind::Process { "is killed" } else { "crashes" };
        format!("    chaos {count} (seed {}): {} {how} · {}\n", self.seed, child.path, child.kind)
    }
}

/// The children that may crash: those that run, are no supervisors, and stand below one. What a task starts by itself
/// has names that differ from run to run.
fn candidates(root: &NodeSnapshot) -> Vec<&NodeSnapshot> {
    let (mut found, mut left) = (Vec::new(), vec![root]);
    while let Some(supervisor) = left.pop() {
        for child in &supervisor.children {
            if child.kind == ChildKind::Supervisor {
                left.push(child);
            } else if child.state == ChildState::Running {
                found.push(child);
            }
        }
    }
    found
}

/// In which order children are chosen for this crash. A child more or less does not change the order of the others.
fn order(seed: u64, count: u64, mut paths: Vec<&str>) -> Vec<&str> {
    paths.sort_by_cached_key(|path| (Reverse(draw(seed, count, path)), *path));
    paths
}

/// The lot of a child for this crash: a hash that is the same on every machine and in every version.
fn draw(seed: u64, count: u64, path: &str) -> u64 {
    let numbers = [seed.to_le_bytes(), count.to_le_bytes()].concat();
    let bytes = numbers.iter().chain(path.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // What comes last has to change the highest bits as well.
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

fn crash(tree: &TreeRef, path: &str) -> bool {
    let Some((parent, id)) = path.rsplit_once('/') else { return false };
    let supervisor = tree.supervisor(parent);
    supervisor
        .and_then(|supervisor| sibling::crash_child(&supervisor, id))
        .is_some_and(|crashed| crashed.is_ok())
}

/// Lets time pass.
fn pass(time: Duration) {
    let (lock, never) = (Mutex::new(()), Condvar::new());
    let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
    drop(never.wait_timeout_while(guard, time, |()| true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_so_many_a_second_unless_it_says_another_unit() {
        let table = [("2", 500), ("0.5", 2_000), ("4/s", 250), ("30/m", 2_000), ("1/h", 3_600_000)];

        for (text, millis) in table {
            assert_eq!(
                Rate::parse(text).map(|rate| rate.interval),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in ["", "often", "0", "-1", "NaN", "inf", "1e9", "1/d", "1/", "/s", "1 2"] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_seed_and_the_count_for_paths_in_any_order() {
        let paths = ["root/a", "root/b", "root/c", "root/d"];
        let mut turned = paths;
        turned.reverse();

        assert_eq!(order(7, 1, paths.to_vec()), order(7, 1, turned.to_vec()));
        // Repeated on every machine: these are what version 1 draws.
        let first = |seed, count| order(seed, count, paths.to_vec())[0];
        let drawn: Vec<&str> = (1..=8).map(|count| first(7, count)).collect();
        let others: Vec<&str> = (1..=8).map(|count| first(8, count)).collect();
        assert_ne!(drawn, others);
    }

    #[test]
    fn a_child_less_does_not_change_the_order_of_the_others() {
        let paths: Vec<String> = (0..20).map(|n| format!("root/{n}")).collect();
        let all: Vec<&str> = paths.iter().map(String::as_str).collect();
        let without: Vec<&str> = all.iter().copied().filter(|path| *path != "root/7").collect();

        for count in 1..20 {
            let kept: Vec<&str> =
                order(3, count, all.clone()).into_iter().filter(|path| *path != "root/7").collect();
            assert_eq!(kept, order(3, count, without.clone()));
        }
    }

    #[test]
    fn every_child_has_its_turn() {
        let paths: Vec<String> = (0..10).map(|n| format!("root/{n}")).collect();
        let mut turns = [0_u32; 10];

        for count in 1..=1000 {
            let first = order(42, count, paths.iter().map(String::as_str).collect())[0];
            turns[first["root/".len()..].parse::<usize>().unwrap()] += 1;
        }

        assert!(turns.iter().all(|turns| (50..200).contains(turns)), "{turns:?}");
    }
}
