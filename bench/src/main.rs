//! Measures one metric of one subject and prints lines `SUBJECT METRIC N VALUE UNIT`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rootward_bench::main(None)
}
