//! Sockets at which this program listens for a process.

use std::fs;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::activation;

/// Where it is listened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    Tcp(String),
    Udp(String),
    Unix(PathBuf),
    /// A socket that the service manager has opened, by its name.
    Given(String),
}

/// The sockets of one child, bound once and kept until the child's description is dropped, so that no connection is
/// refused while the child is away.
#[derive(Debug, Default)]
pub(crate) struct ListenSockets(Mutex<Option<Vec<Bound>>>);

#[derive(Debug)]
struct Bound {
    socket: Arc<OwnedFd>,
    /// The socket's file, which goes with it.
    _file: Option<BoundSocketFile>,
}

/// A socket's file. It is removed when this is dropped, unless another one has taken its place.
#[derive(Debug)]
struct BoundSocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl ListenSockets {
    /// The sockets at these places, in their order. They are bound by the first call that succeeds, which may block.
    ///
    /// # Errors
    ///
    /// The first place at which it cannot be listened, and why. Nothing is bound then.
    pub(crate) fn at(
        &self,
        places: &[ListenAddress],
    ) -> Result<Vec<Arc<OwnedFd>>, (ListenAddress, io::Error)> {
        let mut bound = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bound.is_none() {
            let all = places.iter().enumerate().map(|(at, place)| {
                // Of several with one name each is given once.
                let before = places.iter().take(at).filter(|other| *other == place).count();
                bind(place, before).map_err(|error| (place.clone(), error))
            });
            *bound = Some(all.collect::<Result<_, _>>()?);
        }
        let sockets = bound.iter().flatten().map(|bound| Arc::clone(&bound.socket));
        let sockets = sockets.inspect(|socket| {
            // A process before may have asked not to wait, and this is common to all that have the socket.
            let _ = fcntl(socket.as_fd(), FcntlArg::F_SETFL(OFlag::empty()));
        });
        Ok(sockets.collect())
    }
}

fn bind(place: &ListenAddress, before: usize) -> io::Result<Bound> {
    let (socket, file): (OwnedFd, _) = match place {
        ListenAddress::Tcp(address) => (TcpListener::bind(address)?.into(), None),
        ListenAddress::Udp(address) => (UdpSocket::bind(address)?.into(), None),
        ListenAddress::Unix(path) => {
            let listener = bind_unix(path)?;
            let id = id_of(path)?;
            (listener.into(), Some(BoundSocketFile { path: path.clone(), id }))
        }
        ListenAddress::Given(name) => (activation::socket(name, before)?, None),
    };
    Ok(Bound { socket: Arc::new(socket), _file: file })
}

/// Listens at a path. A socket that was left there, and at which no process listens, is replaced.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let taken = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => error,
        other => return other,
    };
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let is_left = || UnixStream::connect(path).is_err_and(|it| it.kind() == io::ErrorKind::ConnectionRefused);
    if !(is_socket && is_left()) {
        return Err(taken);
    }
    fs::remove_file(path)?;
    UnixListener::bind(path)
}

fn id_of(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Drop for BoundSocketFile {
    fn drop(&mut self) {
        if id_of(&self.path).is_ok_and(|id| id == self.id) {
            // It may be forbidden, and then it stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_bound_once_and_their_files_go_with_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listening = ListenSockets::default();
        let place = [ListenAddress::Unix(path.clone())];

        let first = listening.at(&place).unwrap();
        let second = listening.at(&place).unwrap();

        assert!(Arc::ptr_eq(&first[0], &second[0]));
        assert!(UnixStream::connect(&path).is_ok());
        drop((first, second, listening));
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_that_was_left_is_replaced_and_one_that_is_used_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let used = UnixListener::bind(&path).unwrap();
        let place = [ListenAddress::Unix(path.clone())];

        let (refused, error) = ListenSockets::default().at(&place).unwrap_err();
        assert_eq!((refused, error.kind()), (place[0].clone(), io::ErrorKind::AddrInUse));
        drop(used);
        assert!(ListenSockets::default().at(&place).is_ok());

        fs::write(&path, "a file of another kind").unwrap();
        assert!(ListenSockets::default().at(&place).is_err());
        assert!(path.exists());
    }

    #[test]
    fn a_file_that_has_taken_the_place_of_a_socket_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listening = ListenSockets::default();
        listening.at(&[ListenAddress::Unix(path.clone())]).unwrap();
        fs::remove_file(&path).unwrap();
        // The number of a file that has gone may be given to the next one.
        fs::write(directory.path().join("other"), "").unwrap();
        let _other = UnixListener::bind(&path).unwrap();

        drop(listening);

        assert!(path.exists());
    }
}
