//! Connections to a door.

use std::net::Ipv4Addr;
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use super::ClientError;

pub(super) async fn unix(path: &Path) -> Result<UnixStream, ClientError> {
    let place = || path.display().to_string();
    UnixStream::connect(path).await.map_err(|error| ClientError::Connect { place: place(), error })
}

pub(super) async fn loopback(port: u16) -> Result<TcpStream, ClientError> {
    let place = || format!("port {port}");
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| ClientError::Connect { place: place(), error })
}
