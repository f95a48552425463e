//! Random trees: whatever they look like, whatever their tasks do and whatever is asked of them, their records keep the promises.
//!
//! A tree is [grown](grow) and [planted](plant), [operated](operate) on in virtual time, and judged by its record, promise by
//! [promise](promises). A case that fails is shrunk to a small one, and shown with its seed, its tree, its operations and its record.
//!
//! Many more cases: `PROPTEST_CASES=20000 cargo test --release -p rootward-tests --test random_trees`. A case that fails says with
//! what command it is played again.

#![expect(clippy::wildcard_enum_match_arm, reason = "a promise looks for one kind of event among many")]

mod behave;
mod clock;
mod describe;
mod desk;
mod grow;
mod ledger;
mod operate;
mod outline;
mod plant;
mod play;
mod promises;
mod seeded;
mod story;
mod stranger;

use std::hash::{BuildHasher, RandomState};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// How many cases are tried unless the environment says something else: a few seconds on a slow machine.
const CASES: u32 = 256;

/// What the cases are made of unless the environment says something else.
const SEED: u64 = 1;

/// What plays cases again.
const COMMAND: &str = "cargo test -p rootward-tests --test random_trees";

#[test]
fn whatever_happens_in_a_tree_its_record_keeps_the_promises() {
    let (config, seed) = config();
    let cases = config.cases;
    let result =
        TestRunner::new(config).run(&(grow::any_plan(), operate::any_operations()), |(plan, operations)| {
            let story = play::play(&plan, &operations).map_err(TestCaseError::fail)?;
            promises::judge(&story).map_err(TestCaseError::fail)
        });
    if let Err(failure) = result {
        panic!("{failure}\nThe same cases again: PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} {COMMAND}");
    }
}

/// The same cases every time, so that a change that breaks nothing fails nowhere, unless more or others are asked for.
fn config() -> (Config, u64) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    let is_usual = std::env::var_os("PROPTEST_CASES").is_none();
    if is_usual {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random if is_usual => SEED,
        RngSeed::Random => RandomState::new().hash_one(0),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    (config, seed)
}
