//! Which process listens at a local address.
//!
//! The kernel lists listening sockets by number, and each process's descriptors by what they refer to. A process of
//! another user does not show its descriptors to an ordinary user, so that the answer may be unknown.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::descendants::descendants_of;
use super::members::command;
use crate::sys;

/// Which process listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenerOwner {
    /// One that belongs to the set.
    Member,
    /// Others, of which this is the first.
    Stranger { pid: i32, command: String },
    /// The system does not tell.
    Unknown,
}

/// Which process listens at an address of this system. `first` is looked at, with its descendants, before others are.
pub(crate) fn listener_at(server: SocketAddr, first: i32, is_member: impl Fn(i32) -> bool) -> ListenerOwner {
    if !sys::proc_is_ours() {
        return ListenerOwner::Unknown;
    }
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let inodes = listening(&tables, server);
    if inodes.is_empty() {
        return ListenerOwner::Unknown;
    }
    let near = [first].into_iter().chain(descendants_of(first));
    if near.into_iter().any(|pid| holds(pid, &inodes) && is_member(pid)) {
        return ListenerOwner::Member;
    }
    let Ok(all) = fs::read_dir("/proc") else { return ListenerOwner::Unknown };
    let all = all.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    let mut stranger = None;
    for pid in all.filter(|pid| holds(*pid, &inodes)) {
        if is_member(pid) {
            return ListenerOwner::Member;
        }
        stranger.get_or_insert(pid);
    }
    stranger.map_or(ListenerOwner::Unknown, |pid| ListenerOwner::Stranger { pid, command: command(pid) })
}

/// What a process runs, if it is there and the system tells.
pub(crate) fn command_of(pid: i32) -> Option<String> {
    Some(pid).filter(|_| sys::proc_is_ours()).map(command).filter(|command| !command.is_empty())
}

/// Whether a process has one of these sockets. One that does not show its descriptors has none, as far as is known.
fn holds(pid: i32, inodes: &[u64]) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|entry| {
        fs::read_link(entry.path())
            .ok()
            .and_then(|to| socket_of(to.to_str()?))
            .is_some_and(|inode| inodes.contains(&inode))
    })
}

fn socket_of(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The numbers of the sockets that listen at this address, as the kernel's tables for IPv4 and IPv6 have them. Where
/// there are some for the very address, those for all addresses do not count.
fn listening(tables: &[String; 2], server: SocketAddr) -> Vec<u64> {
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(parse);
    let there: Vec<(IpAddr, u64)> = sockets
        .filter(|(address, _)| address.port() == server.port())
        .map(|(address, inode)| (address.ip(), inode))
        .collect();
    let wanted = server.ip().to_canonical();
    let exact: Vec<u64> =
        there.iter().filter(|(ip, _)| ip.to_canonical() == wanted).map(|(_, inode)| *inode).collect();
    if exact.is_empty() {
        there.iter().filter(|(ip, _)| ip.is_unspecified()).map(|(_, inode)| *inode).collect()
    } else {
        exact
    }
}

/// The address and the number of a socket that listens. `None` for one that does not.
fn parse(line: &str) -> Option<(SocketAddr, u64)> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (ip, port) = fields.next()?.split_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    let address = SocketAddr::new(parse_ip(ip)?, u16::from_str_radix(port, 16).ok()?);
    (state == LISTEN).then_some((address, inode))
}

/// The kernel writes an address as words of the machine's own byte order.
fn parse_ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (at, place) in bytes.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn this_process_is_found_as_the_listener_at_each_of_its_addresses() {
        let me = nix::unistd::getpid().as_raw();
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            // A system may be without IPv6.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let mut server = listener.local_addr().unwrap();
            if server.ip().is_unspecified() {
                server.set_ip(Ipv4Addr::LOCALHOST.into());
            }

            assert_eq!(listener_at(server, me, |pid| pid == me), ListenerOwner::Member, "{address}");
            let stranger = listener_at(server, me, |_| false);
            assert!(
                matches!(&stranger, ListenerOwner::Stranger { command, .. } if !command.is_empty()),
                "{stranger:?}"
            );
        }
    }

    #[test]
    fn a_port_at_which_no_process_listens_has_no_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        drop(listener);

        assert_eq!(listener_at(server, 1, |_| true), ListenerOwner::Unknown);
    }

    #[test]
    fn a_socket_for_the_very_address_comes_before_one_for_all_addresses() {
        let line = |ip: &str, state: &str, inode: u64| {
            format!(
                "   0: {ip}:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000  0 {inode} 1 0 10 0"
            )
        };
        let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let home = word([127, 0, 0, 1]);
        let tables = |lines: &[String]| [format!("head\n{}", lines.join("\n")), "head\n".to_owned()];
        let server = "127.0.0.1:8080".parse().unwrap();

        let both = tables(&[line("00000000", "0A", 1), line(&home, "0A", 2), line(&home, "01", 3)]);

        assert_eq!(listening(&both, server), [2]);
        assert_eq!(listening(&tables(&[line("00000000", "0A", 1)]), server), [1]);
        assert_eq!(listening(&tables(&[line(&home, "01", 3)]), server), []);
    }
}
