//! Counts the instructions of starting, stopping and restarting, and compares them with those that were recorded.
//!
//!     cargo run --release --locked -p rootward-counts            # compares
//!     cargo run --release --locked -p rootward-counts -- record  # records anew
//!
//! Instructions do not depend on what else the machine does. They are counted by valgrind, under which this program
//! runs itself once for each of its ways ([`ways`]).
//!
//! Absent on purpose: time, which a noisy machine cannot tell; and processes, whose costs are the kernel's and those of
//! other programs, which valgrind does not see.

mod compare;
mod counter;
mod recorded;
mod ways;

use std::env::args;
use std::process::ExitCode;

use recorded::Counts;

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare_all(),
        ["record"] => record_all(),
        // Under valgrind.
        ["take", way] => ways::take(way).ok_or_else(|| format!("there is no way {way:?}")),
        _ => Err("usage: rootward-counts [record]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn compare_all() -> Result<(), String> {
    let recorded = Counts::read()?;
    let counted = counter::count_all()?;
    let verdict = compare::compare(&recorded, &counted);
    verdict.lines.iter().for_each(|line| say(line));
    if verdict.is_good { Ok(()) } else { Err(compare::ADVICE.into()) }
}

fn record_all() -> Result<(), String> {
    let counted = counter::count_all()?;
    counted.write()?;
    say(counted.to_string().trim_end());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program speaks to the person that runs it")]
fn say(text: &str) {
    println!("{text}");
}
