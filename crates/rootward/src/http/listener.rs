//! The listeners whose connections can be served.

use std::io;
use std::net::SocketAddr;

use hyper::http::Extensions;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream, unix::UCred};

/// A listener at which [`serve`](super::serve) accepts connections: tokio's `TcpListener` and, on Unix, its
/// `UnixListener`. What comes from anywhere else is served by [`serve_connection`](super::serve_connection).
pub trait HttpListener: sealed::Accepts {}

impl<L: sealed::Accepts> HttpListener for L {}

/// What a request is told of the other end of its connection.
#[expect(unnameable_types, reason = "no program sees it")]
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Nothing is known.
    Unknown,
    /// An address.
    Tcp(SocketAddr),
    /// The process that has connected.
    #[cfg(unix)]
    Unix(UCred),
}

impl Peer {
    /// Adds it to the extensions of a request.
    pub(super) fn tell(self, extensions: &mut Extensions) {
        match self {
            Self::Unknown => {}
            Self::Tcp(address) => {
                extensions.insert(address);
            }
            #[cfg(unix)]
            Self::Unix(process) => {
                extensions.insert(process);
            }
        }
    }
}

pub(super) mod sealed {
    use super::{AsyncRead, AsyncWrite, Peer, io};

    /// What [`HttpListener`](super::HttpListener) is, out of the sight of programs.
    #[expect(unnameable_types, reason = "no program calls it")]
    pub trait Accepts: Send + Sync {
        /// What comes from it.
        type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

        /// Waits for the next connection.
        fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
    }
}

impl sealed::Accepts for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (socket, address) = Self::accept(self).await?;
        Ok((socket, Peer::Tcp(address)))
    }
}

#[cfg(unix)]
impl sealed::Accepts for UnixListener {
    type Io = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (socket, _) = Self::accept(self).await?;
        let peer = socket.peer_cred().map_or(Peer::Unknown, Peer::Unix);
        Ok((socket, peer))
    }
}
