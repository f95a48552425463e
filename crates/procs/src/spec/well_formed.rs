//! Whether a path and an address have the form that they need.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(super) fn problem_with_path(path: &Path) -> Option<String> {
    match path.as_os_str().as_bytes() {
        [] => Some("the ready path is empty".into()),
        path if path.contains(&0) => Some("the ready path holds a NUL byte".into()),
        _ => None,
    }
}

/// Whether an address is of the form `host:port`.
pub(super) fn is_address(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port))
}

pub(super) fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether a text is a host: an IP address, one of IPv6 in brackets, or a name. It says nothing of whether it is known.
pub(super) fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return is_ipv6(inner, |byte| byte.is_ascii_digit());
    }
    host.parse::<Ipv4Addr>().is_ok() || is_ipv6(host, |byte| byte.is_ascii_alphanumeric()) || is_name(host)
}

/// An address, behind which a zone may stand: a number, or the name of an interface.
fn is_ipv6(text: &str, is_of_zone: impl Fn(u8) -> bool) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && zone.bytes().all(is_of_zone)
}

/// A name of a host. One whose last label is a number would be an IP address, and is none (RFC 1123, 2.1).
fn is_name(text: &str) -> bool {
    let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    labels().all(is_label)
        && !labels().next_back().is_some_and(|last| last.bytes().all(|it| it.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for right in [
            "localhost:80",
            "127.0.0.1:1",
            "[::1]:65535",
            "[fe80::1%2]:80",
            "fe80::1%eth0:80",
            "::1:80",
            "db-1.shop.example.:5432",
            "my_db:5432",
            "10.example:80",
        ] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "80",
            ":80",
            "localhost",
            "localhost:0",
            "localhost:65536",
            "localhost:http",
            "http://localhost:8080",
            "my host:80",
            "256.1.1.1:80",
            "1.2.3:80",
            "a..b:80",
            ".:80",
            "[::1:80",
            "::1]:80",
            "[::1%]:80",
            "[127.0.0.1]:80",
            "[localhost]:80",
            "user@localhost:80",
            "localhost:80:80",
            "*:80",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
