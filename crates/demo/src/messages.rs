//! Writes messages to the user. A missing reader is no error, and one that takes nothing is not waited for.

use std::fmt;
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::time::Duration;

use crate::descriptor::{require_open, write_lines_within};
use crate::letters::Letters;
use crate::safe::safe_lines;

/// The status of a command line or a tree file that makes no sense. Nothing has been started then.
pub(crate) const BAD_INPUT: u8 = 2;

/// How long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes an error, the way the command line's own errors look.
pub(crate) fn error(message: impl fmt::Display) {
    say(format_args!("error: {message}"));
}

/// Writes an error, and below it the lines of the file in which it stands.
pub(crate) fn mistake(message: impl fmt::Display, picture: Option<&str>) {
    write_with_picture(&format!("error: {message}"), picture);
}

/// Writes what may go wrong, and below it the lines of the file in which it stands.
pub(crate) fn doubt(message: impl fmt::Display, picture: Option<&str>) {
    write_with_picture(&format!("warning: {message}"), picture);
}

fn write_with_picture(message: &str, picture: Option<&str>) {
    // The lines have a margin of their own, which tells them from what others write.
    let picture = picture.map(safe_lines).unwrap_or_default();
    write(&format!("{}\n{picture}", on_lines(message)));
}

/// Writes what the user should know and what changes nothing.
pub(crate) fn warning(message: impl fmt::Display) {
    say(format_args!("warning: {message}"));
}

/// Writes something that the user should know and that is no error.
pub(crate) fn note(message: impl fmt::Display) {
    say(format_args!("note: {message}"));
}

/// An error and what is behind it, as far as its own text does not say that already: its causes, and the limit of the
/// system's that was reached.
pub(crate) fn with_its_causes(failed: &(dyn std::error::Error + 'static)) -> String {
    let mut message = failed.to_string();
    for cause in std::iter::successors(failed.source(), |cause| cause.source()).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    let limit = limit_behind_all(failed);
    if message.contains(&limit) { message } else { message + &limit }
}

/// Writes an error and what is behind it.
pub(crate) fn error_with_its_causes(failed: &(dyn std::error::Error + 'static)) {
    error(with_its_causes(failed));
}

/// Writes what was asked for, and says with which status the demo ends. A reader may go at any time.
pub(crate) fn answer(text: &str) -> ExitCode {
    write_answer(&Letters::of(&io::stdout()).fit(safe_lines(text)))
}

/// The same with a text that is for programs, and whose letters stay as they are.
pub(crate) fn answer_document(text: &str) -> ExitCode {
    write_answer(&safe_lines(text))
}

fn write_answer(text: &str) -> ExitCode {
    let written = require_open(1).and_then(|()| write_lines_within(PATIENCE, io::stdout(), text.as_bytes()));
    match written {
        Err(failed) if failed.kind() != ErrorKind::BrokenPipe => {
            let limit = limit_behind(&failed);
            error(format_args!("cannot write to standard output: {failed}{limit}"));
            ExitCode::FAILURE
        }
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// All of it in one write, or what another thread says could stand in the middle.
fn say(message: fmt::Arguments<'_>) {
    write(&format!("{}\n", on_lines(&message.to_string())));
}

/// A second line is told from what others write.
fn on_lines(message: &str) -> String {
    safe_lines(message).trim_end().replace('\n', "\n     | ")
}

fn write(text: &str) {
    // There is no other place to say it.
    let text = Letters::of(&io::stderr()).fit(text.to_owned());
    let _ = write_lines_within(PATIENCE, io::stderr(), text.as_bytes());
}

/// The limit of the system's that is behind an error, as what follows what could not be had.
pub(crate) fn limit_behind(error: &io::Error) -> String {
    rootward::process::own_limit_behind(error).map(|limit| format!(", {limit}")).unwrap_or_default()
}

/// The same, where the system's error is behind others.
pub(crate) fn limit_behind_all(failed: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(failed), |error| error.source());
    let behind = all.filter_map(|error| error.downcast_ref::<io::Error>()).map(limit_behind);
    behind.collect::<Vec<_>>().concat()
}

/// Whether the system lacked something. Then the error says nothing about the command line, and nothing about a file.
pub(crate) fn is_of_the_system(failed: &(dyn std::error::Error + 'static)) -> bool {
    !limit_behind_all(failed).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write to a file: {0}")]
    struct Refused(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("the run is not written down")]
    struct NotWritten(#[source] Refused);

    fn refused(errno: i32) -> NotWritten {
        NotWritten(Refused(io::Error::from_raw_os_error(errno)))
    }

    #[test]
    fn an_error_is_said_with_its_causes_and_the_limit_behind_them_each_once() {
        let limit = limit_behind(&io::Error::from_raw_os_error(libc::EMFILE));
        assert!(limit.ends_with("(RLIMIT_NOFILE)"), "{limit}");

        let said = with_its_causes(&refused(libc::EMFILE));

        let cause = io::Error::from_raw_os_error(libc::EMFILE);
        assert_eq!(said, format!("the run is not written down: cannot write to a file: {cause}{limit}"));
    }

    #[test]
    fn a_limit_says_nothing_about_the_command_line_and_a_missing_directory_does() {
        assert!(is_of_the_system(&refused(libc::EMFILE)) && is_of_the_system(&refused(libc::EAGAIN)));
        assert!(!is_of_the_system(&refused(libc::ENOENT)) && !is_of_the_system(&refused(libc::EACCES)));
    }
}
