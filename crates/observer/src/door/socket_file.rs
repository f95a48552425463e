//! The Unix socket in the file system: made for its owner alone, and removed only while it is this door's.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixSocket};

use super::OpenError;

/// The socket at a path, as long as it is the one that was made here.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// Why there is no socket.
enum NoSocket {
    /// In words that name the path.
    Named(OpenError),
    /// In those of the system.
    System(io::Error),
}

impl From<OpenError> for NoSocket {
    fn from(error: OpenError) -> Self {
        Self::Named(error)
    }
}

impl From<io::Error> for NoSocket {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// How many connections may wait to be accepted.
const WAITING: u32 = 64;

impl SocketFile {
    /// Makes the socket and listens at it.
    pub(super) fn listen(path: &Path) -> Result<(UnixListener, Self), OpenError> {
        Self::try_to_listen(path).map_err(|refusal| match refusal {
            NoSocket::Named(error) => error,
            NoSocket::System(source) => OpenError::System { place: path.display().to_string(), source },
        })
    }

    fn try_to_listen(path: &Path) -> Result<(UnixListener, Self), NoSocket> {
        check_directory(path)?;
        let socket = match bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path)?;
                bind(path).map_err(|error| {
                    // Another program may have been faster.
                    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
                    if is_taken { OpenError::InUse(path.to_owned()).into() } else { NoSocket::System(error) }
                })?
            }
            bound => bound?,
        };
        let made = fs::symlink_metadata(path)?;
        // Before it listens no connection is possible.
        if made.mode() & 0o177 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
        let file = Self { path: path.to_owned(), identity: identity(&made) };
        Ok((socket.listen(WAITING)?, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|now| identity(&now) == self.identity);
        if is_ours {
            // What cannot be removed is replaced by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn bind(path: &Path) -> io::Result<UnixSocket> {
    let socket = UnixSocket::new_stream()?;
    // On Linux the file gets these permissions when it is made.
    fchmod(socket.as_fd(), Mode::S_IRUSR | Mode::S_IWUSR)?;
    socket.bind(path)?;
    Ok(socket)
}

/// In a directory in which others may rename files, the path would not stay this door's. Its owner always may, also if
/// it is sticky, and whatever its mode says now.
fn check_directory(path: &Path) -> Result<(), NoSocket> {
    const STICKY: u32 = 0o1000;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = fs::metadata(directory)?;
    let is_sticky = directory.mode() & STICKY != 0;
    let is_ours =
        [0, geteuid().as_raw()].contains(&directory.uid()) || is_sticky && may_be_roots(directory.uid());
    let is_shared = directory.mode() & 0o022 != 0 && !is_sticky;
    if is_shared || !is_ours {
        return Err(OpenError::Exposed(path.to_owned()).into());
    }
    Ok(())
}

/// Whether a user is what a user namespace shows of all users that it does not map, root among them: `/tmp` is that
/// one's there.
fn may_be_roots(user: u32) -> bool {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let unmapped = read("/proc/sys/kernel/overflowuid");
    unmapped.trim() == user.to_string() && is_unmapped(user, &read("/proc/self/uid_map"))
}

/// Whether the map of a user namespace leaves this user out. Each line has the first number inside, the first outside,
/// and how many there are.
fn is_unmapped(user: u32, map: &str) -> bool {
    let numbers = |line: &str| -> Option<(u64, u64)> {
        let mut numbers = line.split_whitespace().map(str::parse);
        let (first, _, count) = (numbers.next()?.ok()?, numbers.next()?, numbers.next()?.ok()?);
        Some((first, count))
    };
    let mut ranges = map.lines().filter_map(numbers).peekable();
    let is_read = ranges.peek().is_some();
    is_read && !ranges.any(|(first, count)| (first..first + count).contains(&user.into()))
}

/// Removes a socket of this user at which no program listens any more.
fn remove_stale(path: &Path) -> Result<(), NoSocket> {
    let found = fs::symlink_metadata(path)?;
    if !found.file_type().is_socket() || found.uid() != geteuid().as_raw() {
        return Err(OpenError::NotOurs(path.to_owned()).into());
    }
    if is_alive(path)? {
        return Err(OpenError::InUse(path.to_owned()).into());
    }
    // Moved first: if another program has made its own socket in this moment, that one is put back.
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    fs::rename(path, &aside)?;
    if identity(&fs::symlink_metadata(&aside)?) != identity(&found) {
        fs::rename(&aside, path)?;
        return Err(OpenError::InUse(path.to_owned()).into());
    }
    fs::remove_file(&aside)?;
    Ok(())
}

/// Whether a program listens at a socket. It does not wait for that program.
fn is_alive(path: &Path) -> io::Result<bool> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::ECONNREFUSED) => Ok(false),
        Ok(()) | Err(_) => Ok(true),
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_left_out_by_a_map_that_has_no_range_with_its_number() {
        assert!(!is_unmapped(65_534, "         0          0 4294967295\n"), "the machine's own namespace");
        assert!(!is_unmapped(65_534, "0 1000 1\n1 100000 65536\n"));
        assert!(is_unmapped(65_534, "      1000       1000          1\n"));
        assert!(is_unmapped(65_534, "0 1000 1\n1 100000 65533\n"));
        assert!(!is_unmapped(65_534, ""), "what cannot be read says nothing");
    }
}
