//! Why an exec has failed, as far as the file and the texts say. Looked for after it, and only then.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};

use super::image;
use crate::spec::{Command, longest_text};

/// How much of a file is looked at: as much as the kernel does.
const HEAD: u64 = 256;

/// The interpreter that the first line of a file names, as the kernel reads it.
pub(super) fn interpreter_of(program: &Path) -> Option<PathBuf> {
    let head = head_of(program)?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t' | 0)).unwrap_or(line.len());
    (end > 0).then(|| PathBuf::from(OsStr::from_bytes(&line[..end])))
}

/// What follows the interpreter's name in the text of an error.
pub(super) fn about_interpreter(interpreter: &Path) -> &'static str {
    match interpreter.as_os_str().as_bytes() {
        [.., b'\r'] => ": the first line of the file ends with a carriage return",
        _ => "",
    }
}

/// Why a file that is there was not executed, in words that follow "is not executable".
pub(super) fn reason(program: &Path, errno: i32) -> Option<String> {
    match errno {
        libc::ENOEXEC => {
            let head = head_of(program)?;
            let why = if head.is_empty() {
                "the file is empty"
            } else if head.starts_with(b"#!") {
                "its `#!` line names no interpreter"
            } else {
                "it has no `#!` line and is no binary of this system"
            };
            Some(why.to_owned())
        }
        libc::EACCES => {
            let metadata = fs::metadata(program).ok()?;
            refused(program, &metadata).or_else(|| {
                let interpreter = interpreter_of(program)?;
                let why = refused(&interpreter, &fs::metadata(&interpreter).ok()?)?;
                Some(format!("of its interpreter `{}`: {why}", interpreter.display()))
            })
        }
        _ => None,
    }
}

/// Whether a file is one that the kernel executes by itself, or has an interpreter. `None` if it cannot be read.
pub(super) fn has_known_form(program: &Path) -> Option<bool> {
    let head = head_of(program)?;
    Some(head.starts_with(b"\x7fELF") || interpreter_of(program).is_some())
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

fn head_of(file: &Path) -> Option<Vec<u8>> {
    // Only a regular file: to open a FIFO would wait.
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut head = Vec::new();
    File::open(file).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(contents: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, contents).unwrap();
        (directory, path)
    }

    #[test]
    fn an_interpreter_is_what_the_kernel_takes_for_one() {
        let interpreter = |contents| interpreter_of(&file(contents).1.clone());
        let found = |contents| {
            let (_directory, path) = file(contents);
            interpreter_of(&path).map(|it| it.into_os_string().into_string().unwrap())
        };

        assert_eq!(found("#!/bin/sh\n").as_deref(), Some("/bin/sh"));
        assert_eq!(found("#! /usr/bin/env sh -x\necho").as_deref(), Some("/usr/bin/env"));
        assert_eq!(found("#!/bin/sh\r\n").as_deref(), Some("/bin/sh\r"));
        assert_eq!(found("#!\n"), None);
        assert_eq!(found("echo"), None);
        assert_eq!(interpreter(""), None, "the file is gone");
        assert!(about_interpreter(Path::new("/bin/sh\r")).ends_with("carriage return"));
        assert_eq!(about_interpreter(Path::new("/bin/sh")), "");
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
