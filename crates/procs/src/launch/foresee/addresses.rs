//! Addresses at which it cannot be listened now, and hosts that are not known.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, bind, setsockopt, socket, sockopt,
};

use super::failure::{DescribedPart, ForeseenFailure};
use crate::listen_sockets::ListenAddress;

/// How long a host may take to be looked up.
const PATIENCE: Duration = Duration::from_secs(3);

/// The hosts that have been looked up, so that each is once.
#[derive(Default)]
pub(super) struct Lookups(BTreeMap<String, Result<Vec<SocketAddr>, String>>);

impl Lookups {
    /// Says that the host of an address to which a check connects is not known.
    pub(super) fn foresee_host(&mut self, about: DescribedPart, address: &str) -> Option<ForeseenFailure> {
        let error = self.look_up(address).as_ref().err()?;
        let reason = format!("the host of {address} is not known now: {error}");
        Some(ForeseenFailure::possible(about, reason))
    }

    fn look_up(&mut self, address: &str) -> &Result<Vec<SocketAddr>, String> {
        self.0.entry(address.to_owned()).or_insert_with(|| look_up(address))
    }
}

/// Says why it cannot be listened at an address of the network now.
pub(super) fn foresee_socket(
    about: DescribedPart,
    place: &ListenAddress,
    lookups: &mut Lookups,
) -> Option<ForeseenFailure> {
    let (address, bind): (_, fn(&SocketAddr) -> io::Result<()>) = match place {
        ListenAddress::Tcp(address) => (address, bind_tcp),
        ListenAddress::Udp(address) => (address, |address| UdpSocket::bind(address).map(drop)),
        ListenAddress::Unix(_) | ListenAddress::Given(_) => return None,
    };
    let addresses = match lookups.look_up(address) {
        Ok(addresses) => addresses,
        Err(_) => return lookups.foresee_host(about, address),
    };
    let mut refusal = None;
    // One of them is enough.
    for address in addresses {
        match bind(address) {
            Ok(()) => return None,
            Err(error) => refusal = Some(error),
        }
    }
    let error = refusal?;
    match error.raw_os_error() {
        Some(libc::EACCES) => {
            let reason = format!("this program may not listen at {address}: {error}");
            Some(ForeseenFailure::certain(about, reason))
        }
        Some(libc::EADDRINUSE) => {
            Some(ForeseenFailure::possible(about, format!("{address} is taken now by another socket")))
        }
        Some(libc::EADDRNOTAVAIL) => {
            Some(ForeseenFailure::possible(about, format!("{address} is no address of this machine now")))
        }
        _ => {
            Some(ForeseenFailure::possible(about, format!("it cannot be listened at {address} now: {error}")))
        }
    }
}

/// Takes the address as a listener does, and does not listen, so that no client finds it.
fn bind_tcp(address: &SocketAddr) -> io::Result<()> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    match address {
        SocketAddr::V4(address) => bind(socket.as_raw_fd(), &SockaddrIn::from(*address))?,
        SocketAddr::V6(address) => bind(socket.as_raw_fd(), &SockaddrIn6::from(*address))?,
    }
    Ok(())
}

/// The addresses of a `host:port`. The resolver may take as long as it likes, and so it has a thread of its own.
fn look_up(address: &str) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let (answer, answered) = mpsc::channel();
    let asked = address.to_owned();
    let thread = thread::Builder::new().name("rootward-lookup".to_owned()).spawn(move || {
        // Nothing waits for it any more if it comes too late.
        let _ = answer.send(asked.to_socket_addrs().map(Vec::from_iter));
    });
    if thread.is_err() {
        // This says nothing of the host.
        return Ok(Vec::new());
    }
    match answered.recv_timeout(PATIENCE) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const ABOUT: DescribedPart = DescribedPart::Socket(0);

    fn foreseen(place: ListenAddress) -> Option<(bool, String)> {
        let failure = foresee_socket(ABOUT, &place, &mut Lookups::default())?;
        Some((failure.is_certain(), failure.to_string()))
    }

    /// At an address at which no other program is that runs meanwhile.
    #[test]
    fn an_address_that_is_taken_is_told_as_long_as_it_is() {
        let listener = TcpListener::bind("127.83.12.7:0").unwrap();
        let udp = UdpSocket::bind("127.83.12.7:0").unwrap();
        let [tcp_at, udp_at] = [listener.local_addr(), udp.local_addr()].map(|at| at.unwrap().to_string());

        let taken = |at: &String| Some((false, format!("{at} is taken now by another socket")));
        assert_eq!(foreseen(ListenAddress::Tcp(tcp_at.clone())), taken(&tcp_at));
        assert_eq!(foreseen(ListenAddress::Udp(udp_at.clone())), taken(&udp_at));
        drop(listener);
        assert_eq!(foreseen(ListenAddress::Tcp(tcp_at)), None);
    }

    /// An address that is kept for documents.
    #[test]
    fn an_address_of_another_machine_is_told() {
        let told = foreseen(ListenAddress::Tcp("192.0.2.1:8080".to_owned()));

        assert_eq!(told, Some((false, "192.0.2.1:8080 is no address of this machine now".to_owned())));
    }

    /// A name that is kept for hosts that are not there.
    #[test]
    fn a_host_that_is_not_known_is_told_and_an_address_is_not_looked_up() {
        let mut lookups = Lookups::default();

        let told = lookups.foresee_host(ABOUT, "no-such-host.invalid:80").unwrap();
        assert!(told.to_string().starts_with("the host of no-such-host.invalid:80 is not known now: "));
        assert!(!told.is_certain());
        assert_eq!(lookups.foresee_host(ABOUT, "[2001:db8::1]:80"), None);
        let place = ListenAddress::Tcp("no-such-host.invalid:80".to_owned());
        assert_eq!(foresee_socket(ABOUT, &place, &mut lookups), Some(told));
    }
}
