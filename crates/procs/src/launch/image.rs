//! A command in the form that the kernel wants.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::SpawnError;
use crate::spec::Command;
use crate::sys::Program;

/// Where programs are looked for if nothing says so.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Makes a command a program with these descriptors 0, 1 and 2.
pub(super) fn program(command: &Command, stdio: [Option<OwnedFd>; 3]) -> Result<Program, SpawnError> {
    let c_string = |part: &'static str, text: Vec<u8>| {
        CString::new(text).map_err(|_| SpawnError::NulByte { program: PathBuf::from(&command.program), part })
    };
    let argv = [&command.program].into_iter().chain(&command.args);
    let entry = |(key, value): (OsString, OsString)| {
        let mut entry = key.into_vec();
        // With the zero that follows.
        entry.reserve_exact(value.len() + 2);
        entry.push(b'=');
        entry.extend_from_slice(value.as_bytes());
        c_string("environment", entry)
    };
    let env = if command.env.is_empty() && !command.clear_env {
        std::env::vars_os().map(entry).collect::<Result<_, _>>()?
    } else {
        environment(command).into_iter().map(entry).collect::<Result<_, _>>()?
    };
    let directory = command.directory.as_ref().map(|dir| dir.as_os_str().as_bytes().to_vec());
    Ok(Program {
        candidates: candidates(command)
            .into_iter()
            .map(|path| c_string("program", path.into_os_string().into_vec()))
            .collect::<Result<_, _>>()?,
        argv: argv.map(|arg| c_string("arguments", arg.as_bytes().to_vec())).collect::<Result<_, _>>()?,
        env,
        directory: directory.map(|dir| c_string("working directory", dir)).transpose()?,
        stdio,
        own_session: false,
    })
}

/// Whether a candidate is there after all, for an exec that said it found nothing.
pub(super) fn exists(command: &Command) -> bool {
    let directory = command.directory.as_deref().unwrap_or(Path::new(""));
    candidates(command).into_iter().any(|path| directory.join(path).is_file())
}

/// The files that may be the program, in the order in which they are tried.
fn candidates(command: &Command) -> Vec<PathBuf> {
    let program = &command.program;
    if program.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(program)];
    }
    let path = search_path(command);
    let directories = path.as_bytes().split(|byte| *byte == b':').map(OsStr::from_bytes);
    directories
        // An empty entry means the working directory, by an old custom that POSIX keeps.
        .map(|directory| {
            if directory.is_empty() { Path::new(".") } else { Path::new(directory) }.join(program)
        })
        .collect()
}

/// The child's own `PATH` if it is given one, else ours.
fn search_path(command: &Command) -> OsString {
    let own = command.env.get(OsStr::new("PATH")).cloned().flatten();
    own.or_else(|| std::env::var_os("PATH")).unwrap_or_else(|| DEFAULT_PATH.into())
}

fn environment(command: &Command) -> BTreeMap<OsString, OsString> {
    let mut environment = BTreeMap::new();
    if !command.clear_env {
        environment.extend(std::env::vars_os());
    }
    for (key, value) in &command.env {
        match value {
            Some(value) => environment.insert(key.clone(), value.clone()),
            None => environment.remove(key),
        };
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_a_slash_is_not_searched_for() {
        assert_eq!(candidates(&Command::new("./here")), [Path::new("./here")]);
    }

    #[test]
    fn a_bare_name_is_searched_for_in_the_path_that_the_child_is_given() {
        let mut command = Command::new("tool");
        command.env.insert("PATH".into(), Some("/a::/b".into()));

        assert_eq!(candidates(&command), ["/a/tool", "./tool", "/b/tool"].map(Path::new));
    }

    #[test]
    fn a_bare_name_is_searched_for_in_our_path_if_the_child_is_given_none() {
        let mut command = Command::new("tool");
        command.clear_env = true;
        let ours = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());

        assert_eq!(search_path(&command), ours);
    }

    #[test]
    fn changes_apply_to_our_environment_or_to_an_empty_one() {
        let mut command = Command::new("tool");
        command.env.insert("ADDED".into(), Some("1".into()));
        command.env.insert("PATH".into(), None);
        let inherited = environment(&command);
        command.clear_env = true;

        assert_eq!(inherited.get(OsStr::new("ADDED")), Some(&OsString::from("1")));
        assert_eq!(inherited.get(OsStr::new("PATH")), None);
        assert_eq!(environment(&command), BTreeMap::from([("ADDED".into(), "1".into())]));
    }

    #[test]
    fn a_nul_byte_is_an_error_that_names_its_place() {
        let mut command = Command::new("tool");
        command.args.push("a\0b".into());

        let error = program(&command, [const { None }; 3]).err().unwrap();

        assert_eq!(error.to_string(), "the arguments of `tool` holds a NUL byte");
    }
}
