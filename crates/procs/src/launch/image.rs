//! A command in the form that the kernel wants.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::spec::{Command, Descriptors};
use crate::sys::{HoldsNul, Program, Session, Texts};

/// The variable that says where programs are looked for.
const PATH: &str = "PATH";

/// Where programs are looked for if nothing says so.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// A part of a command holds a NUL byte, which the kernel would take for its end.
#[derive(Debug)]
pub(super) struct NulByteIn {
    pub(super) program: PathBuf,
    pub(super) part: &'static str,
}

/// Makes a command a program with these descriptors 0, 1 and 2.
pub(super) fn program(command: &Command, stdio: [Option<OwnedFd>; 3]) -> Result<Program, NulByteIn> {
    let holds_nul = |part| NulByteIn { program: PathBuf::from(&command.program), part };
    let candidates = candidates(command);
    let argv: Vec<_> = [&command.program].into_iter().chain(&command.args).collect();
    let env: Vec<_> = environment(command).into_iter().collect();
    let pid_variable =
        env.iter().position(|(key, _)| !command.descriptors.sockets.is_empty() && key == LISTEN_PID);
    let directory = command.directory.as_ref().map(|dir| CString::new(dir.as_os_str().as_bytes()));
    Ok(Program {
        candidates: texts(candidates.iter().map(|path| [path.as_os_str().as_bytes()]))
            .map_err(|HoldsNul| holds_nul("program"))?,
        argv: texts(argv.iter().map(|arg| [arg.as_bytes()])).map_err(|HoldsNul| holds_nul("arguments"))?,
        env: texts(env.iter().map(|(key, value)| [key.as_bytes(), b"=", value.as_bytes()]))
            .map_err(|HoldsNul| holds_nul("environment"))?,
        directory: directory.transpose().map_err(|_| holds_nul("working directory"))?,
        stdio,
        pid_variable,
        extra: Vec::new(),
        session: session(command),
        inherited: Vec::new(),
    })
}

/// What a program leads.
fn session(command: &Command) -> Session {
    match &command.terminal {
        Some(_) => Session::OwnWithTerminal,
        None if command.attributes.own_session => Session::Own,
        None => Session::Ours,
    }
}

/// Texts of so many parts each.
fn texts<'a, const N: usize>(
    parts: impl ExactSizeIterator<Item = [&'a [u8]; N]> + Clone,
) -> Result<Texts, HoldsNul> {
    let bytes = parts.clone().flatten().map(<[u8]>::len).sum();
    let mut texts = Texts::with_room(parts.len(), bytes);
    for parts in parts {
        texts.push(&parts)?;
    }
    Ok(texts)
}

/// The candidate that is there, for an exec that has failed.
pub(super) fn found(command: &Command) -> Option<PathBuf> {
    places(command).find(|path| path.exists())
}

/// What an exec of a command will meet, as far as a look at the files tells.
pub(super) enum ProgramSight {
    Found(PathBuf),
    Missing,
    /// Nothing can be at this path, whatever rights one has: it leads in a circle, or is too long.
    NoPath(PathBuf, io::Error),
    /// One of the candidates is in a directory that may not be searched, and so may be there. It is the first of them.
    Hidden(PathBuf, io::Error),
}

/// Looks at the candidates in the order in which an exec tries them.
pub(super) fn look(command: &Command) -> ProgramSight {
    let mut hidden = None;
    for path in places(command) {
        match path.metadata() {
            Ok(_) => return ProgramSight::Found(path),
            Err(error) if is_absence(&error) => {}
            // The search ends with it.
            Err(error) if is_no_path(&error) && hidden.is_none() => return ProgramSight::NoPath(path, error),
            Err(error) => _ = hidden.get_or_insert((path, error)),
        }
    }
    hidden.map_or(ProgramSight::Missing, |(path, error)| ProgramSight::Hidden(path, error))
}

/// Whether an error says that a path leads to nothing, whatever rights one has.
pub(super) fn is_no_path(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENAMETOOLONG))
}

/// Whether a file is not there for certain.
pub(super) fn is_not_there(path: &Path) -> bool {
    path.metadata().is_err_and(|error| is_absence(&error))
}

/// Whether an error says that nothing is there.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn places(command: &Command) -> impl Iterator<Item = PathBuf> {
    let directory = command.directory.as_deref().unwrap_or(Path::new(""));
    candidates(command).into_iter().map(|path| directory.join(path))
}

