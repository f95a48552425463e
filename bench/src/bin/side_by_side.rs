//! Measures all metrics of all subjects in turn, and writes the page about them.

use std::process::ExitCode;

fn main() -> ExitCode {
    rootward_bench::side_by_side::main()
}
