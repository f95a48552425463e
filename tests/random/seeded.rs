//! Random trees on two or three threads that are preempted wherever they could interfere with each other, as a seed wants it.
//!
//! A seed decides everything: the tree, the operations, and what runs next. A seed that has failed is kept in a file, and its story is
//! told again with every test.
//!
//! Other stories, and more of them: `SEEDED_STORIES=100000 cargo test --release -p rootward-tests --test random_trees seeded`. A certain one:
//! `SEEDED_SEED=17`.

use std::fs::{OpenOptions, read_to_string};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::clock::Timing;
use crate::describe::Plan;
use crate::hasten::Hasten;
use crate::operate::Operation;
use crate::{grow, operate, play, promises};

/// How many stories are told unless the environment says something else.
const STORIES: u64 = 300;

/// How many smaller stories are tried once one has failed, and how often each.
const SMALLER: u32 = 300;
const TRIES: u64 = 30;

/// The seeds that have failed.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/random/failed_seeds.txt");

#[test]
fn seeded_whatever_the_threads_do_the_record_keeps_the_promises() {
    if let Some(seed) = number("SEEDED_SEED") {
        tell(seed).unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let stories = number("SEEDED_STORIES");
    let from = number("SEEDED_FROM").unwrap_or_else(|| stories.map_or(0, |_| RandomState::new().hash_one(0)));
    let next = AtomicU64::new(0);
    let kept = kept();
    let total = stories.unwrap_or(STORIES);
    let seed_of = |n: u64| match kept.get(usize::try_from(n).unwrap_or(usize::MAX)) {
        Some(seed) => *seed,
        None => from.wrapping_add(n - kept.len() as u64),
    };
    let all = total + kept.len() as u64;
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= all {
                return;
            }
            let seed = seed_of(n);
            if let Err(failure) = tell(seed) {
                next.store(all, Ordering::Relaxed);
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push((n, seed, failure));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|(n, _, _)| *n);
    if let Some((n, seed, failure)) = failures.into_iter().next() {
        if !kept.contains(&seed) {
            keep(seed);
        }
        panic!("{failure}\nStory {n} of {all}. The same again: SEEDED_SEED={seed}{}", smaller(seed));
    }
}

/// Tells the story of a seed.
fn tell(seed: u64) -> Result<(), String> {
    tell_this(seed, timing(seed), &story(seed).current())
}

/// In one story of three time may pass at any moment.
fn timing(seed: u64) -> Timing {
    if seed % 3 == 0 { Timing::SeededLoosely } else { Timing::Seeded }
}

fn tell_this(seed: u64, timing: Timing, (plan, operations): &(Plan, Vec<Operation>)) -> Result<(), String> {
    let story = match timing {
        // Judged as in real time, and so it has to be a story for that.
        Timing::SeededLoosely => play::play_seeded(seed, &plan.hastened(), &operations.hastened(), timing),
        Timing::Virtual | Timing::Real | Timing::Seeded => play::play_seeded(seed, plan, operations, timing),
    };
    promises::judge(&story?)
}

/// A smaller story that fails too, told as one of a few seeds want it.
fn smaller(seed: u64) -> String {
    let (mut story, timing) = (story(seed), timing(seed));
    let mut smallest = None;
    let mut goes_on = story.simplify();
    for _ in 0..SMALLER {
        if !goes_on {
            break;
        }
        let told = story.current();
        let failure = (0..TRIES).find_map(|seed| Some((seed, tell_this(seed, timing, &told).err()?)));
        goes_on = match failure {
            Some(failure) => {
                smallest = Some(failure);
                story.simplify()
            }
            None => story.complicate(),
        };
    }
    let text = |(seed, failure)| format!("\n\nA smaller one, told with seed {seed}: {failure}");
    smallest.map(text).unwrap_or_default()
}

fn story(seed: u64) -> impl ValueTree<Value = (Plan, Vec<Operation>)> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let any = (grow::any_small_plan(), operate::any_few_operations());
    any.new_tree(&mut runner).expect("nothing is filtered out")
}

fn kept() -> Vec<u64> {
    let text = read_to_string(KEPT).unwrap_or_default();
    text.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok()).collect()
}

fn keep(seed: u64) {
    let file = OpenOptions::new().append(true).open(KEPT);
    // Where the sources cannot be written the message has to do.
    let _ = file.and_then(|mut file| writeln!(file, "{seed}"));
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
