//! Stories on two or three threads that are preempted wherever they could interfere with each other, as a seed wants
//! it.
//!
//! A seed decides everything: the tree, what is done to it, which signals it gets, and what runs next. A seed that has
//! failed is kept in a file, and its story is told again with every test.
//!
//! Other stories, and more of them: `SEEDED_STORIES=100000 cargo test --release -p rootward-tests --test random_trees
//! seeded`. A certain one: `SEEDED_SEED=17`, and the name of its test.

mod failed;
mod families;
mod known;
mod trees;

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rootward_core::seeded::Time;

use failed::FailedSeeds;

/// How many stories of each kind are told unless the environment says something else.
const STORIES: u64 = 300;

/// How many smaller stories are tried once one has failed, and how often each.
const SMALLER: u32 = 300;
const TRIES: u64 = 30;

/// A kind of stories.
trait Kind: Sync {
    /// What a story is told of.
    type Matter: Debug;

    /// What the kind is called where failed seeds are kept.
    const NAME: &str;

    fn any(&self) -> impl Strategy<Value = Self::Matter>;

    /// Tells a story and judges it.
    fn tell(&self, seed: u64, time: Time, matter: &Self::Matter) -> Result<(), String>;
}

/// Tells as many stories as the environment wants, and those that have failed before.
fn tell_many<K: Kind>(kind: &K) {
    if let Some(seed) = number("SEEDED_SEED") {
        tell(kind, seed).unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let stories = number("SEEDED_STORIES");
    let from = number("SEEDED_FROM").unwrap_or_else(|| stories.map_or(0, |_| RandomState::new().hash_one(0)));
    let failed = FailedSeeds::of_the_sources();
    let mut seeds = failed.of_kind(K::NAME).unwrap_or_else(|error| panic!("{error}"));
    let kept = seeds.len() as u64;
    seeds.extend((0..stories.unwrap_or(STORIES)).map(|n| from.wrapping_add(n)));
    if let Some((n, failure)) = first_failure(kind, &seeds) {
        let seed = seeds[n];
        // Where the sources cannot be written the message has to do.
        let unkept = if n as u64 >= kept { failed.add(K::NAME, seed).err() } else { None };
        let unkept = unkept.map(|error| format!(" (not kept: {error})")).unwrap_or_default();
        let (all, smaller) = (seeds.len(), smaller(kind, seed));
        panic!("{failure}\nStory {n} of {all}. The same again: SEEDED_SEED={seed}{unkept}{smaller}");
    }
}

/// The first story that fails. Several are told at the same time, because each has but one thread that goes on.
fn first_failure(kind: &impl Kind, seeds: &[u64]) -> Option<(usize, String)> {
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((n, seed)) = take(&next, seeds) {
            if let Err(failure) = tell(kind, seed) {
                next.store(seeds.len() as u64, Ordering::Relaxed);
                failures.lock().unwrap_or_else(PoisonError::into_inner).push((n, failure));
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.into_iter().min_by_key(|(n, _)| *n)
}

fn take(next: &AtomicU64, seeds: &[u64]) -> Option<(usize, u64)> {
    let n = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok()?;
    Some((n, *seeds.get(n)?))
}

/// Tells the story of a seed.
fn tell<K: Kind>(kind: &K, seed: u64) -> Result<(), String> {
    kind.tell(seed, time(seed), &story(kind, seed).current())
}

/// In one story of three time may pass at any point.
fn time(seed: u64) -> Time {
    if seed.is_multiple_of(3) { Time::AtAnyPoint } else { Time::AtRest }
}

fn story<K: Kind>(kind: &K, seed: u64) -> impl ValueTree<Value = K::Matter> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    kind.any().new_tree(&mut runner).expect("nothing is filtered out")
}

/// A smaller story that fails too, told as one of a few seeds wants it.
fn smaller(kind: &impl Kind, seed: u64) -> String {
    let (mut story, time) = (story(kind, seed), time(seed));
    let mut smallest = None;
    let mut goes_on = story.simplify();
    for _ in 0..SMALLER {
        if !goes_on {
            break;
        }
        let told = story.current();
        let failure = (0..TRIES).find_map(|seed| Some((seed, kind.tell(seed, time, &told).err()?)));
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

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
