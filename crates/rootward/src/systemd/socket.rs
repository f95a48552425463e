//! The socket of the service manager.
//!
//! The crate `sd-notify` (0.5) does not reach an abstract socket, which is what some service managers have.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::libc;
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, UnixCredentials, sendmsg};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Gid, Uid};

use super::policy::ManagerMessage;
use super::started;

/// Where messages go.
#[derive(Debug)]
pub(super) struct NotifySocket {
    from: UnixDatagram,
    to: SocketAddr,
}

impl NotifySocket {
    /// An absolute path, or a name in the abstract namespace behind an `@`.
    pub(super) fn at(address: &OsStr) -> io::Result<Self> {
        let to = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(address)?,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "no path and no abstract name")),
        };
        let from = UnixDatagram::unbound()?;
        // A service manager that does not read holds up nothing here.
        from.set_nonblocking(true)?;
        Ok(Self { from, to })
    }

    /// Sends a message. If that is not possible it is lost.
    pub(super) fn tell(&self, notices: &[ManagerMessage]) {
        if !notices.is_empty() {
            let message = message(notices);
            if !self.tell_as_init(message.as_bytes()) {
                let _ = self.from.send_to_addr(message.as_bytes(), &self.to);
            }
        }
    }

    /// Sends a message in the name of the init above this program, if there is one: the service manager has started
    /// that one, and may hear no other process. It takes the right to do so, which root has outside of most containers.
    fn tell_as_init(&self, message: &[u8]) -> bool {
        let Some(pid) = started::init().and_then(|init| i32::try_from(init).ok()) else { return false };
        let Some(to) = unix_address(&self.to) else { return false };
        let (uid, gid) = (Uid::effective().as_raw(), Gid::effective().as_raw());
        let sender = UnixCredentials::from(libc::ucred { pid, uid, gid });
        let credentials = [ControlMessage::ScmCredentials(&sender)];
        let message = [io::IoSlice::new(message)];
        sendmsg(self.from.as_raw_fd(), &message, &credentials, MsgFlags::MSG_NOSIGNAL, Some(&to)).is_ok()
    }
}

fn unix_address(address: &SocketAddr) -> Option<UnixAddr> {
    match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => UnixAddr::new(path).ok(),
        (None, Some(name)) => UnixAddr::new_abstract(name).ok(),
        (None, None) => None,
    }
}

fn message(notices: &[ManagerMessage]) -> String {
    notices.iter().map(assignment).collect()
}

fn assignment(notice: &ManagerMessage) -> String {
    match notice {
        ManagerMessage::Ready => "READY=1\n".to_owned(),
        ManagerMessage::Reloading => format!("RELOADING=1\nMONOTONIC_USEC={}\n", monotonic_micros()),
        ManagerMessage::Stopping => "STOPPING=1\n".to_owned(),
        ManagerMessage::Watchdog => "WATCHDOG=1\n".to_owned(),
        ManagerMessage::ExtendTimeout(by) => format!("EXTEND_TIMEOUT_USEC={}\n", by.as_micros()),
        ManagerMessage::ExitStatus(status) => format!("EXIT_STATUS={status}\n"),
        ManagerMessage::Errno(errno) => format!("ERRNO={errno}\n"),
        ManagerMessage::Status(status) => format!("STATUS={status}\n"),
    }
}

/// systemd compares it with when it has asked for the reload.
fn monotonic_micros() -> i64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |now| now.tv_sec() * 1_000_000 + now.tv_nsec() / 1000)
}
