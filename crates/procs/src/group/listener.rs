//! Which process listens at a local address.
//!
//! The kernel lists listening sockets by number, and each process's descriptors by what they refer to. A process of
//! another user does not show its descriptors to an ordinary user. It is known all the same whose a listener is not, if
//! every process of the set shows its descriptors and none has the socket.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

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
    /// None that belongs to the set, and none that shows its descriptors.
    HiddenStranger,
    /// The system does not tell.
    Unknown,
}

/// Which process listens at an address of this system. `first` is looked at, with its descendants, before others are.
pub(crate) fn listener_at(server: SocketAddr, first: i32, is_member: impl Fn(i32) -> bool) -> ListenerOwner {
    // A system that hides processes of other users (`hidepid`) hides the first one of all, and maybe some of the set.
    if !sys::proc_is_ours() || fs::metadata("/proc/1").is_err() {
        return ListenerOwner::Unknown;
    }
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let inodes = listening(&tables, server);
    if inodes.is_empty() {
        return ListenerOwner::Unknown;
    }
    let near = [first].into_iter().chain(descendants_of(first));
    let Ok(all) = fs::read_dir("/proc") else { return ListenerOwner::Unknown };
    let all = all.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    owner_among(near.chain(all), |pid| held_by(pid, &inodes), is_member)
}

/// Which of these processes listens. A member's word is enough, and so it is the last one that is looked at.
fn owner_among(
    processes: impl Iterator<Item = i32>,
    held_by: impl Fn(i32) -> Held,
    is_member: impl Fn(i32) -> bool,
) -> ListenerOwner {
    let (mut stranger, mut is_unknown) = (None, false);
    for pid in processes {
        match held_by(pid) {
            Held::Yes if is_member(pid) => return ListenerOwner::Member,
            Held::Yes => _ = stranger.get_or_insert(pid),
            Held::Hidden => is_unknown = is_unknown || is_member(pid),
            Held::No => {}
        }
    }
    match stranger {
        Some(pid) => ListenerOwner::Stranger { pid, command: command(pid) },
        None if is_unknown => ListenerOwner::Unknown,
        None => ListenerOwner::HiddenStranger,
    }
}

/// What a process runs, if it is there and the system tells.
pub(crate) fn command_of(pid: i32) -> Option<String> {
    Some(pid).filter(|_| sys::proc_is_ours()).map(command).filter(|command| !command.is_empty())
}

/// Whether a process has a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Yes,
    No,
    /// The process does not show its descriptors.
    Hidden,
}

/// Whether a process has one of these sockets.
fn held_by(pid: i32, inodes: &[u64]) -> Held {
    match held_in(format!("/proc/{pid}/fd"), inodes) {
        // One whose first thread has ended shows the descriptors of its other threads alone.
        Ok(None) => held_by_threads(pid, inodes),
        Ok(Some(held)) => held,
        Err(_) if has_gone(pid) => Held::No,
        Err(_) => Held::Hidden,
    }
}

fn held_by_threads(pid: i32, inodes: &[u64]) -> Held {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut all = threads.filter_map(|thread| held_in(thread.path().join("fd"), inodes).ok().flatten());
    all.find(|held| *held != Held::No).unwrap_or(Held::No)
}

/// The same of one list of descriptors. `None` if that is empty.
fn held_in(list: impl AsRef<Path>, inodes: &[u64]) -> io::Result<Option<Held>> {
    let mut held = None;
    for entry in fs::read_dir(list)?.flatten() {
        match fs::read_link(entry.path()) {
            Ok(to) if to.to_str().and_then(socket_of).is_some_and(|inode| inodes.contains(&inode)) => {
                return Ok(Some(Held::Yes));
            }
            // One that has been closed meanwhile is none.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => held = Some(Held::Hidden),
            Ok(_) | Err(_) => _ = held.get_or_insert(Held::No),
        }
    }
    Ok(held)
}

/// Whether there is no such process any more.
fn has_gone(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
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
    use std::os::fd::AsRawFd as _;

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

    /// What a user that is not root sees of the others.
    #[test]
    fn a_socket_that_no_process_of_the_set_has_is_a_strangers_also_if_that_hides_it() {
        let is_member = |pid| pid < 10;
        let owner = |seen: &[(i32, Held)]| {
            let held_by = |pid| seen.iter().find(|(it, _)| *it == pid).unwrap().1;
            owner_among(seen.iter().map(|(pid, _)| *pid), held_by, is_member)
        };

        assert_eq!(owner(&[(1, Held::No), (2, Held::No), (11, Held::Hidden)]), ListenerOwner::HiddenStranger);
        assert_eq!(owner(&[]), ListenerOwner::HiddenStranger);
        assert_eq!(owner(&[(1, Held::No), (2, Held::Hidden), (11, Held::Hidden)]), ListenerOwner::Unknown);
        assert_eq!(owner(&[(11, Held::Yes), (1, Held::Hidden), (2, Held::Yes)]), ListenerOwner::Member);
        let stranger = owner(&[(1, Held::Hidden), (i32::MAX, Held::Yes)]);
        assert!(matches!(stranger, ListenerOwner::Stranger { pid: i32::MAX, .. }), "{stranger:?}");
    }

    /// Each user sees that the first process of the system is there. Root alone sees its descriptors.
    #[test]
    fn a_process_that_does_not_show_its_descriptors_hides_them_and_one_that_is_not_there_has_none() {
        let me = nix::unistd::getpid().as_raw();

        let of_the_first = held_by(1, &[]);
        assert_eq!(held_by(me, &[]), Held::No);
        assert_eq!(held_by(i32::MAX, &[]), Held::No);
        if fs::read_dir("/proc/1/fd").is_err() {
            assert_eq!(of_the_first, Held::Hidden);
        }
    }

    /// They are looked at if the first one has ended.
    #[test]
    fn what_one_of_its_threads_has_a_process_has() {
        let me = nix::unistd::getpid().as_raw();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode = socket_of(link.to_str().unwrap()).unwrap();

        assert_eq!(held_by_threads(me, &[inode]), Held::Yes);
        assert_eq!(held_by_threads(me, &[]), Held::No);
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
