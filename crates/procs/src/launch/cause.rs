//! Why an exec has failed, as far as the file and the texts say. Looked for after it, and only then.

use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::statvfs::{FsFlags, statvfs};

use super::image;
use super::interpreter::{ExecChain, ExecLink, Form};
use crate::spec::{Command, longest_text};

/// What follows the interpreter's name in the text of an error.
pub(super) fn about_interpreter(interpreter: &Path, behind: Option<&Path>) -> String {
    match (interpreter.as_os_str().as_bytes(), behind) {
        ([.., b'\r'], None) => ": the first line of the file ends with a carriage return".to_owned(),
        ([.., b'\r'], Some(behind)) => {
            format!(": the first line of its interpreter `{}` ends with a carriage return", behind.display())
        }
        (_, Some(behind)) => format!(": its interpreter `{}` needs it", behind.display()),
        (_, None) => String::new(),
    }
}

/// Why a program that is there was not executed, in words that follow "is not executable".
pub(super) fn reason(chain: &ExecChain, errno: i32) -> Option<String> {
    match errno {
        libc::ENOEXEC => {
            let (last, is_interpreter) = chain.last();
            Some(of(last, is_interpreter, wrong_form(&last.form)?))
        }
        libc::EACCES => {
            let mut links = chain.links().iter().enumerate();
            links.find_map(|(at, link)| {
                Some(of(link, at > 0, refused(&link.file, &fs::metadata(&link.file).ok()?)?))
            })
        }
        libc::ELOOP if chain.is_too_long => Some(
            "its interpreter has an interpreter, and so on, more often than the system follows".to_owned(),
        ),
        _ => None,
    }
}

fn of(link: &ExecLink, is_interpreter: bool, why: String) -> String {
    if is_interpreter { format!("of its interpreter `{}`: {why}", link.name.display()) } else { why }
}

/// Why the kernel does not execute a file of this form. Files of other forms it may have been told to (`binfmt_misc`).
fn wrong_form(form: &Form) -> Option<String> {
    let why = match form {
        Form::Empty => "the file is empty",
        Form::Nameless => "its `#!` line names no interpreter",
        Form::Other => "it has no `#!` line and is no binary of this system",
        Form::Foreign(None) => "it is a binary for another machine",
        Form::Foreign(Some(machine)) => {
            return Some(format!("it is a binary for another machine, {machine}"));
        }
        Form::Script(_) | Form::Binary(_) | Form::Unknown => return None,
    };
    Some(why.to_owned())
}

fn refused(file: &Path, metadata: &Metadata) -> Option<String> {
    if metadata.is_dir() {
        return Some("it is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Some("it is no regular file".to_owned());
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Some("it has no permission to be executed".to_owned());
    }
    let is_noexec = statvfs(file).is_ok_and(|about| about.flags().contains(FsFlags::ST_NOEXEC));
    is_noexec.then(|| "the file system that it is on is mounted `noexec`".to_owned())
}

/// Which text is the longest of those that are too long, in words that follow "are too long".
pub(super) fn too_long(command: &Command) -> String {
    let texts = image::texts_of(command);
    let total: usize = texts.iter().map(|(_, bytes)| bytes + 1).sum();
    let longest = texts.into_iter().max_by_key(|(_, bytes)| *bytes);
    let (name, bytes) = longest.unwrap_or_default();
    if bytes > longest_text() {
        return format!("{name} has {bytes} bytes, and the system takes {} of one", longest_text());
    }
    format!("they have {total} bytes altogether, and the longest, {name}, has {bytes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_at_the_end_of_an_interpreter_is_explained() {
        let about = |interpreter: &str, behind: Option<&str>| {
            about_interpreter(Path::new(interpreter), behind.map(Path::new))
        };

        assert!(about("/bin/sh\r", None).ends_with("of the file ends with a carriage return"));
        assert!(
            about("/bin/sh\r", Some("b")).ends_with("of its interpreter `b` ends with a carriage return")
        );
        assert_eq!(
            (about("/bin/sh", None).as_str(), about("x", Some("b")).as_str()),
            ("", ": its interpreter `b` needs it")
        );
    }

    #[test]
    fn the_longest_text_is_named() {
        let mut command = Command::new("tool");
        command.clear_env = true;
        command.args.extend(["short".into(), "x".repeat(100).into()]);
        assert_eq!(
            too_long(&command),
            "they have 112 bytes altogether, and the longest, argument 2, has 100"
        );

        command.env.insert("LONG".into(), Some("y".repeat(longest_text()).into()));
        let expected = format!(
            "the variable `LONG` has {} bytes, and the system takes {} of one",
            longest_text() + 5,
            longest_text()
        );
        assert_eq!(too_long(&command), expected);
    }
}
