//! Whether the process answers an HTTP request as it should.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::members_of_set::MembersOfSet;
use super::{Miss, tcp};
use crate::spec::HttpGet;

/// How much of an answer is read at most to find its status.
const LONGEST_HEAD: u64 = 1024;

/// Sends one GET, and reads the first line of the answer.
pub(super) async fn look(get: &HttpGet, any_owner: bool, members: &MembersOfSet) -> Result<(), Miss> {
    // It was checked when the tree was built.
    let target = get.target().map_err(Miss::new)?;
    let stream = tcp::connect(&target.address, any_owner, members).await?;
    let mut stream = TcpStream::from_std(stream).map_err(Miss::new)?;
    stream.write_all(get.request(&target).as_bytes()).await.map_err(Miss::new)?;
    let mut answer = Vec::new();
    let mut head = stream.take(LONGEST_HEAD);
    while !answer.contains(&b'\n') {
        if head.read_buf(&mut answer).await.map_err(Miss::new)? == 0 {
            break;
        }
    }
    let status = status(&answer).ok_or_else(|| Miss::new("the answer is not HTTP"))?;
    if get.expects(status) { Ok(()) } else { Err(Miss::new(format!("it answered with status {status}"))) }
}

/// The status in the first line of an answer.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    line.split(' ').nth(1)?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_stands_in_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\nX: 1\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 404\r\n"), Some(404));
        assert_eq!(status(b"SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(status(b"HTTP/1.1"), None);
    }
}
