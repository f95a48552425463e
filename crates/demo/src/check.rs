//! `check FILE`: reads a tree file, says what it describes, and starts nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::safe::safe;
use crate::tasks::Sample;
use crate::{tell, tree_file};

pub(crate) fn run(file: &Path) -> ExitCode {
    match tree_file::read(file) {
        Ok(tree) => {
            let file = safe(&file.display().to_string());
            match tell::answer(&format!("{tree}\n{}\n{file}: ok\n", sample_tasks())) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tell::error(format_args!("cannot write to standard output: {error}"));
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            tell::error(error);
            ExitCode::from(tell::BAD_INPUT)
        }
    }
}

/// The sample tasks that a tree file can name, one a line.
pub(crate) fn sample_tasks() -> String {
    let mut text = "Sample tasks:\n".to_owned();
    for sample in Sample::ALL {
        let after = if sample.takes_after() { ", `after` a while" } else { "" };
        // Writing to memory does not fail.
        let _ = writeln!(text, "  {:12}  {}{after}", sample.name(), sample.about());
    }
    text
}
