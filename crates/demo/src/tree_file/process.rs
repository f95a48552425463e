//! The `process` of a child: a program, its surroundings, and how it is asked to stop.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rootward::process::{Output, Stdin};

use super::cgroup::{self, Cgroup};
use super::error::{FileError, Problem};
use super::model::{ProcessPart, Success};
use super::section::{Field, Keys};
use super::{
    attributes, build, command, culprit, descriptors, health, listen, log_file, ready, signal, stop,
};

const PROCESS: Keys = Keys {
    of: "a process",
    known: &[
        "command",
        "cwd",
        "env",
        "clear_env",
        "env_file",
        "expand",
        "stdin",
        "tty",
        "stdout",
        "stderr",
        "stop_command",
        "stop_signal",
        "stop",
        "ready",
        "ready_timeout",
        "health",
        "listen",
        "descriptors",
        "cgroup",
        "log_file",
        "retry_start",
        "straggler_grace",
        "success_exit",
        "user",
        "group",
        "supplementary_groups",
        "limits",
        "umask",
        "nice",
        "cpus",
        "oom_score_adjust",
        "session",
        "no_new_privs",
        "capabilities",
    ],
    not_yet: &[],
};

const INPUT: Keys = Keys { of: "stdin", known: &["file"], not_yet: &[] };

type StdinMaker = fn() -> Stdin;

const INPUTS: [(&str, StdinMaker); 3] =
    [("null", || Stdin::Null), ("inherit", || Stdin::Inherit), ("open", || Stdin::Open)];

const OUTPUTS: [(&str, Output); 3] =
    [("capture", Output::Capture), ("inherit", Output::Inherit), ("null", Output::Null)];

/// Where standard error may go as well: to standard output.
const ERROR_OUTPUTS: [(&str, Option<Output>); 4] = [
    ("capture", Some(Output::Capture)),
    ("inherit", Some(Output::Inherit)),
    ("null", Some(Output::Null)),
    ("stdout", None),
];

pub(super) fn read(field: &Field<'_>) -> Result<ProcessPart, FileError> {
    let section = field.section(&PROCESS)?;
    let argv = section.required("command", "a process needs a command, such as [\"sleep\", \"1000\"]")?;
    let stdout = section.or("stdout", Output::Capture, |stdout| stdout.name(&OUTPUTS))?;
    let stderr = section.or("stderr", Some(Output::Capture), |stderr| stderr.name(&ERROR_OUTPUTS))?;
    let part = ProcessPart {
        command: command::read(&argv)?,
        cwd: section.or("cwd", None, |cwd| Ok(Some(PathBuf::from(cwd.system_text()?))))?,
        env: section.or("env", BTreeMap::new(), read_env)?,
        clear_env: section.or("clear_env", false, Field::flag)?,
        env_files: section.or("env_file", Vec::new(), read_env_files)?,
        expand: section.or("expand", false, Field::flag)?,
        stdin: section.or("stdin", Stdin::Null, read_stdin)?,
        tty: section.or("tty", false, Field::flag)?,
        stdout,
        stderr,
        attributes: attributes::read(&section)?,
        retry_start: section.or("retry_start", None, |within| Ok(Some(within.duration()?)))?,
        straggler_grace: section.or("straggler_grace", None, |grace| Ok(Some(grace.duration()?)))?,
        successes: section.or("success_exit", Vec::new(), read_successes)?,
        stop_command: stop::read_command(&section)?,
        stop: stop::read(&section)?,
        ready: ready::read(&section, [stdout, stderr.unwrap_or(stdout)])?,
        health: health::read(&section)?,
        listen: section.or("listen", Vec::new(), listen::read)?,
        descriptors: section.or("descriptors", Vec::new(), descriptors::read)?,
        cgroup: section.or("cgroup", Cgroup::default(), cgroup::read)?,
        log_file: section.or("log_file", None, |file| log_file::read(file).map(Some))?,
    };
    // The library knows the system's users, and what fits together.
    let process = build::process(part.clone()).map_err(|problem| section.error(problem))?;
    match process.problem() {
        Some(problem) => {
            let place = culprit::find(&section, &part, &problem);
            let problem = Problem::Process { problem };
            Err(match place {
                Some(place) => place.error(problem),
                None => section.error(problem),
            })
        }
        None => Ok(part),
    }
}

/// A name, or the file to read from.
fn read_stdin(field: &Field<'_>) -> Result<Stdin, FileError> {
    if field.text().is_ok() {
        return Ok(field.name(&INPUTS)?());
    }
    let section = field.section(&INPUT)?;
    let file = section.required("file", "an input is null, inherit, open, or a table with a file")?;
    Ok(Stdin::File(PathBuf::from(file.system_text()?)))
}

/// Exit codes and names of signals.
fn read_successes(field: &Field<'_>) -> Result<Vec<Success>, FileError> {
    let expected = "a list of exit codes and signals, such as [143, \"SIGTERM\"]";
    let successes = field.list().map_err(|_| field.expected(expected))?;
    let read = |success: &Field<'_>| {
        if success.text().is_ok() {
            return signal::read(success).map(Success::Signal);
        }
        let code = success.count().ok().and_then(|code| u8::try_from(code).ok());
        code.map(|code| Success::Code(code.into()))
            .ok_or_else(|| success.expected("an exit code from 0 to 255, or a signal"))
    };
    successes.iter().map(read).collect()
}

/// A path, or a list of them.
fn read_env_files(field: &Field<'_>) -> Result<Vec<PathBuf>, FileError> {
    let files = if field.text().is_ok() { vec![field.clone()] } else { field.list()? };
    files.iter().map(|file| Ok(PathBuf::from(file.system_text()?))).collect()
}

fn read_env(field: &Field<'_>) -> Result<BTreeMap<String, String>, FileError> {
    let mut env = BTreeMap::new();
    for (name, value) in field.members()? {
        if name.is_empty() {
            return Err(value.error(Problem::EmptyText));
        }
        if name.contains('=') {
            return Err(value.error(Problem::EqualsSign));
        }
        if name.contains('\0') {
            return Err(value.error(Problem::Nul));
        }
        env.insert(name.to_owned(), value.text_without_nul()?.to_owned());
    }
    Ok(env)
}
