//! What stands at a path, so that it can be told whether it has come into being or changed since.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What stands at a path, so that it can be told from what stands there later. Every change of a file or of its
/// properties changes it. `None` if there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PathState(Option<([u64; 3], [i64; 2])>);

impl PathState {
    /// What stands there now. This may block.
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(meta) => {
                Ok(Self(Some(([meta.dev(), meta.ino(), meta.size()], [meta.ctime(), meta.ctime_nsec()]))))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    /// The same, off this thread: a file system may take its time, and a supervisor may need the thread.
    pub(super) async fn find(path: PathBuf) -> io::Result<Self> {
        let looked = tokio::task::spawn_blocking(move || Self::of(&path)).await;
        looked.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    pub(super) fn is_nothing(self) -> bool {
        self.0.is_none()
    }
}
