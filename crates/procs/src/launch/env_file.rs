//! Reads files of environment variables.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How long a file may be.
const LONGEST: u64 = 1 << 20;

/// Reads a file in dotenv syntax. This may block.
///
/// An error never shows a line of the file: those hold secrets.
pub(super) fn read(path: &Path) -> io::Result<Vec<(OsString, OsString)>> {
    let text = read_text(path)?;
    let mut variables = Vec::new();
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = line.map_err(|error| explained(error, &text))?;
        variables.push((name.into(), value.into()));
    }
    Ok(variables)
}

fn read_text(path: &Path) -> io::Result<String> {
    // A FIFO must not be waited for.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    if !metadata.is_file() {
        return Err(invalid("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(invalid(format!("it is longer than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8".to_owned()))
}

fn explained(error: dotenvy::Error, text: &str) -> io::Error {
    match error {
        dotenvy::Error::Io(error) => error,
        dotenvy::Error::LineParse(wrong, _) => {
            // What does not end, such as an open quote, is told with all that follows it.
            let begin = wrong.lines().next().unwrap_or_default();
            let number = text.lines().position(|line| line == begin).map(|at| at + 1);
            let line = number.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
            invalid(format!("{line} is not of the form NAME=value"))
        }
        other @ (dotenvy::Error::EnvVar(_) | _) => invalid(other.to_string()),
    }
}

fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(contents: impl AsRef<[u8]>) -> io::Result<Vec<(OsString, OsString)>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, contents).unwrap();
        read(&path)
    }

    #[test]
    fn a_file_has_the_syntax_that_dotenv_files_have() {
        let text = "# a comment\n\nA=1\nexport B='two words'\nC=\"x\\ny\" # more\nD=${A}2\nE='${A}'\nF=\n";

        let variables = written(text).unwrap();

        let expected = [("A", "1"), ("B", "two words"), ("C", "x\ny"), ("D", "12"), ("E", "${A}"), ("F", "")];
        assert_eq!(variables, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn a_mistake_is_named_by_its_line_and_shows_no_secret() {
        let error = written("A=1\nB=2\nno form at all secret\n").unwrap_err().to_string();
        assert_eq!(error, "line 3 is not of the form NAME=value");

        let error = written("A=1\nB='secret\nand more\n").unwrap_err().to_string();
        assert!(error.ends_with("is not of the form NAME=value") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn what_is_no_text_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();

        assert_eq!(read(directory.path()).unwrap_err().raw_os_error(), Some(libc::EISDIR));
        assert_eq!(read(&fifo).unwrap_err().to_string(), "it is no regular file");
        assert_eq!(written(b"A=\xff\n").unwrap_err().to_string(), "it is not UTF-8");
        assert!(written("#".repeat(LONGEST as usize + 1)).unwrap_err().to_string().contains("longer"));
    }
}
