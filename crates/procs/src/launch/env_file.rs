//! Reads files of environment variables.

mod scan;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use scan::{Entry, Reference};

/// How long a file may be.
const LONGEST: u64 = 1 << 20;

/// Reads a file in dotenv syntax. This may block.
///
/// An error names lines and variables, and never shows a value: those are secrets.
pub(super) fn read(path: &Path) -> io::Result<Vec<(OsString, OsString)>> {
    let text = read_text(path)?;
    let mut variables = Vec::new();
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = line.map_err(|error| explained(error, &text))?;
        variables.push((name, value));
    }
    let entries = scan::entries(&text);
    if let Some(problem) = unset(&entries).or_else(|| with_nul(&entries, &variables)) {
        return Err(invalid(problem));
    }
    Ok(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}

/// The first place where a value names a variable that is set neither in this program nor by a line before. Where the
/// crate puts nothing, something of the value would be missing.
fn unset(entries: &[Entry]) -> Option<String> {
    let mut set = HashSet::new();
    for Entry { key, references, .. } in entries {
        // The crate asks the environment in the same way.
        let is_set = |name: &str| std::env::var(name).is_ok() || set.contains(name);
        if let Some(unset) = references.iter().find(|it| !is_set(&it.name)) {
            return Some(told(key, unset));
        }
        set.insert(key.as_str());
    }
    None
}

/// A name in braces is meant as one. Behind a mere `$` may stand a part of a password, and so may behind a name in
/// braces, as the shell's `${NAME:-value}` has it. Neither is told.
fn told(key: &str, Reference { name, is_braced, line }: &Reference) -> String {
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    let what = if *is_braced && is_name {
        format!("the variable `{name}`, which is not set")
    } else {
        "a variable that is not set".to_owned()
    };
    format!(
        "line {line}: the `$` in the value of `{key}` stands for {what}; in single quotes it is a plain `$`"
    )
}

fn with_nul(entries: &[Entry], variables: &[(String, String)]) -> Option<String> {
    let (at, (key, _)) = variables.iter().enumerate().find(|(_, (_, value))| value.contains('\0'))?;
    let line = entries.get(at).map_or_else(|| "a line".to_owned(), |entry| format!("line {}", entry.line));
    Some(format!("{line}: the value of `{key}` holds a NUL byte"))
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
    fn a_nul_byte_is_named_by_its_line() {
        let error = written("A=1\n\nB=secret\0y\n").unwrap_err().to_string();

        assert_eq!(error, "line 3: the value of `B` holds a NUL byte");
    }

    #[test]
    fn a_variable_that_is_not_set_is_a_mistake_and_a_password_is_not_told() {
        let kept = "in single quotes it is a plain `$`";
        for (text, expected) in [
            (
                "A=1\nURL=http://${NOPE_X}/\n",
                "line 2: the `$` in the value of `URL` stands for the variable `NOPE_X`, which is not set",
            ),
            (
                "PASS=pa$word\n",
                "line 1: the `$` in the value of `PASS` stands for a variable that is not set",
            ),
            ("A=${B:-secret}\n", "line 1: the `$` in the value of `A` stands for a variable that is not set"),
            ("PASS=word$\n", "line 1: the `$` in the value of `PASS` stands for a variable that is not set"),
            (
                "A=${B_B}\nB_B=1\n",
                "line 1: the `$` in the value of `A` stands for the variable `B_B`, which is not set",
            ),
        ] {
            assert_eq!(written(text).unwrap_err().to_string(), format!("{expected}; {kept}"));
        }
        for (text, expected) in [
            ("PASS='pa$word'\n", "pa$word"),
            ("PASS=pa\\$word\n", "pa$word"),
            ("EMPTY=\nPASS=pa${EMPTY}\n", "pa"),
        ] {
            assert_eq!(written(text).unwrap().pop().unwrap().1, expected, "{text}");
        }
        let path = std::env::var("PATH").unwrap();
        assert_eq!(written("A=${PATH}\n").unwrap(), [("A".into(), path.into())]);
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
