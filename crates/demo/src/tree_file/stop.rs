//! How a process is asked to stop: `stop_command`, and `stop_signal` or a ladder of signals in `stop`.

use std::time::Duration;

use rootward::process::{Recipient, Signal, Step};

use super::error::{FileError, Problem};
use super::model::Stop;
use super::section::{Field, Keys, TableSection};
use super::{command, signal};

const RUNG: Keys = Keys { of: "a rung of the stop ladder", known: &["signal", "wait", "to"], not_yet: &[] };

const RECIPIENTS: [(&str, Recipient); 2] = [("group", Recipient::Group), ("leader", Recipient::Leader)];

const COMMAND: Keys = Keys { of: "the stop command", known: &["exec", "wait"], not_yet: &[] };

/// What is run first, and how long the process has to go after that before it gets a signal.
pub(super) fn read_command(process: &TableSection<'_>) -> Result<Option<(Vec<String>, Duration)>, FileError> {
    let Some(field) = process.field("stop_command") else { return Ok(None) };
    let section = field.section(&COMMAND)?;
    let argv = command::read(&section.required("exec", "it says which command is run")?)?;
    let wait = section.required("wait", "it says how long the command is given to work")?;
    Ok(Some((argv, wait.positive_duration()?)))
}

pub(super) fn read(process: &TableSection<'_>) -> Result<Stop, FileError> {
    match (process.field("stop_signal"), process.field("stop")) {
        (None, None) => Ok(Stop::Signal(Signal::TERM)),
        (Some(signal), None) => Ok(Stop::Signal(signal::read(&signal)?)),
        (None, Some(ladder)) => read_ladder(&ladder),
        (Some(_), Some(ladder)) => Err(ladder.error(Problem::Excludes { one: "stop", other: "stop_signal" })),
    }
}

fn read_ladder(field: &Field<'_>) -> Result<Stop, FileError> {
    let rungs = field.list()?.iter().map(read_rung).collect::<Result<Vec<_>, _>>()?;
    if rungs.is_empty() { Err(field.error(Problem::EmptyLadder)) } else { Ok(Stop::Ladder(rungs)) }
}

fn read_rung(field: &Field<'_>) -> Result<Step, FileError> {
    let rung = field.section(&RUNG)?;
    let signal = signal::read(&rung.required("signal", "a rung says which signal is sent")?)?;
    let wait = rung.required("wait", "a rung says how long its signal is given to work")?.duration()?;
    let step = Step::new(signal, wait);
    Ok(match rung.or("to", Recipient::Group, |to| to.name(&RECIPIENTS))? {
        Recipient::Group => step,
        Recipient::Leader => step.to_leader(),
    })
}
