//! What stands at a path, so that it can be told whether it has come into being or changed since.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What stands at a path, so that it can be told from what stands there later. Every change of a file or of its
/// properties changes it. `None` if there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PathState(Option<([u64; 3], [i64; 2])>);

/// A path that is to be looked at before the program is started, and where it is written down what stands there.
#[derive(Debug)]
pub(super) struct PathBefore {
    pub(super) path: PathBuf,
    pub(super) found: Arc<OnceLock<PathState>>,
}

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

    /// Likewise before a start. What cannot be looked at is taken for nothing.
    pub(super) async fn find_before(before: PathBefore) {
        let PathBefore { path, found } = before;
        // Each start has its own, which is set here alone.
        let _ = found.set(Self::find(path).await.unwrap_or_default());
    }

    pub(super) fn is_nothing(self) -> bool {
        self.0.is_none()
    }
}
