//! Chaos: children crash, one after the other, and a seed says which. `--chaos RATE` begins with it, and the view on a
//! terminal turns it on and off.
//!
//! Which child is next is decided by the seed, the number of the crash and the paths of those that run, and by nothing
//! else. So a run can be repeated, as far as the same children run when it comes to them. Every crash stands in the
//! tree's record, before the end that follows from it.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use rootward::snapshot::{ChildKind, ChildState, NodeSnapshot};
use rootward::{Tree, TreeRef, sibling};

/// How many children crash in what time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) interval: Duration,
}

/// What makes children crash. Clones are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Chaos(Arc<SharedChaos>);

#[derive(Debug)]
struct SharedChaos {
    seed: u64,
    state: Mutex<ChaosRun>,
    turned: Condvar,
}

#[derive(Clone, Copy, Debug)]
struct ChaosRun {
    rate: Rate,
    is_on: bool,
    is_over: bool,
}

/// How chaos is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChaosTurn {
    /// On, or off again.
    OnOrOff,
    Faster,
    Slower,
}

impl Rate {
    /// The slowest and the fastest: one in a billion seconds, and a thousand a second.
    const BOUNDS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1_000_000_000));

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

/// As [`Rate::parse`] reads it, rounded.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.interval.as_secs_f64();
        let (number, unit) = match seconds {
            ..=1.0 => (1.0 / seconds, "s"),
            1.0..=60.0 => (60.0 / seconds, "m"),
            _ => (3600.0 / seconds, "h"),
        };
        let rounded = (number * 100.0).round() / 100.0;
        write!(f, "{rounded}/{unit}")
    }
}

impl Chaos {
    /// Chaos that is on from the beginning if a rate is given, and otherwise waits to be turned on, at one crash a
    /// second.
    pub(crate) fn new(rate: Option<Rate>, seed: u64) -> Self {
        let is_on = rate.is_some();
        let rate = rate.unwrap_or(Rate { interval: Duration::from_secs(1) });
        let state = Mutex::new(ChaosRun { rate, is_on, is_over: false });
        Self(Arc::new(SharedChaos { seed, state, turned: Condvar::new() }))
    }

    /// Begins, on a thread of its own. It ends when the tree stops.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn begin(&self, tree: &Tree) -> io::Result<()> {
        let (chaos, tree) = (self.clone(), tree.downgrade());
        thread::Builder::new().name("chaos".to_owned()).spawn(move || {
            chaos.crash_children(&tree);
            chaos.lock().is_over = true;
        })?;
        Ok(())
    }

    /// Turns it on, off, up or down.
    pub(crate) fn turn(&self, turn: ChaosTurn) {
        let mut state = self.lock();
        let (fastest, slowest) = Rate::BOUNDS;
        match turn {
            ChaosTurn::OnOrOff => state.is_on = !state.is_on,
            ChaosTurn::Faster => state.rate.interval = (state.rate.interval / 2).max(fastest),
            ChaosTurn::Slower => state.rate.interval = (state.rate.interval * 2).min(slowest),
        }
        drop(state);
        self.0.turned.notify_all();
    }

    /// At which rate and by which seed, if it is on.
    pub(crate) fn words(&self) -> Option<String> {
        let ChaosRun { rate, is_on, is_over } = *self.lock();
        (is_on && !is_over).then(|| format!("chaos {rate}, seed {}", self.0.seed))
    }

    fn crash_children(&self, tree: &TreeRef) {
        let mut count = 1;
        loop {
            let is_due = self.wait();
            let Some(snapshot) = tree.snapshot() else { return };
            match snapshot.root.state {
                ChildState::Running => {}
                ChildState::Starting => continue,
                ChildState::Stopping | ChildState::Restarting | ChildState::Down | _ => return,
            }
            if !is_due {
                continue;
            }
            let candidates = candidates(&snapshot.root);
            let paths = candidates.iter().map(|child| child.path.as_str()).collect();
            let by = format!("chaos {count} (seed {})", self.0.seed);
            // A kind of child that cannot crash is passed over, as is one that has just gone.
            if order(self.0.seed, count, paths).into_iter().any(|path| crash(tree, path, &by)) {
                count += 1;
            }
        }
    }

    /// Waits until the next crash is due. `false` says that it is not, and that the tree is to be looked at.
    fn wait(&self) -> bool {
        let (begun, mut state) = (now(), self.lock());
        loop {
            let passed = now().saturating_duration_since(begun);
            let interval = if state.is_on { state.rate.interval } else { LOOK };
            if passed >= interval {
                return state.is_on;
            }
            let left = interval - passed;
            state = self.0.turned.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, ChaosRun> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often chaos that is off looks whether the tree is still there.
const LOOK: Duration = Duration::from_secs(5);

#[expect(clippy::disallowed_methods, reason = "chaos is beside the tree, and comes as time goes by")]
fn now() -> Instant {
    Instant::now()
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

fn crash(tree: &TreeRef, path: &str, by: &str) -> bool {
    let Some((parent, id)) = path.rsplit_once('/') else { return false };
    let crashed = tree
        .supervisor(parent)
        .and_then(|supervisor| sibling::crash_child(&supervisor, id, Some(by.to_owned())));
    crashed.is_some_and(|crashed| crashed.is_ok())
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
    fn chaos_is_turned_on_and_off_up_and_down() {
        let chaos = Chaos::new(None, 7);

        assert_eq!(chaos.words(), None);
        chaos.turn(ChaosTurn::OnOrOff);
        assert_eq!(chaos.words().as_deref(), Some("chaos 1/s, seed 7"));
        chaos.turn(ChaosTurn::Faster);
        assert_eq!(chaos.words().as_deref(), Some("chaos 2/s, seed 7"));
        [ChaosTurn::Slower; 3].into_iter().for_each(|turn| chaos.turn(turn));
        assert_eq!(chaos.words().as_deref(), Some("chaos 15/m, seed 7"));
        chaos.turn(ChaosTurn::OnOrOff);
        assert_eq!(chaos.words(), None);
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
        assert_eq!(drawn, ["c", "b", "c", "a", "b", "c", "a", "b"].map(|id| format!("root/{id}")));
        assert_eq!(others, ["d", "b", "a", "c", "b", "b", "a", "b"].map(|id| format!("root/{id}")));
        assert_eq!((draw(7, 1, "root/a"), draw(0, 0, "")), (0x8e88_b560_8066_5c36, 0x6f94_5417_3749_19ae));
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
