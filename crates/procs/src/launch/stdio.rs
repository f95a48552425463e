//! The descriptors 0, 1 and 2 of a program, and our ends of them.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::spec::{Command, Output, Stdin};

/// The descriptors of a program that is about to be started.
pub(super) struct Stdio {
    /// What the program gets as 0, 1 and 2.
    pub(super) theirs: [Theirs; 3],
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
    /// The other end of a stream that is captured.
    Pipe(OwnedFd),
}

/// Opens what a command wants.
pub(super) fn open(command: &Command) -> io::Result<Stdio> {
    let stdin = match command.stdin {
        Stdin::Null => Theirs::Null,
        Stdin::Inherit => Theirs::Ours,
    };
    let (stdout, their_stdout) = output(command.stdout)?;
    let (stderr, their_stderr) = output(command.stderr)?;
    Ok(Stdio { theirs: [stdin, their_stdout, their_stderr], stdout, stderr })
}

impl Theirs {
    /// The descriptor for a program that this process starts. `None` stands for this process's own descriptor.
    pub(super) fn for_child_of_ours(self) -> io::Result<Option<OwnedFd>> {
        match self {
            Self::Null => null().map(Some),
            Self::Ours => Ok(None),
            Self::Pipe(fd) => Ok(Some(fd)),
        }
    }
}

/// Our end and theirs.
fn output(output: Output) -> io::Result<(Option<OwnedFd>, Theirs)> {
    match output {
        Output::Capture => {
            let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
            // Only our end: the two ends of a pipe do not share their flags, and programs expect to block.
            fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            Ok((Some(above_stdio(reader)?), Theirs::Pipe(above_stdio(writer)?)))
        }
        Output::Inherit => Ok((None, Theirs::Ours)),
        Output::Null => Ok((None, Theirs::Null)),
    }
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
