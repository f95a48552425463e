//! Where connections come in, and which of them are let in at all.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use nix::unistd::geteuid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::admission::Admission;
use super::refusal::Refusal;
use super::socket_file::SocketFile;
use super::{DoorAddress, OpenError};

/// Where connections come in.
#[derive(Debug)]
pub(super) enum Listener {
    Unix(UnixListener, SocketFile),
    Loopback(TcpListener, SocketAddr, Admission),
}

/// A connection.
pub(super) enum AcceptedSocket {
    Unix(UnixStream),
    Loopback(TcpStream),
}

impl Listener {
    pub(super) fn bind(place: &DoorAddress) -> Result<Self, OpenError> {
        match place {
            DoorAddress::Unix(path) => {
                let (listener, file) = SocketFile::listen(path)?;
                Ok(Self::Unix(listener, file))
            }
            DoorAddress::Loopback { port, token } => {
                if !token.is_strong() {
                    return Err(OpenError::WeakToken(*port));
                }
                let place = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
                let refused = |source| OpenError::System { place: place.to_string(), source };
                let (listener, address) = listen(place).map_err(refused)?;
                let admission = Admission::Loopback { port: address.port(), token: token.clone() };
                Ok(Self::Loopback(listener, address, admission))
            }
        }
    }

    /// What every request has to bring.
    pub(super) fn admission(&self) -> Admission {
        match self {
            Self::Unix(..) => Admission::Unix,
            Self::Loopback(_, _, admission) => admission.clone(),
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Unix(..) => None,
            Self::Loopback(_, address, _) => Some(*address),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(_, file) => Some(file.path()),
            Self::Loopback(..) => None,
        }
    }

    /// # Cancel safety
    ///
    /// Cancel safe: no connection is lost.
    pub(super) async fn accept(&self) -> io::Result<AcceptedSocket> {
        match self {
            Self::Unix(listener, _) => Ok(AcceptedSocket::Unix(listener.accept().await?.0)),
            Self::Loopback(listener, ..) => Ok(AcceptedSocket::Loopback(listener.accept().await?.0)),
        }
    }
}

/// Listens at a port, and says which it is.
fn listen(place: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(place)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

impl AcceptedSocket {
    /// Whether the process at the other end is one of this user or of root. At a port the token decides.
    pub(super) fn check_peer(&self) -> Result<(), Refusal> {
        let Self::Unix(socket) = self else { return Ok(()) };
        let user = socket.peer_cred().map(|peer| peer.uid()).ok();
        match user {
            Some(user) if user == 0 || user == geteuid().as_raw() => Ok(()),
            Some(_) | None => Err(Refusal::OTHER_USER),
        }
    }

    /// Tells the other end why it is not let in, as far as that is possible without waiting.
    pub(super) fn refuse(self, refusal: Refusal) {
        let answer = refusal.as_text();
        // What has come already is taken: otherwise the system may throw the answer away.
        let mut sent = [0; 4096];
        let _ = match &self {
            Self::Unix(socket) => {
                let _ = socket.try_read(&mut sent);
                socket.try_write(answer.as_bytes())
            }
            Self::Loopback(socket) => {
                let _ = socket.try_read(&mut sent);
                socket.try_write(answer.as_bytes())
            }
        };
    }
}

impl AsyncRead for AcceptedSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(socket) => Pin::new(socket).poll_read(cx, into),
            Self::Loopback(socket) => Pin::new(socket).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for AcceptedSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Loopback(socket) => Pin::new(socket).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(socket) => Pin::new(socket).poll_flush(cx),
            Self::Loopback(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Loopback(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
