//! Opens what is written to: a file, a named pipe or standard output.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::destination::{Destination, Opened};
use crate::descriptor::require_open;
use crate::messages;

/// Where something is to be written, as the command line says it: `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutputTarget {
    Stdout,
    File(PathBuf),
}

/// Says that a target cannot be written to.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {}: {error}{hint}", .path.display())]
pub(crate) struct OutputOpenError {
    path: PathBuf,
    #[source]
    error: io::Error,
    hint: &'static str,
}

/// Something that can be written to.
pub(crate) struct Sink(pub(super) SinkKind);

pub(super) enum SinkKind {
    Open(Box<dyn Destination>),
    /// A named pipe that has no reader yet. The thread that writes to it opens it, because that thread has time to
    /// wait.
    Pipe(PathBuf),
}

impl From<OsString> for OutputTarget {
    fn from(target: OsString) -> Self {
        if target == "-" { Self::Stdout } else { Self::File(target.into()) }
    }
}

impl OutputTarget {
    /// Whether this is the file at this path, whatever either is called. What cannot be looked at is not.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let identity = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
        match self {
            Self::Stdout => {
                let there = std::fs::metadata(path);
                there.is_ok_and(|there| Opened::sharing(io::stdout()).is_ok_and(|stdout| stdout.is(&there)))
            }
            Self::File(target) => {
                target == path || matches!((identity(target), identity(path)), (Ok(a), Ok(b)) if a == b)
            }
        }
    }

    /// Opens the target, and truncates it if it is a file. Standard output and standard error are appended to as they
    /// are, whatever name they are given.
    ///
    /// # Errors
    ///
    /// [`OutputOpenError`] if it cannot be written to.
    pub(crate) fn open(&self) -> Result<Sink, OutputOpenError> {
        match self {
            Self::Stdout => open_stdout().map(Sink::open).map_err(|error| OutputOpenError {
                path: "standard output".into(),
                error,
                hint: "",
            }),
            Self::File(path) => {
                let metadata = std::fs::metadata(path).ok();
                let is_socket = metadata.as_ref().is_some_and(|there| there.file_type().is_socket());
                let hint = if is_socket {
                    ": it is a socket, which a program can only be given: connect it to standard output, and write `-`"
                } else {
                    ""
                };
                open(path, metadata.as_ref()).map_err(|error| OutputOpenError {
                    path: path.clone(),
                    error,
                    hint,
                })
            }
        }
    }
}

impl Sink {
    pub(crate) fn stderr() -> io::Result<Self> {
        Ok(Self::open(Opened::sharing(io::stderr())?))
    }

    fn open(place: impl Destination + 'static) -> Self {
        Self(SinkKind::Open(Box::new(place)))
    }

    pub(super) fn is_file(&self) -> bool {
        match &self.0 {
            SinkKind::Open(place) => place.is_file(),
            SinkKind::Pipe(_) => false,
        }
    }

    pub(super) fn place(self) -> io::Result<Box<dyn Destination>> {
        match self.0 {
            SinkKind::Open(place) => Ok(place),
            SinkKind::Pipe(path) => Ok(Box::new(Opened::new(OpenOptions::new().write(true).open(path)?)?)),
        }
    }
}

fn open_stdout() -> io::Result<Opened> {
    require_open(1)?;
    Opened::sharing(io::stdout())
}

/// Standard output or standard error, as it is open, if that is where a path leads. What is written there goes behind
/// what is there.
///
/// # Errors
///
/// If the path means one that was closed when the demo began, or there are no descriptors left.
pub(crate) fn standard_stream(path: &Path) -> io::Result<Option<File>> {
    let Ok(there) = std::fs::metadata(path) else { return Ok(None) };
    Ok(standard(path, &there)?.map(Opened::into_file))
}

fn standard(path: &Path, there: &Metadata) -> io::Result<Option<Opened>> {
    for (descriptor, name) in [(1, "stdout"), (2, "stderr")] {
        let is_named = |name: &str| path == Path::new(name);
        if is_named(&format!("/dev/{name}"))
            || is_named(&format!("/dev/fd/{descriptor}"))
            || is_named(&format!("/proc/self/fd/{descriptor}"))
        {
            require_open(descriptor)?;
        }
    }
    let both = [Opened::sharing(io::stdout())?, Opened::sharing(io::stderr())?];
    Ok(both.into_iter().find(|standard| standard.is(there)))
}

fn open(path: &Path, there: Option<&Metadata>) -> io::Result<Sink> {
    if let Some(there) = there {
        if let Some(standard) = standard(path, there)? {
            return Ok(Sink::open(standard));
        }
        if there.file_type().is_fifo() {
            return open_pipe(path);
        }
    }
    Ok(Sink::open(Opened::new(open_file(path)?)?))
}

/// Opens a file. Appending lets the events and the report be written to the same one.
fn open_file(path: &Path) -> io::Result<File> {
    File::create(path)?;
    OpenOptions::new().append(true).open(path)
}

/// Opens a named pipe without waiting for its reader.
fn open_pipe(path: &Path) -> io::Result<Sink> {
    match OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path) {
        Ok(pipe) => Ok(Sink::open(Opened::new(pipe)?)),
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {
            messages::warning(format_args!(
                "{}: this pipe has no reader yet; what is written waits",
                path.display()
            ));
            Ok(Sink(SinkKind::Pipe(path.to_owned())))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_to_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_owned(), dir.path().join("none/events"), PathBuf::new()] {
            let Err(error) = OutputTarget::File(path.clone()).open() else { panic!("{path:?} was opened") };

            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn a_socket_is_refused_with_a_hint() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();

        let Err(error) = OutputTarget::File(path).open() else { panic!("it was opened") };

        assert!(error.to_string().contains("write `-`"), "{error}");
    }

    #[test]
    fn two_writers_of_one_file_do_not_overwrite_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("both");
        std::fs::write(&path, "old").unwrap();
        let target = OutputTarget::from(OsString::from(&path));
        let [mut one, mut other] = [(); 2].map(|()| target.open().ok().unwrap().place().unwrap());

        one.write(b"events\n").unwrap();
        other.write(b"report\n").unwrap();

        assert_eq!(std::fs::read_to_string(&path).unwrap(), "events\nreport\n");
    }
}