/// What each text of the program is called, and how many bytes it has.
pub(super) fn texts_of(command: &Command) -> Vec<(String, usize)> {
    let args = command.args.iter().zip(1..).map(|(arg, at)| (format!("argument {at}"), arg.len()));
    let env = environment(command);
    let env = env.iter().map(|(key, value)| {
        (format!("the variable `{}`", key.to_string_lossy()), key.len() + 1 + value.len())
    });
    [("the program".to_owned(), command.program.len())].into_iter().chain(args).chain(env).collect()
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

/// The child's own `PATH` if it is given one, by the command or by a file of variables, else ours.
fn search_path(command: &Command) -> OsString {
    let own = match command.env.get(OsStr::new(PATH)) {
        Some(own) => own.clone(),
        None => given_beneath(command).filter(|(key, _)| *key == PATH).map(|(_, path)| path.clone()).last(),
    };
    own.or_else(|| std::env::var_os("PATH")).unwrap_or_else(|| DEFAULT_PATH.into())
}

/// The environment of the program: ours but for what speaks of us, or none, with the command's changes.
pub(super) fn environment(command: &Command) -> BTreeMap<OsString, OsString> {
    let mut environment = BTreeMap::new();
    if !command.clear_env {
        environment.extend(std::env::vars_os().filter(|(key, _)| !OURS.iter().any(|ours| *ours == key)));
        if let Some(directory) = begins_in(command) {
            environment.insert("PWD".into(), directory.into());
        }
    }
    if command.terminal.is_some() {
        // What reads none of it shows what is to be shown all the same.
        environment.entry("TERM".into()).or_insert_with(|| "xterm".into());
    }
    environment.extend(given_beneath(command).map(|(key, value)| (key.to_owned(), value.clone())));
    for (key, value) in &command.env {
        match value {
            Some(value) => environment.insert(key.clone(), value.clone()),
            None => environment.remove(key),
        };
    }
    let Descriptors { sockets, .. } = &command.descriptors;
    if !sockets.is_empty() {
        environment.insert("LISTEN_FDS".into(), sockets.len().to_string().into());
        environment.insert("LISTEN_FDNAMES".into(), command.descriptors.names().into());
        // The process alone knows its number, and puts it there.
        environment.insert(LISTEN_PID.into(), OsString::new());
    }
    environment
}

/// The variable that says for which process the sockets are.
const LISTEN_PID: &str = "LISTEN_PID";

/// What a command's environment has of its user and of files, the latter last: all but ours and its own `env`.
pub(super) fn given_beneath(command: &Command) -> impl Iterator<Item = (&OsStr, &OsString)> {
    let identity = command.attributes.identity.iter().flat_map(|identity| &identity.variables);
    let identity = identity.map(|(key, value)| (OsStr::new(*key), value));
    identity.chain(command.read_env.iter().map(|(key, value)| (key.as_os_str(), value)))
}

/// The variables that a service manager sets for one process, by its process id, its descriptors or its unit. A child
/// that believed them would speak for us, or take descriptors that are not there for its own.
const OURS: [&str; 10] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "LISTEN_FDNAMES",
    "MAINPID",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
];

/// The directory in which the program begins, if it is not ours, as a path that counts from nowhere.
fn begins_in(command: &Command) -> Option<PathBuf> {
    let directory = command.directory.as_deref()?;
    // Where ours is not known, the program finds out by itself.
    std::env::current_dir().ok().map(|ours| ours.join(directory)).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::LaunchError;

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
    fn a_bare_name_is_searched_for_in_the_path_of_a_file_of_variables_unless_the_command_has_one() {
        let mut command = Command::new("tool");
        command.read_env = vec![("PATH".into(), "/first".into()), ("PATH".into(), "/last".into())];
        assert_eq!(search_path(&command), "/last");

        command.env.insert("PATH".into(), Some("/own".into()));
        assert_eq!(search_path(&command), "/own");
        command.env.insert("PATH".into(), None);
        assert_eq!(search_path(&command), std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()));
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
    fn a_users_variables_are_set_unless_the_command_says_otherwise() {
        let mut command = Command::new("tool");
        command.clear_env = true;
        command.env.insert("SHELL".into(), None);
        command.env.insert("HOME".into(), Some("/mine".into()));
        let variables = crate::spec::variables_of("web", "/srv".into(), "/bin/sh".into());
        command.attributes.identity = Some(crate::spec::Identity { variables, ..Default::default() });

        let expected = [("HOME", "/mine"), ("LOGNAME", "web"), ("USER", "web")];
        assert_eq!(environment(&command), BTreeMap::from(expected.map(|(key, it)| (key.into(), it.into()))));
    }

    /// P14: a child spoke for its supervisor, or took descriptors that were not there for its own.
    #[test]
    fn what_a_service_manager_says_to_this_program_is_not_handed_on() {
        let mut command = Command::new("tool");
        command.env.insert("LISTEN_FDS".into(), Some("1".into()));

        let environment = environment(&command);

        assert_eq!(environment.get(OsStr::new("LISTEN_FDS")), Some(&OsString::from("1")));
        assert!(OURS.iter().filter(|it| environment.contains_key(OsStr::new(it))).eq(["LISTEN_FDS"].iter()));
        assert!(environment.contains_key(OsStr::new("PATH")) == std::env::var_os("PATH").is_some());
    }

    /// P14: `PWD` was that of the supervisor.
    #[test]
    fn a_program_is_told_in_which_directory_it_begins() {
        let pwd = |command: &Command| environment(command).get(OsStr::new("PWD")).cloned();
        let mut command = Command::new("tool");
        assert_eq!(pwd(&command), std::env::var_os("PWD"));

        command.directory = Some("/srv".into());
        assert_eq!(pwd(&command), Some("/srv".into()));
        command.directory = Some("below".into());
        assert_eq!(pwd(&command), Some(std::env::current_dir().unwrap().join("below").into()));
        command.env.insert("PWD".into(), Some("mine".into()));
        assert_eq!(pwd(&command), Some("mine".into()));
        command.clear_env = true;
        command.env.clear();
        assert_eq!(pwd(&command), None);
    }

    #[test]
    fn a_nul_byte_is_an_error_that_names_its_place() {
        let mut command = Command::new("tool");
        command.args.push("a\0b".into());

        let error = LaunchError::from(program(&command, [const { None }; 3]).err().unwrap());

        assert_eq!(error.to_string(), "the arguments of `tool` holds a NUL byte");
    }
}
