//! Whether a path has come into being since the start.

use std::path::Path;

use super::Miss;
use crate::process::path_state::PathState;
use crate::process::start_log::StartLog;

pub(super) async fn look(path: &Path, log: &StartLog) -> Result<(), Miss> {
    let now = PathState::find(path.to_owned()).await.map_err(Miss::new)?;
    let before = log.before.get().copied().unwrap_or_default();
    match now {
        now if now.is_nothing() => Err(Miss::new("there is nothing at this path")),
        now if now == before => {
            Err(Miss::new("what stands there was there before the start, and has not changed since"))
        }
        _ => Ok(()),
    }
}
