//! The `task` of a child: one of the demo's sample tasks.

use std::time::Duration;

use super::error::{FileError, Problem};
use super::section::{Field, Keys, unknown_name};
use crate::tasks::{Sample, SampleTask};

const TASK: Keys = Keys { of: "a task", known: &["run", "after"], not_yet: &[] };

pub(super) fn read(field: &Field<'_>) -> Result<SampleTask, FileError> {
    let section = field.section(&TASK)?;
    let run = section
        .required("run", "it names one of the sample tasks; `rootward-demo check --help` lists them")?;
    let name = run.text()?;
    let sample = Sample::find(name)
        .ok_or_else(|| run.error(unknown_name(name, Sample::ALL.iter().map(|sample| sample.name()))))?;
    let after = match section.field("after") {
        Some(after) if !sample.takes_after() => {
            return Err(after.error(Problem::AfterWithoutMeaning { key: "after", task: sample.name() }));
        }
        Some(after) => after.duration()?,
        None => Duration::ZERO,
    };
    Ok(SampleTask { sample, after })
}
