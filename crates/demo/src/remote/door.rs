//! Where a door is, as the command line says it.

use std::path::{Path, PathBuf};

use rootward_observer::client::Client;

/// Says why a door cannot be asked: the command line makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoClient {
    #[error("{0} is at a port, and the program's token is needed: --token-file")]
    NoToken(String),
    #[error("{0} is no port of this machine, such as http://127.0.0.1:8080")]
    Elsewhere(String),
    #[error("cannot read {}: {error}", file.display())]
    Token {
        file: PathBuf,
        #[source]
        error: std::io::Error,
    },
}

/// The door at a socket, or at a port with its token.
///
/// # Errors
///
/// [`NoClient`] if it is no port of this machine, or its token is not there.
pub(crate) fn client(door: &Path, token_file: Option<&Path>) -> Result<Client, NoClient> {
    let Some(address) = door.to_str().and_then(|door| door.strip_prefix("http://")) else {
        return Ok(Client::unix(door));
    };
    let port = address.strip_prefix("127.0.0.1:").map(|port| port.trim_end_matches('/'));
    let Some(port) = port.and_then(|port| port.parse().ok()) else {
        return Err(NoClient::Elsewhere(door.display().to_string()));
    };
    let Some(file) = token_file else { return Err(NoClient::NoToken(door.display().to_string())) };
    let token =
        std::fs::read_to_string(file).map_err(|error| NoClient::Token { file: file.to_owned(), error })?;
    Ok(Client::loopback(port, token.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_takes_a_token_and_has_to_be_of_this_machine() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "token\n").unwrap();
        let token = Some(file.path());

        assert!(client(Path::new("http://127.0.0.1:80/"), token).is_ok());
        assert!(client(Path::new("door.sock"), None).is_ok());
        for elsewhere in
            ["http://example.org:80", "http://127.0.0.1", "http://127.0.0.1:x", "http://0.0.0.0:80"]
        {
            let refused = client(Path::new(elsewhere), token);
            assert!(matches!(refused, Err(NoClient::Elsewhere(_))), "{elsewhere}");
        }
        assert!(matches!(client(Path::new("http://127.0.0.1:80"), None), Err(NoClient::NoToken(_))));
        let none = Some(Path::new("/no/such/token"));
        assert!(matches!(client(Path::new("http://127.0.0.1:80"), none), Err(NoClient::Token { .. })));
    }
}
