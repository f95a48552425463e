//! Looks into another program's tree, through the door that it has opened.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::letters::Letters;
use crate::messages;
use crate::remote::{NoClient, client};
use crate::terminal::{AttachError, Fit, attach};

/// Says why another program's tree is not shown.
#[derive(Debug, thiserror::Error)]
enum NotAttached {
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error(transparent)]
    Attach(#[from] AttachError),
}

/// Shows the tree behind a door until it is gone or the user leaves.
pub(crate) fn run(door: &Path, token_file: Option<&Path>) -> ExitCode {
    match look(door, token_file) {
        Ok(said) => messages::answer(&said),
        Err(error) => {
            messages::error(format_args!("{error}{}", messages::limit_behind_all(&error)));
            ExitCode::from(match error {
                error if messages::is_of_the_system(&error) => rootward::Finished::FAILED,
                NotAttached::NoClient(_) => messages::BAD_INPUT,
                NotAttached::Attach(_) => rootward::Finished::FAILED,
            })
        }
    }
}

fn look(door: &Path, token_file: Option<&Path>) -> Result<String, NotAttached> {
    let client = client(door, token_file)?;
    let fit = Fit::of_this_terminal();
    if let Err(why) = fit {
        messages::note(format_args!("lines in place of a picture: {why}"));
    }
    let letters = Letters::of(&std::io::stdout());
    let write = |text: &str| {
        let mut stdout = std::io::stdout();
        stdout.write_all(letters.fit(text.to_owned()).as_bytes())?;
        stdout.flush()
    };
    let title = door.file_name().unwrap_or(door.as_os_str()).to_string_lossy().into_owned();
    Ok(attach(&client, title, fit.ok(), write)?)
}
