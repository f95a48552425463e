//! Whether a path has come into being since the start.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Miss;
use crate::process::start_log::StartLog;

/// What stands at a path, so that it can be told from what stands there later. Every change of a file or of its
/// properties changes it. `None` if there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::process) struct Stamp(Option<[i64; 5]>);

impl Stamp {
    /// What stands there now. This may block.
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(meta) => {
                let number = |number: u64| number.cast_signed();
                let (dev, ino, size) = (number(meta.dev()), number(meta.ino()), number(meta.size()));
                Ok(Self(Some([dev, ino, size, meta.ctime(), meta.ctime_nsec()])))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    /// The same, off this thread: a file system may take its time, and a supervisor may need the thread.
    pub(in crate::process) async fn take(path: PathBuf) -> Self {
        stamp(path).await.unwrap_or_default()
    }
}

async fn stamp(path: PathBuf) -> io::Result<Stamp> {
    tokio::task::spawn_blocking(move || Stamp::of(&path))
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

pub(super) async fn look(path: &Path, log: &StartLog) -> Result<(), Miss> {
    let now = stamp(path.to_owned()).await.map_err(Miss::new)?;
    let before = log.before.get().copied().unwrap_or_default();
    match now {
        Stamp(None) => Err(Miss::new("there is nothing at this path")),
        now if now == before => {
            Err(Miss::new("what stands there was there before the start, and has not changed since"))
        }
        Stamp(Some(_)) => Ok(()),
    }
}
