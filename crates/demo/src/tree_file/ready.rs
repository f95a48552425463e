//! When a process counts as started: `ready` and `ready_timeout`.

use std::path::PathBuf;
use std::time::Duration;

use rootward::process::Output;

use super::error::{FileError, Problem};
use super::model::{Ready, ReadyWhen};
use super::section::{Field, Keys, Section};

const READY: Keys =
    Keys { of: "ready", known: &["line", "tcp", "path"], not_yet: &["http", "exec", "notify", "notify_fd"] };

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads when a process with these outputs counts as started.
pub(super) fn read(process: &Section<'_>, outputs: [Output; 2]) -> Result<Option<Ready>, FileError> {
    let timeout = process.field("ready_timeout");
    let Some(ready) = process.field("ready") else {
        return match timeout {
            Some(timeout) => Err(timeout.error(Problem::Needs { needs: "ready" })),
            None => Ok(None),
        };
    };
    let timeout = timeout.map_or(Ok(DEFAULT_TIMEOUT), |timeout| timeout.positive_duration())?;
    Ok(Some(Ready { when: read_when(&ready, outputs)?, timeout }))
}

fn read_when(field: &Field<'_>, outputs: [Output; 2]) -> Result<ReadyWhen, FileError> {
    let section = field.section(&READY)?;
    match (section.field("line"), section.field("tcp"), section.field("path")) {
        (Some(line), None, None) if !outputs.contains(&Output::Capture) => {
            Err(line.error(Problem::NothingCaptured))
        }
        (Some(line), None, None) => read_line(&line),
        (None, Some(address), None) => read_address(&address),
        (None, None, Some(path)) => Ok(ReadyWhen::Path(PathBuf::from(path.system_text()?))),
        (line, tcp, path) => {
            let found = [line, tcp, path].iter().flatten().count();
            Err(field.error(Problem::NotOneWay { ways: READY.known, found }))
        }
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

fn read_address(field: &Field<'_>) -> Result<ReadyWhen, FileError> {
    let text = field.text_without_nul()?;
    let valid = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if valid {
        Ok(ReadyWhen::Tcp(text.to_owned()))
    } else {
        Err(field.error(Problem::Address { text: text.to_owned() }))
    }
}
