//! Random trees: whatever happens in them, their records keep the promises.
//!
//! A tree is [grown](grow) and [started](specs), [operated](operate) on, and judged by its record, promise by
//! [promise](promises).
//!
//! - *In virtual time* a story alone decides what happens, up to the last millisecond. A case that fails is shrunk to a
//!   small one, and shown with its seed, its tree, its operations and its record.
//! - *On two threads* the same stories are played in real time, [a thousand times as fast](real_time), and judged by
//!   the promises that need no exact clock. What happens depends on the moment as well, so that a case that fails is
//!   shown as it is, and need not fail again.
//! - *[Seeded](seeded)* a seed decides in virtual time which of several threads goes on. Here trees get
//!   [signals](signal_input) as well.
//!
//! Many more cases: `PROPTEST_CASES=20000 cargo test --release -p rootward-tests --test random_trees virtual_time`, or
//! `two_threads`. A case that fails says with what command it is played again.

#![expect(clippy::wildcard_enum_match_arm, reason = "a promise looks for one kind of event among many")]

mod behave;
mod clock;
mod custom_child;
mod describe;
mod family;
mod grow;
mod ledger;
mod operate;
mod outline;
mod play;
mod promises;
mod real_time;
mod registry;
mod seeded;
mod signal_input;
mod specs;
mod story;

use std::hash::{BuildHasher, RandomState};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use self::describe::Plan;
use self::operate::Operation;
use self::real_time::Hasten;
use self::story::Story;

/// How many cases are tried unless the environment says something else: some seconds each on a slow machine.
const CASES: u32 = 256;
const CASES_ON_TWO_THREADS: u32 = 256;

/// What the cases are made of unless the environment says something else.
const SEED: u64 = 1;

/// What plays cases again.
const COMMAND: &str = "cargo test -p rootward-tests --test random_trees";

#[test]
fn in_virtual_time_the_record_of_every_tree_keeps_the_promises() {
    let (config, seed) = config(CASES);
    run(config, seed, "virtual_time", play::play);
}

#[test]
fn on_two_threads_the_record_of_every_tree_keeps_the_promises() {
    let (config, seed) = config(CASES_ON_TWO_THREADS);
    // What has failed once need not fail again, so that a case cannot be shrunk.
    let config = Config { max_shrink_iters: 0, ..config };
    run(config, seed, "two_threads", |plan, operations| {
        play::play_in_real_time(&plan.hastened(), &operations.to_vec().hastened())
    });
}

fn run(config: Config, seed: u64, test: &str, tell: impl Fn(&Plan, &[Operation]) -> Result<Story, String>) {
    let cases = config.cases;
    let any_story = (grow::any_plan(), operate::any_operations());
    let result = TestRunner::new(config).run(&any_story, |(plan, operations)| {
        let story = tell(&plan, &operations).map_err(TestCaseError::fail)?;
        promises::judge(&story).map_err(TestCaseError::fail)
    });
    if let Err(failure) = result {
        panic!(
            "{failure}\nThe same cases again: PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} {COMMAND} {test}"
        );
    }
}

/// The same cases every time, so that a change that breaks nothing fails nowhere, unless more or others are asked for.
fn config(cases: u32) -> (Config, u64) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    let is_usual = std::env::var_os("PROPTEST_CASES").is_none();
    if is_usual {
        config.cases = cases;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random if is_usual => SEED,
        RngSeed::Random => RandomState::new().hash_one(0),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    (config, seed)
}
