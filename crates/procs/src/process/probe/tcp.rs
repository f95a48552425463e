//! Whether the process accepts TCP connections.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrLike, getsockopt, socket,
    sockopt,
};

use super::Miss;
use super::member::Members;

/// Connects, and looks which process listens.
pub(super) async fn look(address: &str, any_owner: bool, members: &Members) -> Result<(), Miss> {
    connect(address, any_owner, members).await.map(drop)
}

/// A connection to a listener of the process, non-blocking.
pub(super) async fn connect(address: &str, any_owner: bool, members: &Members) -> Result<TcpStream, Miss> {
    let stream = match address.parse() {
        Ok(address) => connect_to(address).await,
        // A name, which may take a while to look up.
        Err(_) => tokio::net::TcpStream::connect(address).await.and_then(tokio::net::TcpStream::into_std),
    };
    let stream = stream.map_err(Miss::new)?;
    judge(&stream, any_owner, members).await?;
    Ok(stream)
}

/// A connection to a listener of this system stands at once, as a rule. Then the runtime has nothing to do with it,
/// which costs half.
async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let (family, address): (_, Box<dyn SockaddrLike + Send>) = match address {
        SocketAddr::V4(address) => (AddressFamily::Inet, Box::new(SockaddrIn::from(address))),
        SocketAddr::V6(address) => (AddressFamily::Inet6, Box::new(SockaddrIn6::from(address))),
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let connecting = socket(family, SockType::Stream, flags, None)?;
    match socket::connect(connecting.as_raw_fd(), &*address) {
        Ok(()) => return Ok(connecting.into()),
        Err(Errno::EINPROGRESS | Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut polled = [PollFd::new(connecting.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut polled, PollTimeout::ZERO)? > 0 {
        return match getsockopt(&connecting, sockopt::SocketError)? {
            0 => Ok(connecting.into()),
            error => Err(io::Error::from_raw_os_error(error)),
        };
    }
    let stream = tokio::net::TcpStream::from_std(connecting.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        None => stream.into_std(),
        Some(error) => Err(error),
    }
}

/// Looks what a connection has led to.
async fn judge(stream: &TcpStream, any_owner: bool, members: &Members) -> Result<(), Miss> {
    let (ours, theirs) = match (stream.local_addr(), stream.peer_addr()) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(error), _) | (_, Err(error)) => return Err(Miss::new(error)),
    };
    if ours == theirs {
        // A port of the range from which the system takes the connecting end, at which no process listens.
        return Err(Miss::new("the connection led to itself: no process listens there"));
    }
    let is_here = theirs.ip().is_loopback() || theirs.ip() == ours.ip();
    if is_here && !any_owner {
        if let Some(stranger) = members.find_stranger_at(theirs).await {
            return Err(Miss::dear(stranger));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use std::net::TcpListener;

    use tokio::net::TcpSocket;

    use super::*;

    /// Case P1.
    #[tokio::test]
    async fn a_connection_whose_two_ends_are_one_is_no_answer() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let itself = socket.local_addr().unwrap();
        let stream = socket.connect(itself).await.expect("it leads to itself").into_std().unwrap();

        let miss = judge(&stream, true, &Members(Weak::new())).await.unwrap_err();

        assert_eq!(miss.error, "the connection led to itself: no process listens there");
    }

    #[tokio::test]
    async fn a_connection_to_a_listener_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();

        for host in ["127.0.0.1", "localhost"] {
            assert!(look(&format!("{host}:{port}"), true, &Members(Weak::new())).await.is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_port_at_which_nothing_listens_is_told_as_the_system_tells_it() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();

        let miss = look(&address, true, &Members(Weak::new())).await.unwrap_err();

        assert_eq!(miss.error, "Connection refused (os error 111)");
    }

    /// A listener whose queue is full takes no connection, and what connects waits.
    #[tokio::test]
    async fn a_connection_that_does_not_stand_at_once_is_waited_for() {
        let listener = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        socket::bind(listener.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
        socket::listen(&listener, socket::Backlog::new(0).unwrap()).unwrap();
        let listener = TcpListener::from(listener);
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let _first = TcpStream::connect(address).unwrap();

        // Both are polled, the connection first. The kernel tries again after a second.
        let accept = async {
            let first = listener.accept().await.unwrap();
            (first, listener.accept().await.unwrap())
        };
        let both = async { tokio::join!(connect_to(address), accept) };
        let (second, _accepted) =
            tokio::time::timeout(std::time::Duration::from_secs(30), both).await.unwrap();

        assert!(second.is_ok());
    }
}
