//! Looks into another program's tree, through the door that it has opened.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rootward_observer::client::Client;

use crate::tell;
use crate::terminal::{AttachError, Fit, attach};

/// Says why another program's tree is not shown.
#[derive(Debug, thiserror::Error)]
enum NotAttached {
    #[error("{0} is at a port, and the program's token is needed: --token-file")]
    NoToken(String),
    #[error("{0} is no port of this machine, such as http://127.0.0.1:8080")]
    Elsewhere(String),
    #[error("cannot read {}: {error}", file.display())]
    Token { file: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Attach(#[from] AttachError),
}

/// Shows the tree behind a door until it is gone or the user leaves.
pub(crate) fn run(door: &Path, token_file: Option<&Path>) -> ExitCode {
    match look(door, token_file) {
        Ok(said) => tell::answer(&said),
        Err(error) => {
            tell::error(&error);
            ExitCode::from(match error {
                NotAttached::NoToken(_) | NotAttached::Elsewhere(_) | NotAttached::Token { .. } => {
                    tell::BAD_INPUT
                }
                NotAttached::Attach(_) => rootward::Finished::FAILED,
            })
        }
    }
}

fn look(door: &Path, token_file: Option<&Path>) -> Result<String, NotAttached> {
    let client = client(door, token_file)?;
    let fit = Fit::of_this_terminal();
    if let Err(why) = fit {
        tell::note(format_args!("lines in place of a picture: {why}"));
    }
    let write = |text: &str| {
        let mut stdout = std::io::stdout();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    };
    let title = door.file_name().unwrap_or(door.as_os_str()).to_string_lossy().into_owned();
    Ok(attach(&client, title, fit.ok(), write)?)
}

fn client(door: &Path, token_file: Option<&Path>) -> Result<Client, NotAttached> {
    let Some(address) = door.to_str().and_then(|door| door.strip_prefix("http://")) else {
        return Ok(Client::unix(door));
    };
    let port = address.strip_prefix("127.0.0.1:").map(|port| port.trim_end_matches('/'));
    let Some(port) = port.and_then(|port| port.parse().ok()) else {
        return Err(NotAttached::Elsewhere(door.display().to_string()));
    };
    let Some(file) = token_file else { return Err(NotAttached::NoToken(door.display().to_string())) };
    let token =
        std::fs::read_to_string(file).map_err(|error| NotAttached::Token { file: file.to_owned(), error })?;
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
            assert!(matches!(refused, Err(NotAttached::Elsewhere(_))), "{elsewhere}");
        }
        assert!(matches!(client(Path::new("http://127.0.0.1:80"), None), Err(NotAttached::NoToken(_))));
        let none = Some(Path::new("/no/such/token"));
        assert!(matches!(client(Path::new("http://127.0.0.1:80"), none), Err(NotAttached::Token { .. })));
    }
}
