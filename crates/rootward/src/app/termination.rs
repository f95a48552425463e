//! What a container's end is explained with: a few lines in a file that the kubelet reads.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rootward_core::sibling::on_lines;

use super::Finished;
use super::failure_text::failure_text;

/// As much as the kubelet reads.
const AT_MOST: usize = 4096;

/// How much is kept for the line that says how many are missing.
const MORE: usize = "and 18446744073709551615 more lines\n".len();

impl Finished {
    /// Writes why and how the program has ended to a file, for Kubernetes: its `terminationMessagePath`, which is
    /// `/dev/termination-log` unless the manifest says otherwise.
    ///
    /// At most 4096 bytes, which is what the kubelet reads: whole lines, the important ones first. How the stop came
    /// out, what failed, what had to be forced and what is still there; then a line for each child.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or is there and no regular file.
    pub fn write_termination_message(&self, file: impl AsRef<Path>) -> io::Result<()> {
        write(file.as_ref(), &self.termination_message())
    }

    fn termination_message(&self) -> String {
        let mut text = String::new();
        if let Self::Left { status, .. } = self {
            let _ = writeln!(text, "left at once, status {status}");
        }
        if let Some(report) = self.stop_report() {
            let whole = report.to_string();
            let (first, children) = whole.split_once('\n').unwrap_or((&whole, ""));
            let _ = write!(text, "{first}\n{}{children}", failure_text(report));
        }
        fitted(&text)
    }
}

/// Writes why a program ends that has run no tree to a file, for Kubernetes: its description makes no sense, or
/// something could not be begun.
///
/// [`Application::run`](crate::Application::run) and [`run_async`](crate::Application::run_async) do it by themselves.
/// This is for a program that finds out before it has an application to run, and has
/// [`Finished::write_termination_message`] for all other ends. As there, the file gets 4096 bytes at most, of whole
/// lines from the first on, and no control characters.
///
/// # Errors
///
/// If the file cannot be written, or is there and no regular file.
///
/// # Examples
///
/// ```no_run
/// # let file = "/dev/termination-log";
/// if let Err(error) = std::fs::read_to_string("settings.toml") {
///     let _ = rootward::application::write_termination_message(file, &format!("settings.toml: {error}\n"));
/// }
/// ```
pub fn write_termination_message(file: impl AsRef<Path>, why: &str) -> io::Result<()> {
    write(file.as_ref(), why)
}

/// Writes a message that is worded already.
pub(super) fn write(file: &Path, message: &str) -> io::Result<()> {
    // A pipe that is not read would keep the program from ending.
    if fs::metadata(file).is_ok_and(|file| !file.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut file = match standard_stream(file) {
        // What has been written there before stays.
        Some(stream) => stream?,
        None => OpenOptions::new().write(true).create(true).truncate(true).open(file)?,
    };
    file.write_all(fitted(message).as_bytes())
}

/// Standard output or standard error, as it is open, if the path leads there by whatever name.
fn standard_stream(path: &Path) -> Option<io::Result<File>> {
    let there = fs::metadata(path).ok()?;
    let opened = [io::stdout().as_fd().try_clone_to_owned(), io::stderr().as_fd().try_clone_to_owned()];
    opened.into_iter().map(|stream| stream.map(File::from)).find(|stream| {
        let metadata = stream.as_ref().ok().and_then(|stream| stream.metadata().ok());
        metadata.is_some_and(|stream| (stream.dev(), stream.ino()) == (there.dev(), there.ino()))
    })
}

/// As many whole lines as there is room for. A first line that is too long is cut.
fn fitted(text: &str) -> String {
    let text = on_lines(text);
    if text.len() <= AT_MOST {
        return text;
    }
    let room = AT_MOST - MORE;
    // A line belongs to it if its end does.
    let end = text.as_bytes()[..room].iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
    let Some(end) = end else {
        let cut = (0..room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        return format!("{}\n", &text[..cut]);
    };
    let (kept, missing) = text.split_at(end);
    format!("{kept}and {} more lines\n", missing.lines().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is_but_for_what_would_drive_a_terminal() {
        assert_eq!(fitted("clean\nroot\n"), "clean\nroot\n");
        assert_eq!(fitted("a\x1b[31mb\n"), "a\u{fffd}[31mb\n");
    }

    #[test]
    fn of_more_than_fits_whole_lines_are_kept_from_the_first_on() {
        let text: String = (0..1000).map(|number| format!("line {number}\n")).collect();

        let message = fitted(&text);

        assert!(message.len() <= AT_MOST && message.len() > AT_MOST - 100);
        let lines: Vec<_> = message.lines().collect();
        let kept = lines.len() - 1;
        assert!(lines[..kept].iter().enumerate().all(|(number, line)| *line == format!("line {number}")));
        assert_eq!(lines[kept], format!("and {} more lines", 1000 - kept));
    }

    #[test]
    fn one_line_that_is_too_long_is_cut_between_two_characters() {
        let message = fitted(&"ä".repeat(AT_MOST));

        assert!(message.len() <= AT_MOST && message.len() > AT_MOST - 100);
    }

    #[test]
    fn a_file_that_is_none_is_an_error_and_holds_up_nothing() {
        let directory = tempfile::tempdir().unwrap();

        assert!(write(directory.path(), "x").is_err());
        assert!(write(&directory.path().join("missing/file"), "x").is_err());
        let file = directory.path().join("file");
        fs::write(&file, "what was there before, and is longer").unwrap();
        write(&file, "clean\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "clean\n");
    }
}
