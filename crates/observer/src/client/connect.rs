//! Connections to a door.

use std::net::Ipv4Addr;
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use super::ClientError;

pub(super) async fn unix(path: &Path) -> Result<UnixStream, ClientError> {
    UnixStream::connect(path).await.map_err(ClientError::Connect)
}

pub(super) async fn loopback(port: u16) -> Result<TcpStream, ClientError> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(ClientError::Connect)
}
