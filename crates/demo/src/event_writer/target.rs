//! Opens what is written to: a file, a named pipe or standard output.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where something is to be written, as the command line says it: `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// Says that a target cannot be written to.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {}: {error}", .path.display())]
pub(crate) struct OpenError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

/// Something that can be written to.
pub(crate) enum Sink {
    Open(Box<dyn Write + Send>),
    /// A named pipe that has no reader yet. The thread that writes to it opens it, because that thread has time to
    /// wait.
    Pipe(PathBuf),
}

impl From<OsString> for Target {
    fn from(target: OsString) -> Self {
        if target == "-" { Self::Stdout } else { Self::File(target.into()) }
    }
}

impl Target {
    /// Whether this is the file at this path, whatever either is called. What cannot be looked at is not.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let identity = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
        match self {
            Self::Stdout => false,
            Self::File(target) => matches!((identity(target), identity(path)), (Ok(a), Ok(b)) if a == b),
        }
    }

    /// Opens the target, and truncates it if it is a file.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it cannot be written to.
    pub(crate) fn open(&self) -> Result<Sink, OpenError> {
        match self {
            Self::Stdout => Ok(Sink::Open(Box::new(io::stdout()))),
            Self::File(path) => open(path).map_err(|error| OpenError { path: path.clone(), error }),
        }
    }
}

impl Sink {
    pub(crate) fn stderr() -> Self {
        Self::Open(Box::new(io::stderr()))
    }

    pub(super) fn writer(self) -> io::Result<Box<dyn Write + Send>> {
        match self {
            Self::Open(writer) => Ok(writer),
            Self::Pipe(path) => Ok(Box::new(OpenOptions::new().write(true).open(path)?)),
        }
    }
}

fn open(path: &Path) -> io::Result<Sink> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    if is_pipe { open_pipe(path) } else { Ok(Sink::Open(Box::new(open_file(path)?))) }
}

/// Opens a file. Appending lets the events and the report be written to the same one.
fn open_file(path: &Path) -> io::Result<File> {
    File::create(path)?;
    OpenOptions::new().append(true).open(path)
}

/// Opens a named pipe without waiting for its reader.
fn open_pipe(path: &Path) -> io::Result<Sink> {
    match OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path) {
        // The reader is there. The probe is held until the pipe is open in earnest, or the reader would
        // see its end.
        Ok(_probe) => Ok(Sink::Open(Box::new(OpenOptions::new().write(true).open(path)?))),
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Ok(Sink::Pipe(path.to_owned())),
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
            let Err(error) = Target::File(path.clone()).open() else { panic!("{path:?} was opened") };

            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn two_writers_of_one_file_do_not_overwrite_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("both");
        std::fs::write(&path, "old").unwrap();
        let target = Target::from(OsString::from(&path));
        let [mut one, mut other] = [(); 2].map(|()| target.open().ok().unwrap().writer().unwrap());

        one.write_all(b"events\n").unwrap();
        other.write_all(b"report\n").unwrap();

        assert_eq!(std::fs::read_to_string(&path).unwrap(), "events\nreport\n");
    }
}
