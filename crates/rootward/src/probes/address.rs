//! Where probes are answered.

use std::io;
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::ProbesAddress;

/// A socket that listens, for a runtime that is still to come.
#[derive(Debug)]
pub(super) struct BoundSocket {
    pub(super) address: ProbesAddress,
    pub(super) socket: ProbeSocket,
    pub(super) file: Option<ProbeSocketFile>,
}

#[derive(Debug)]
pub(super) enum ProbeSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The file of a socket, which is removed with this.
#[derive(Debug)]
pub(super) struct ProbeSocketFile(PathBuf);

impl BoundSocket {
    pub(super) fn bind(address: &ProbesAddress) -> io::Result<Self> {
        match address {
            ProbesAddress::Tcp(address) => {
                let socket = TcpListener::bind(address)?;
                socket.set_nonblocking(true)?;
                let address = ProbesAddress::Tcp(socket.local_addr()?);
                Ok(Self { address, socket: ProbeSocket::Tcp(socket), file: None })
            }
            ProbesAddress::Unix(path) => {
                remove_if_abandoned(path);
                let socket = UnixListener::bind(path)?;
                let file = Some(ProbeSocketFile(path.clone()));
                socket.set_nonblocking(true)?;
                Ok(Self { address: address.clone(), socket: ProbeSocket::Unix(socket), file })
            }
        }
    }
}

/// Removes the socket of a program that was killed. Whatever else is there stays, and is in the way.
fn remove_if_abandoned(path: &Path) {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let refuses = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    if is_socket && UnixStream::connect(path).is_err_and(refuses) {
        let _ = std::fs::remove_file(path);
    }
}

impl Drop for ProbeSocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
