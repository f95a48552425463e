//! What a description names and the system knows at the start: users, files of variables, and variables in texts.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::{LaunchError, LaunchResult, Launcher, Order, env_file, identity, image};
use crate::listen_sockets::ListenAddress;
use crate::spec::{Command, Descriptors, FIRST, Process, expand, has_variable};

/// Has a program started, with what its description names.
///
/// Cancel safe, as far as the launcher is.
pub(crate) async fn launch(launcher: &Arc<dyn Launcher>, mut order: Order) -> LaunchResult {
    if names_something(order.process.command()) {
        let mut process = Process::clone(&order.process);
        // The database of users may be in the network, and so may a file.
        let resolved = tokio::task::spawn_blocking(move || resolve(process.command_mut()).map(|()| process));
        let resolved = resolved.await.map_err(|_| LaunchError::lost(order.process.command()))?;
        order.process = Arc::new(resolved?);
    }
    launcher.launch(order).await
}

/// The same process, with variables in its directory replaced: other paths count from there before the program is
/// started. They are those of `env` and of this program.
pub(crate) fn with_directory(process: &Arc<Process>) -> Result<Arc<Process>, LaunchError> {
    let Some(directory) = expanded_directory(process.command())? else { return Ok(Arc::clone(process)) };
    let mut process = Process::clone(process);
    process.command_mut().directory = Some(directory);
    Ok(Arc::new(process))
}

/// The directory with its variables replaced, if it has some.
pub(super) fn expanded_directory(command: &Command) -> Result<Option<PathBuf>, LaunchError> {
    let directory = command.directory.as_ref().map(|directory| directory.as_os_str());
    let Some(directory) = directory.filter(|it| command.expands && has_variable(it)) else {
        return Ok(None);
    };
    let look_up = |name: &OsStr| own(command, name);
    expanded(command, directory, "the working directory".into(), &look_up).map(|it| Some(it.into()))
}

fn names_something(command: &Command) -> bool {
    command.attributes.names_an_identity()
        || !command.env_files.is_empty()
        || command.expands
        || !command.descriptors.sockets.is_empty()
        || command.log.is_some()
}

/// This may block.
fn resolve(command: &mut Command) -> Result<(), LaunchError> {
    if command.attributes.names_an_identity() {
        let identity = identity::look_up(&command.attributes);
        let identity = identity.map_err(|it| LaunchError::not_found(command, it))?;
        command.attributes.identity = Some(identity);
    }
    command.read_env.clear();
    for file in &command.env_files {
        let path = command.resolve(file);
        let read = env_file::read(&path).map_err(|error| LaunchError::env_file(command, path, error))?;
        command.read_env.extend(read);
    }
    if let Some(log) = &command.log {
        let path = command.resolve(&log.path);
        let opened = log.writer.open(path.clone(), log.rotation);
        opened.map_err(|error| LaunchError::log_file(command, path, error))?;
    }
    // Here, because it may block. What is bound stays.
    extra(command)?;
    if command.expands {
        expand_all(command).into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    } else {
        Ok(())
    }
}

/// What a program gets beside the first three descriptors, with their numbers. The sockets are bound for the first
/// start, which may block.
pub(super) fn extra(command: &Command) -> Result<Vec<(u32, Arc<OwnedFd>)>, LaunchError> {
    let Descriptors { sockets, listening, given } = &command.descriptors;
    let places = sockets.iter().map(|socket| match &socket.place {
        ListenAddress::Unix(path) => ListenAddress::Unix(command.resolve(path)),
        place @ (ListenAddress::Tcp(_) | ListenAddress::Udp(_) | ListenAddress::Given(_)) => place.clone(),
    });
    let places: Vec<_> = places.collect();
    let bound = if places.is_empty() { Ok(Vec::new()) } else { listening.at(&places) };
    let bound = bound.map_err(|(place, error)| LaunchError::socket(command, &place, error))?;
    let all = (FIRST..).zip(bound).chain(given.iter().cloned());
    let all = all.map(|(number, fd)| Ok((number, above_stdio(fd)?)));
    all.collect::<io::Result<_>>().map_err(|error| LaunchError::new(command, error))
}

/// The same descriptor out of the way of the first three, if this program has closed one of those.
fn above_stdio(fd: Arc<OwnedFd>) -> io::Result<Arc<OwnedFd>> {
    // The standard library never duplicates to one of the first three.
    if fd.as_raw_fd() > 2 { Ok(fd) } else { fd.try_clone().map(Arc::new) }
}

