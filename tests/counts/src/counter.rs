//! Runs this program under valgrind and reads what it has counted.

use std::process::Command;

use crate::recorded::{Compiler, Counts};
use crate::ways::{self, counted_section};

/// Counts the instructions of every way.
pub(crate) fn count_all() -> Result<Counts, String> {
    let compiler = Compiler::current()?;
    let mut counts = Vec::new();
    for (way, units) in ways::ALL {
        counts.push(((*way).to_owned(), count(way)? / units));
    }
    Ok(Counts { compiler, counts })
}

/// The instructions of one way's counted section, all units together.
fn count(way: &str) -> Result<u64, String> {
    // Called here so that the name below is the name of something.
    let _: fn(&mut dyn FnMut()) = counted_section;
    let program = std::env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // Nothing is counted but what happens in this function, on the thread that is in it.
        .args(["--collect-atstart=no", "--toggle-collect=*counted_section*"])
        .arg(program)
        .args(["take", way])
        // What a user of this program has set for his own programs would be counted, too.
        .env_remove("RUST_BACKTRACE")
        .output()
        .map_err(|error| format!("valgrind cannot be run, and without it nothing is counted: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected =
        told.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim());
    match collected.and_then(|count| count.parse().ok()) {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        _ => Err(format!("valgrind could not count {way}:\n{told}")),
    }
}
