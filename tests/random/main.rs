//! Random trees: whatever they look like, whatever their tasks do and whatever is asked of them, their records keep the promises.
//!
//! A tree is [grown](grow) and [planted](plant), [operated](operate) on in virtual time, and judged by its record, promise by
//! [promise](promises). A case that fails is shrunk to a small one, and shown with its seed, its tree, its operations and its record.
//!
//! `PROPTEST_CASES` says how many cases are tried, and `PROPTEST_RNG_SEED` tries the same ones again.

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
mod story;
mod stranger;

use std::hash::{BuildHasher, RandomState};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// How many cases are tried unless the environment says something else: a few seconds on a slow machine.
const CASES: u32 = 96;

#[test]
fn whatever_happens_in_a_tree_its_record_keeps_the_promises() {
    let (config, seed) = config();
    let result =
        TestRunner::new(config).run(&(grow::any_plan(), operate::any_operations()), |(plan, operations)| {
            let story = play::play(&plan, &operations).map_err(TestCaseError::fail)?;
            promises::judge(&story).map_err(TestCaseError::fail)
        });
    if let Err(failure) = result {
        panic!("{failure}\nThe same cases again: PROPTEST_RNG_SEED={seed}");
    }
}

fn config() -> (Config, u64) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(0),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    (config, seed)
}
