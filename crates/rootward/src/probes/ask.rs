//! The other side: what a probe command asks.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Probe, ProbesAddress};

/// An answer is a few lines; of a longer one this much is read.
const AT_MOST: u64 = 64 * 1024;

/// What a probe was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeAnswer {
    /// Whether the program passes: the status was 200.
    pub passes: bool,
    /// What it says, in lines.
    pub text: String,
}

/// Asks a program that answers [`Probes`](super::Probes) at this address, for a probe command. It blocks the thread,
/// for no longer than `within`.
///
/// # Errors
///
/// If there is no answer, or none that makes sense, within that time.
pub fn ask(address: &str, probe: Probe, within: Duration) -> io::Result<ProbeAnswer> {
    let until = now() + within;
    let request =
        format!("GET {}?verbose HTTP/1.1\r\nhost: probe\r\nconnection: close\r\n\r\n", probe.path());
    let answer = match address.parse()? {
        ProbesAddress::Tcp(address) => {
            let socket = TcpStream::connect_timeout(&address, within)?;
            exchange(
                &socket,
                &request,
                |left| {
                    socket.set_read_timeout(Some(left))?;
                    socket.set_write_timeout(Some(left))
                },
                until,
            )
        }
        ProbesAddress::Unix(path) => {
            let socket = UnixStream::connect(path)?;
            exchange(
                &socket,
                &request,
                |left| {
                    socket.set_read_timeout(Some(left))?;
                    socket.set_write_timeout(Some(left))
                },
                until,
            )
        }
    }?;
    understand(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "this is no answer to a probe"))
}

/// Sends a request and reads to the end. Before each step the socket's time is set to what is left.
fn exchange<S>(
    socket: &S,
    request: &str,
    limit: impl Fn(Duration) -> io::Result<()>,
    until: Instant,
) -> io::Result<String>
where
    for<'a> &'a S: Read + Write,
{
    let limit = || match until.saturating_duration_since(now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => limit(left),
    };
    limit()?;
    (&mut &*socket).write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut rest = socket.take(AT_MOST);
    let mut piece = [0; 4096];
    loop {
        limit()?;
        match rest.read(&mut piece) {
            Ok(0) => return Ok(String::from_utf8_lossy(&answer).into_owned()),
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
}

/// The status and the body.
fn understand(answer: &str) -> Option<ProbeAnswer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status: u16 = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(ProbeAnswer { passes: status == 200, text: body.to_owned() })
}

#[expect(clippy::disallowed_methods, reason = "a probe command has no runtime whose clock it could read")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = |passes, text: &str| Some(ProbeAnswer { passes, text: text.to_owned() });

        assert_eq!(understand("HTTP/1.1 200 OK\r\na: b\r\n\r\nok\n"), answer(true, "ok\n"));
        assert_eq!(understand("HTTP/1.1 503 Service Unavailable\r\n\r\nno\n"), answer(false, "no\n"));
        assert_eq!(understand("SSH-2.0-OpenSSH\r\n\r\n"), None);
        assert_eq!(understand(""), None);
    }
}
