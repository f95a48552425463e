//! Whether the process accepts TCP connections.

use tokio::net::TcpStream;

use super::Miss;
use super::member::Members;

/// Connects, and looks which process listens.
pub(super) async fn look(address: &str, any_owner: bool, members: &Members) -> Result<(), Miss> {
    connect(address, any_owner, members).await.map(drop)
}

/// A connection to a listener of the process.
pub(super) async fn connect(address: &str, any_owner: bool, members: &Members) -> Result<TcpStream, Miss> {
    let stream = TcpStream::connect(address).await.map_err(Miss::new)?;
    judge(&stream, any_owner, members).await?;
    Ok(stream)
}

/// Looks what a connection has led to.
async fn judge(stream: &TcpStream, any_owner: bool, members: &Members) -> Result<(), Miss> {
    let (ours, theirs) = match (stream.local_addr(), stream.peer_addr()) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(error), _) | (_, Err(error)) => return Err(Miss::new(error)),
    };
    if ours == theirs {
        // A port of the range from which the system takes the connecting end, at which no process listens.
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

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Case P1.
    #[tokio::test]
    async fn a_connection_whose_two_ends_are_one_is_no_answer() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let itself = socket.local_addr().unwrap();
        let stream = socket.connect(itself).await.expect("it leads to itself");

        let miss = judge(&stream, true, &Members(Weak::new())).await.unwrap_err();

        assert_eq!(miss.error, "the connection led to itself: no process listens there");
    }

    #[tokio::test]
    async fn a_connection_to_a_listener_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();

        assert!(look(&address, true, &Members(Weak::new())).await.is_ok());
    }
}
