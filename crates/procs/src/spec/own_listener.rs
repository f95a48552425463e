//! A check that would connect to a socket at which this program listens for the process: it could not fail.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::{fs, path};

use super::ready::ReadyCondition;
use super::{Command, Socket};
use crate::listen_sockets::ListenAddress;

/// Says that a connection succeeds whatever the process does. A request over HTTP is answered by the process.
pub(super) fn problem(command: &Command, condition: &ReadyCondition) -> Option<String> {
    let own = |socket: &Socket| match (&socket.place, condition) {
        (ListenAddress::Tcp(own), ReadyCondition::Tcp(asked)) => leads_to(asked, own).then(|| own.clone()),
        (ListenAddress::Unix(own), ReadyCondition::Unix(asked)) => {
            (place(command, asked) == place(command, own)).then(|| own.display().to_string())
        }
        _ => None,
    };
    let own = command.descriptors.sockets.iter().find_map(own)?;
    Some(format!("this program listens at {own} itself, so that this says nothing of the process"))
}

/// Whether a connection to an address comes to a socket that is bound to another one. Names are not looked up, but for
/// `localhost`, which is this system (RFC 6761, 6.3).
fn leads_to(asked: &str, own: &str) -> bool {
    let (Some((asked, asked_port)), Some((own, own_port))) = (asked.rsplit_once(':'), own.rsplit_once(':'))
    else {
        return false;
    };
    let is_one_port = asked_port.parse::<u16>().is_ok_and(|port| own_port.parse() == Ok(port));
    let owns = addresses(own);
    let is_own = |asked: IpAddr| owns.iter().any(|own| is_led(asked, *own));
    is_one_port && (asked.eq_ignore_ascii_case(own) || addresses(asked).into_iter().any(is_own))
}

/// The addresses of a host, if it is one or has the name of this system.
fn addresses(host: &str) -> Vec<IpAddr> {
    if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical()).into_iter().collect()
}

fn is_led(asked: IpAddr, own: IpAddr) -> bool {
    // A connection to no address in particular comes to this system.
    let asked = match asked {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        asked @ (IpAddr::V4(_) | IpAddr::V6(_)) => asked,
    };
    // A socket for all addresses of IPv6 takes those of IPv4 as well.
    let takes_all = own.is_unspecified() && (own.is_ipv6() || asked.is_ipv4());
    asked == own || takes_all && asked.is_loopback()
}

/// Where a path of the description leads to, as far as the directories are there.
fn place(command: &Command, path: &Path) -> PathBuf {
    let path = command.resolve(path);
    let path = path::absolute(&path).unwrap_or(path);
    let real = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    match (real, path.file_name()) {
        (Some(real), Some(name)) => real.join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::problem_with;
    use crate::{Health, HttpGet, Process, Ready};

    const NOTHING: &str = "itself, so that this says nothing of the process";

    #[test]
    fn a_check_that_would_connect_to_this_programs_own_socket_is_a_mistake() {
        for (own, asked, is_own) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "localhost:80", true),
            ("127.0.0.1:80", "LOCALHOST.:80", true),
            ("localhost:80", "[::1]:80", true),
            ("localhost:80", "localhost:080", true),
            ("0.0.0.0:80", "127.0.0.9:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("[::]:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
            ("127.0.0.1:80", "[::ffff:127.0.0.1]:80", true),
            ("127.0.0.1:80", "[::1]:80", false),
            ("0.0.0.0:80", "192.0.2.1:80", false),
            ("shop.example:80", "Shop.example:80", true),
            ("shop.example:80", "shop.invalid:80", false),
        ] {
            let process = || Process::new("a").listen(Socket::tcp(own));
            let both = [process().ready(Ready::tcp(asked)), process().health(Health::tcp(asked))];
            for process in both {
                let found = problem_with(&process);
                let expected = is_own.then(|| format!("this program listens at {own} {NOTHING}"));
                assert_eq!(found, expected, "{own} {asked}");
            }
        }
        // The program does not take the request: the process does.
        let asked = HttpGet::new("http://127.0.0.1:80/");
        let process = Process::new("a").listen(Socket::tcp("127.0.0.1:80"));
        let process = process.ready(Ready::http(asked.clone())).health(Health::http(asked));
        assert_eq!(problem_with(&process), None);
        let datagrams =
            Process::new("a").listen(Socket::udp("127.0.0.1:80")).ready(Ready::tcp("127.0.0.1:80"));
        assert_eq!(problem_with(&datagrams), None);
    }

    #[test]
    fn a_socket_is_this_programs_own_however_its_path_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path(), &link).unwrap();
        let here = directory.path().join("s");
        let process = || Process::new("a").current_dir(directory.path()).listen(Socket::unix("s"));
        let found = |asked: &Path| {
            let both = [process().ready(Ready::unix(asked)), process().health(Health::unix(asked))];
            both.map(|process| problem_with(&process))
        };

        let own = Some(format!("this program listens at s {NOTHING}"));
        for asked in [Path::new("s"), Path::new("./s"), &here, &link.join("s"), Path::new("link/s")] {
            assert_eq!(found(asked), [own.clone(), own.clone()], "{}", asked.display());
        }
        assert_eq!(found(Path::new("t")), [None, None]);
    }
}
