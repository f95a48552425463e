//! The socket of systemd's notify protocol: datagrams, and which process sent each.

#![expect(unsafe_code, reason = "numbers become descriptors")]

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, UnixCredentials, bind,
    getsockname, recvmsg, setsockopt, socket, sockopt,
};

/// How many descriptors come with a message at most: the kernel's bound.
const MOST_DESCRIPTORS: usize = 253;

/// Makes a socket with a name that the kernel chooses, in the namespace that has no files. Returns the name, without
/// the zero before it.
pub(crate) fn notify_socket() -> io::Result<(OwnedFd, Vec<u8>)> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    setsockopt(&fd, sockopt::PassCred, &true)?;
    bind(fd.as_raw_fd(), &UnixAddr::new_unnamed())?;
    let address: UnixAddr = getsockname(fd.as_raw_fd())?;
    let name = address.as_abstract().ok_or(Errno::EADDRNOTAVAIL)?.to_vec();
    // The standard library never duplicates to one of the first three, which a program may have closed.
    Ok((if fd.as_raw_fd() > 2 { fd } else { fd.try_clone()? }, name))
}

/// Receives one message into a buffer. Returns its length, and the process that sent it. Descriptors that came with it
/// are closed, which is what a sender waits for that sends `BARRIER=1`.
pub(crate) fn receive_notice(socket: &OwnedFd, into: &mut [u8]) -> io::Result<(usize, Option<i32>)> {
    let mut parts = [IoSliceMut::new(into)];
    let mut space = nix::cmsg_space!(UnixCredentials, [RawFd; MOST_DESCRIPTORS]);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let mut sender = None;
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmCredentials(credentials) = part {
            sender = Some(credentials.pid());
        } else if let ControlMessageOwned::ScmRights(fds) = part {
            // SAFETY: the kernel has just made these for us, and no other code knows them.
            fds.into_iter().for_each(|fd| drop(unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((message.bytes, sender))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use nix::sys::socket::{ControlMessage, sendmsg};

    use super::*;

    #[test]
    fn a_message_says_which_process_sent_it() {
        let (socket, name) = notify_socket().unwrap();
        let sender = UnixDatagram::unbound().unwrap();

        sender.send_to_addr(b"READY=1", &SocketAddr::from_abstract_name(&name).unwrap()).unwrap();

        let mut buffer = [0; 16];
        let me = nix::unistd::getpid().as_raw();
        assert_eq!(receive_notice(&socket, &mut buffer).unwrap(), (7, Some(me)));
        assert_eq!(receive_notice(&socket, &mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn descriptors_that_come_with_a_message_are_closed() {
        let (socket, name) = notify_socket().unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let to = UnixAddr::new_abstract(&name).unwrap();
        let fds = [writer.as_raw_fd()];
        let parts = [io::IoSlice::new(b"BARRIER=1")];
        sendmsg(sender.as_raw_fd(), &parts, &[ControlMessage::ScmRights(&fds)], MsgFlags::empty(), Some(&to))
            .unwrap();
        drop(writer);

        receive_notice(&socket, &mut [0; 16]).unwrap();

        let mut rest = Vec::new();
        std::fs::File::from(reader).read_to_end(&mut rest).expect("the last writer is closed");
        assert_eq!(rest, b"");
    }
}
