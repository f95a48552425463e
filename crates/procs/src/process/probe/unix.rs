//! Whether the process accepts connections at a Unix socket.

use std::path::Path;

use tokio::net::UnixStream;

use super::Miss;
use super::members_of_set::MembersOfSet;

/// Connects, and looks which process listens: the kernel noted it when that began to.
pub(super) async fn look(path: &Path, any_owner: bool, members: &MembersOfSet) -> Result<(), Miss> {
    let stream = UnixStream::connect(path).await.map_err(Miss::new)?;
    let listener = stream.peer_cred().ok().and_then(|credentials| credentials.pid()).filter(|pid| *pid > 0);
    match listener {
        Some(pid) if !any_owner => match members.find_stranger(pid).await {
            Some(stranger) => Err(Miss::dear(stranger)),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
