//! Whether the process accepts TCP connections.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrLike, getsockopt, setsockopt,
    socket, sockopt,
};

use super::Miss;
use super::members_of_set::MembersOfSet;
use crate::sys;

/// Connects, and looks which process listens.
pub(super) async fn look(address: &str, any_owner: bool, members: &MembersOfSet) -> Result<(), Miss> {
    connect(address, any_owner, members).await.map(drop)
}

/// A connection to a listener of the process, non-blocking.
pub(super) async fn connect(
    address: &str,
    any_owner: bool,
    members: &MembersOfSet,
) -> Result<TcpStream, Miss> {
    let stream = match address.parse() {
        Ok(address) => connect_to(address).await,
        Err(_) => connect_by_name(address).await,
    };
    let stream = stream.map_err(Miss::new)?;
    judge(&stream, any_owner, members).await?;
    Ok(stream)
}

/// Looks a name up, which may take a while, and connects to the first of its addresses that answers.
async fn connect_by_name(name: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host(name).await? {
        match connect_to(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A connection to a listener of this system stands at once, as a rule. Then the runtime has nothing to do with it,
/// which costs half.
///
/// It begins at another port than it leads to, where the system lets that be chosen: for as long as a connection leads
/// to itself, the server that is waited for cannot have its port.
async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let port = address.port();
    let (family, address): (_, Box<dyn SockaddrLike + Send>) = match address {
        SocketAddr::V4(address) => (AddressFamily::Inet, Box::new(SockaddrIn::from(address))),
        SocketAddr::V6(address) => (AddressFamily::Inet6, Box::new(SockaddrIn6::from(address))),
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let connecting = socket(family, SockType::Stream, flags, None)?;
    // Linux before 6.3 does not know how.
    let _ = sys::begin_elsewhere(&connecting, port);
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
async fn judge(stream: &TcpStream, any_owner: bool, members: &MembersOfSet) -> Result<(), Miss> {
    let (ours, theirs) = match (stream.local_addr(), stream.peer_addr()) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(error), _) | (_, Err(error)) => return Err(Miss::new(error)),
    };
    if ours == theirs {
        // A port of the range from which the system takes the connecting end, at which no process listens. An ordinary
        // close would keep the port from the server for a minute; if it cannot be reset, that is so.
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        let _ = setsockopt(stream, sockopt::Linger, &at_once);
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

        let miss = judge(&stream, true, &MembersOfSet(Weak::new())).await.unwrap_err();

        assert_eq!(miss.error, "the connection led to itself: no process listens there");
        drop(stream);
        // Not as the listeners of `std`, which allow a port that is still held by a connection that is over.
        let server =
            socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        let SocketAddr::V4(itself) = itself else { panic!("it was made so") };
        assert_eq!(socket::bind(server.as_raw_fd(), &SockaddrIn::from(itself)), Ok(()));
    }

    /// Case P1.
    #[tokio::test]
    async fn no_connection_begins_at_the_port_that_it_leads_to() {
        let any = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        if sys::begin_elsewhere(&any, 1).is_err() {
            return;
        }
        // In the midst of the ports that systems give out as a rule. For one server it gives out one after the other.
        let some = std::iter::repeat_with(|| TcpListener::bind("127.0.0.1:0").unwrap()).take(1000);
        let is_amidst =
            |server: &TcpListener| (44_000..52_000).contains(&server.local_addr().unwrap().port());

        for server in some.filter(is_amidst).take(40) {
            let server = server.local_addr().unwrap();
            let begins = connect_to(server).await.unwrap().local_addr().unwrap().port();

            assert_eq!(begins > server.port(), server.port() < 48_000, "{server}: {begins}");
        }
    }

    #[tokio::test]
    async fn a_connection_to_a_listener_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();

        for host in ["127.0.0.1", "localhost"] {
            assert!(
                look(&format!("{host}:{port}"), true, &MembersOfSet(Weak::new())).await.is_ok(),
                "{host}"
            );
        }
    }

    #[tokio::test]
    async fn a_port_at_which_nothing_listens_is_told_as_the_system_tells_it() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();

        let miss = look(&address, true, &MembersOfSet(Weak::new())).await.unwrap_err();

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
