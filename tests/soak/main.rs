//! A soak: a whole program is kept busy for minutes by everything that a tree can do, and must hold no more at the end
//! than near the beginning.
//!
//!     cargo run --release -p rootward-tests --bin soak -- LEVEL SECONDS [SEED]
//!
//! LEVEL is `group`, `tree` or `tree+cgroup`. The program under test, the [`subject`], is a process of its own. It
//! works in rounds: many random things at the same time, then back to rest. Three times the [`observer`] has it rest
//! for longer, and looks from outside at what it and its warden hold ([`sample`]): after a quarter of the time, in the
//! middle of what is left, and at the end. Nothing may have become more ([`flat`]). Every process that is started
//! reports to the observer, which therefore knows which processes are left when the subject is gone.
//!
//! Everything random comes from the seed, but what it meets depends on the system's timing: a failure is played again
//! by the same command, and need not come again.
//!
//! Absent on purpose: any end but the orderly one. Those are tested by `containment`.

#![expect(clippy::wildcard_enum_match_arm, reason = "a soak looks for a few kinds of events among many")]

mod dice;
mod flat;
mod observer;
mod program;
mod sample;
mod subject;

use std::process::ExitCode;

use rootward_tests::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // The register comes first: a process that reports to it looks for it there.
        [register, "subject", level, seed] => subject::run(register, level, dice::seed(seed)),
        [_, "program", role, ..] => program::run(role),
        [level, seconds] => observer::run(level, seconds, dice::fresh_seed()),
        [level, seconds, seed] => observer::run(level, seconds, dice::seed(seed)),
        _ => observer::usage(),
    }
}
