//! `check FILE`: reads a tree file, says what it describes, how long its stop may take, what its
//! sample tasks do and what would fail if it were started now, and starts nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::safe::safe;
use crate::tasks::Sample;
use crate::tree_file::{FileError, Foresight, TreeFile};
use crate::{messages, tree_file};

pub(crate) fn run(file: &Path) -> ExitCode {
    match tree_file::examine(file) {
        Ok((tree, foreseen)) => describe(file, &tree, &foreseen),
        Err(error) => {
            messages::mistake(messages::with_its_causes(&error), error.picture());
            ExitCode::from(status_of(&error))
        }
    }
}

fn describe(file: &Path, tree: &TreeFile, foreseen: &[Foresight]) -> ExitCode {
    for Foresight { failure, is_certain } in foreseen {
        let say = if *is_certain { messages::mistake } else { messages::doubt };
        say(messages::with_its_causes(failure), failure.picture());
    }
    let budget = tree.budget();
    for warning in budget.warnings() {
        messages::warning(warning);
    }
    let certain = foreseen.iter().filter(|it| it.is_certain);
    if let Some(status) = certain.map(|it| status_of(&it.failure)).reduce(|one, other| one.max(other)) {
        return ExitCode::from(status);
    }
    let samples = tree.root.samples();
    let samples: Vec<Sample> = Sample::ALL.into_iter().filter(|sample| samples.contains(sample)).collect();
    let about = if samples.is_empty() { String::new() } else { format!("\n{}", listed(&samples)) };
    let file = safe(&file.display().to_string());
    messages::answer(&format!("{tree}{about}\n{budget}\n{file}: ok\n"))
}

fn status_of(error: &FileError) -> u8 {
    if error.is_of_the_system() { rootward::Finished::FAILED } else { messages::BAD_INPUT }
}

/// The sample tasks that a tree file can name, one a line.
pub(crate) fn sample_tasks() -> String {
    listed(&Sample::ALL)
}

fn listed(samples: &[Sample]) -> String {
    let mut text = "Sample tasks:\n".to_owned();
    for sample in samples {
        let after = if sample.takes_after() { ", `after` a while" } else { "" };
        // Writing to memory does not fail.
        let _ = writeln!(text, "  {:12}  {}{after}", sample.name(), sample.about());
    }
    text
}
