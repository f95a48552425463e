//! When a process counts as started: `ready` and `ready_timeout`.

use std::path::PathBuf;
use std::time::Duration;

use rootward::process::{self, HttpGet, Output, Process};

use super::command;
use super::error::{FileError, Problem};
use super::model::{Ready, ReadyWhen};
use super::section::{Field, Keys, TableSection};
use super::value::What;

const READY: Keys = Keys {
    of: "ready",
    known: &[
        "line",
        "tcp",
        "unix",
        "http",
        "path",
        "exec",
        "notify",
        "notify_fd",
        "status",
        "headers",
        "any_owner",
    ],
    not_yet: &[],
};

/// The ways to be ready that are a key of the table.
const WAYS: [&str; 8] = ["line", "tcp", "unix", "http", "path", "exec", "notify", "notify_fd"];

/// What the ways are called in messages.
const NAMES: [&str; 9] =
    ["line", "tcp", "unix", "http", "path", "exec", "notify", "notify_fd", "\"completion\""];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads when a process with these outputs counts as started.
pub(super) fn read(process: &TableSection<'_>, outputs: [Output; 2]) -> Result<Option<Ready>, FileError> {
    let timeout = process.field("ready_timeout");
    let Some(ready) = process.field("ready") else {
        return match timeout {
            Some(timeout) => Err(timeout.error(Problem::Needs { needs: "ready" })),
            None => Ok(None),
        };
    };
    let timeout = timeout.map_or(Ok(DEFAULT_TIMEOUT), |timeout| timeout.positive_duration())?;
    let (when, any_owner) = match ready.value().what {
        What::Text(_) => (ready.name(&[("completion", ())]).map(|()| ReadyWhen::Completion)?, false),
        What::Number(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => {
            read_table(&ready, outputs)?
        }
    };
    Ok(Some(Ready { when, any_owner, timeout }))
}

fn read_table(field: &Field<'_>, outputs: [Output; 2]) -> Result<(ReadyWhen, bool), FileError> {
    let section = field.section(&READY)?;
    let found: Vec<_> = WAYS.iter().filter_map(|way| Some((*way, section.field(way)?))).collect();
    let [(way, value)] = &found[..] else {
        return Err(field.error(Problem::NotOneWay { ways: &NAMES, found: found.len() }));
    };
    for (key, ways) in
        [("status", &["http"][..]), ("headers", &["http"]), ("any_owner", &["tcp", "unix", "http"])]
    {
        if let Some(stray) = section.field(key).filter(|_| !ways.contains(way)) {
            return Err(stray.error(Problem::Needs { needs: ways[0] }));
        }
    }
    let when = match *way {
        "line" if !outputs.contains(&Output::Capture) => return Err(value.error(Problem::NothingCaptured)),
        "line" => read_line(value)?,
        "tcp" => ReadyWhen::Tcp(read_address(value)?),
        "unix" => ReadyWhen::Unix(PathBuf::from(value.system_text()?)),
        "http" => ReadyWhen::Http(read_get(&section, value)?),
        "path" => ReadyWhen::Path(PathBuf::from(value.system_text()?)),
        "notify" => value.name(&[("systemd", ())]).map(|()| ReadyWhen::Notify)?,
        "notify_fd" => ReadyWhen::Descriptor(read_descriptor(value)?),
        _ => ReadyWhen::Command(command::read(value)?),
    };
    Ok((when, section.or("any_owner", false, Field::flag)?))
}

fn read_descriptor(field: &Field<'_>) -> Result<u32, FileError> {
    let number = field.count().ok().filter(|number| (3..=255).contains(number));
    number.ok_or_else(|| field.expected("a descriptor's number from 3 to 255"))
}

/// The library says what is wrong with a request.
pub(super) fn read_get(ready: &TableSection<'_>, url: &Field<'_>) -> Result<HttpGet, FileError> {
    let mut get = HttpGet::new(url.text_without_nul()?);
    if let Some(status) = ready.field("status") {
        let expected = "a status from 100 to 599";
        let number = status.count().ok().and_then(|number| u16::try_from(number).ok());
        let number =
            number.filter(|number| (100..=599).contains(number)).ok_or_else(|| status.expected(expected))?;
        get = get.status(number);
    }
    if let Some(headers) = ready.field("headers") {
        for (name, value) in headers.members()? {
            get = get.header(name, value.text()?);
        }
    }
    match get.problem() {
        Some(problem) => Err(url.error(Problem::Http { problem })),
        None => Ok(get),
    }
}

fn read_line(field: &Field<'_>) -> Result<ReadyWhen, FileError> {
    let text = field.text()?;
    match regex::Regex::new(text) {
        Ok(_) => Ok(ReadyWhen::Line(text.to_owned())),
        Err(error) => {
            // The error draws a picture of several lines; its last one says what is wrong.
            let picture = error.to_string();
            let reason = picture.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(field.error(Problem::Regex { text: text.to_owned(), reason }))
        }
    }
}

/// The library says what is an address.
pub(super) fn read_address(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.text_without_nul()?;
    let of_form = Process::new("a").ready(process::Ready::tcp(text));
    if of_form.problem().is_none() {
        Ok(text.to_owned())
    } else {
        Err(field.error(Problem::Address { text: text.to_owned() }))
    }
}
