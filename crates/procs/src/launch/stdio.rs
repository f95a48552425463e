//! The descriptors 0, 1 and 2 of a program, and our ends of them.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{Mode, fchmod};

use super::LaunchError;

use crate::spec::{Command, Output, Stdin, Terminal};

/// The descriptors of a program that is about to be started.
pub(super) struct Stdio {
    /// What the program gets as 0, 1 and 2.
    pub(super) theirs: [Theirs; 3],
    /// Our end of the terminal that all three are.
    pub(super) terminal: Option<Arc<OwnedFd>>,
    /// Our end of an input that stays open.
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
}

/// What a program gets as one of its descriptors.
#[derive(Debug)]
pub(super) enum Theirs {
    /// `/dev/null`.
    Null,
    /// What we have there.
    Ours,
    /// The other end of a pipe of ours, or a file.
    Own(OwnedFd),
}

/// Opens what a command wants.
pub(super) fn open(command: &Command) -> Result<Stdio, LaunchError> {
    let refused = |error| LaunchError::new(command, error);
    if let Some(terminal) = &command.terminal {
        return at_terminal(command, terminal).map_err(refused);
    }
    let (stdin, their_stdin) = match &command.stdin {
        Stdin::Null => (None, Theirs::Null),
        Stdin::Inherit => (None, Theirs::Ours),
        Stdin::Open => {
            let (reader, writer) = pipe().map_err(refused)?;
            (Some(writer), Theirs::Own(reader))
        }
        Stdin::Piped => {
            let (reader, writer) = pipe().map_err(refused)?;
            fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|errno| refused(errno.into()))?;
            (Some(writer), Theirs::Own(reader))
        }
        Stdin::File(path) => {
            let path = command.directory.as_deref().unwrap_or(Path::new("")).join(path);
            let file = input(&path).map_err(|error| LaunchError::input(command, path, error))?;
            (None, Theirs::Own(file))
        }
    };
    let (stdout, their_stdout) = output(command.stdout).map_err(refused)?;
    let (stderr, their_stderr) = match command.one_output {
        true => (None, their_stdout.duplicate(io::stdout()).map_err(refused)?),
        false => output(command.stderr).map_err(refused)?,
    };
    Ok(Stdio { theirs: [their_stdin, their_stdout, their_stderr], terminal: None, stdin, stdout, stderr })
}

/// All three are one terminal.
fn at_terminal(command: &Command, terminal: &Terminal) -> io::Result<Stdio> {
    let owner = command.attributes.identity.as_ref().and_then(|identity| identity.uid);
    let (ours, theirs) = terminal.open(owner)?;
    let theirs = above_stdio(theirs)?;
    let more = || theirs.try_clone().map(Theirs::Own);
    let again = || ours.try_clone();
    Ok(Stdio {
        stdin: if command.stdin == Stdin::Piped { Some(again()?) } else { None },
        stdout: Some(again()?),
        stderr: None,
        theirs: [more()?, more()?, Theirs::Own(theirs)],
        terminal: Some(ours),
    })
}

impl Theirs {
    /// The same for another place. `ours` is what we have here.
    fn duplicate(&self, ours: impl AsFd) -> io::Result<Self> {
        Ok(match self {
            Self::Null => Self::Null,
            Self::Ours => Self::Own(above_stdio(ours.as_fd().try_clone_to_owned()?)?),
            Self::Own(fd) => Self::Own(fd.try_clone()?),
        })
    }

    /// The descriptor for a program that this process starts. `None` stands for this process's own descriptor.
    pub(super) fn for_child_of_ours(self) -> io::Result<Option<OwnedFd>> {
        match self {
            Self::Null => null().map(Some),
            Self::Ours => Ok(None),
            Self::Own(fd) => Ok(Some(fd)),
        }
    }
}

/// Our end and theirs.
fn output(output: Output) -> io::Result<(Option<OwnedFd>, Theirs)> {
    match output {
        Output::Capture | Output::Piped => {
            let (reader, writer) = pipe()?;
            // Only our end: the two ends of a pipe do not share their flags, and programs expect to block.
            fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            Ok((Some(reader), Theirs::Own(writer)))
        }
        Output::Inherit => Ok((None, Theirs::Ours)),
        Output::Null => Ok((None, Theirs::Null)),
    }
}

/// The two ends of a pipe, the one to read from first.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    // A program that has changed its user may open `/dev/stdout` again. The pipe has no other name than the one in
    // `/proc`, below the processes that have it open, which the system shows to those alone who may trace them.
    fchmod(&writer, Mode::from_bits_truncate(0o666))?;
    Ok((above_stdio(reader)?, above_stdio(writer)?))
}

/// A file to read from.
fn input(path: &Path) -> io::Result<OwnedFd> {
    // A FIFO must not be waited for.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    fcntl(&file, FcntlArg::F_SETFL(OFlag::empty()))?;
    above_stdio(file.into())
}

fn null() -> io::Result<OwnedFd> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    above_stdio(file.into())
}

/// Moves a descriptor out of the way of 0, 1 and 2, where it lands if the host has closed one of those.
fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    // The standard library never duplicates to one of the first three.
    if fd.as_raw_fd() > 2 { Ok(fd) } else { fd.try_clone() }
}