/// A text in which variables may stand. Numbers count from 0, those of variables in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpandedText {
    Program,
    Argument(usize),
    Variable(usize),
}

/// Replaces the variables in the program, its arguments and the values of `env`. Says which texts name one that is not
/// set: those stay as they are.
pub(super) fn expand_all(command: &mut Command) -> Vec<(ExpandedText, LaunchError)> {
    let mut wrong = Vec::new();
    let beneath = |name: &OsStr| beneath(command, name);
    let mut env = command.env.clone();
    for (at, (key, value)) in env.iter_mut().enumerate() {
        let Some(value) = value.as_mut().filter(|value| has_variable(value)) else { continue };
        let place = format!("the environment variable `{}`", key.to_string_lossy());
        match expanded(command, value, place, &beneath) {
            Ok(text) => *value = text,
            Err(error) => wrong.push((ExpandedText::Variable(at), error)),
        }
    }
    let look_up = |name: &OsStr| env.get(name).cloned().unwrap_or_else(|| beneath(name));
    let mut of_command = |which, text: &OsString, place: &dyn Fn() -> String| {
        if !has_variable(text) {
            return text.clone();
        }
        expanded(command, text, place(), &look_up).unwrap_or_else(|error| {
            wrong.push((which, error));
            text.clone()
        })
    };
    let program = of_command(ExpandedText::Program, &command.program, &|| "the program".into());
    let args = command.args.iter().enumerate();
    let args =
        args.map(|(at, arg)| of_command(ExpandedText::Argument(at), arg, &|| format!("argument {}", at + 1)));
    let args = args.collect();
    (command.program, command.args, command.env) = (program, args, env);
    wrong
}

/// A variable as a process has it without its `env`, or, if it has none of this name, as this program has it.
fn beneath(command: &Command, name: &OsStr) -> Option<OsString> {
    let given = image::given_beneath(command);
    let given = given.filter(|(key, _)| *key == name).map(|(_, value)| value.clone()).last();
    given.or_else(|| std::env::var_os(name))
}

/// A variable of `env`, as it stands there, or of this program.
fn own(command: &Command, name: &OsStr) -> Option<OsString> {
    command.env.get(name).cloned().unwrap_or_else(|| std::env::var_os(name))
}

fn expanded(
    command: &Command,
    text: &OsStr,
    place: String,
    look_up: &dyn Fn(&OsStr) -> Option<OsString>,
) -> Result<OsString, LaunchError> {
    expand(text, look_up).map_err(|variable| LaunchError::UnknownVariable {
        program: PathBuf::from(&command.program),
        place,
        variable: variable.to_string_lossy().into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let mut command = Command::new("/bin/${TOOL}");
        command.expands = true;
        command.env.insert("TOOL".into(), Some("cat".into()));
        command
    }

    #[test]
    fn program_and_arguments_see_env_and_env_sees_what_is_beneath_it() {
        let mut command = command();
        command.args = vec!["${B}".into(), "${PATH}".into()];
        command.env.insert("B".into(), Some("${PATH}/b".into()));
        command.env.insert("PATH".into(), Some("/mine".into()));
        command.clear_env = true;

        resolve(&mut command).unwrap();

        let ours = std::env::var("PATH").unwrap();
        assert_eq!(command.program, "/bin/cat");
        assert_eq!(command.args, [format!("{ours}/b"), "/mine".to_owned()].map(OsString::from));
    }

    #[test]
    fn a_variable_that_is_removed_or_nowhere_is_an_error_that_names_its_place() {
        let mut removed = command();
        removed.env.insert("PATH".into(), None);
        removed.args = vec!["x".into(), "${PATH}".into()];
        let error = resolve(&mut removed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "argument 2 of `/bin/${TOOL}` names the variable `PATH`, which is not set"
        );

        let mut nowhere = command();
        nowhere.env.insert("B".into(), Some("${ROOTWARD_NO_SUCH}".into()));
        let error = resolve(&mut nowhere).unwrap_err().to_string();
        assert!(error.starts_with("the environment variable `B` of "), "{error}");
    }

    #[test]
    fn without_being_asked_to_nothing_is_replaced() {
        let mut command = command();
        command.expands = false;

        assert!(!names_something(&command));
        resolve(&mut command).unwrap();
        assert_eq!(command.program, "/bin/${TOOL}");
    }
}
