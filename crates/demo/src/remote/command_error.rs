//! Why a command has no answer, and the exit status that says so.

use std::io;
use std::process::ExitCode;

use rootward_observer::client::ClientError;
use rootward_observer::wire::{Refused, Version};
use serde::{Deserialize, Serialize};

use super::door::NoClient;
use super::out::Out;
use crate::messages;

/// Says why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("the door of the program: {0}")]
    Door(#[from] ClientError),
    #[error("the program closed its door before its tree was gone")]
    Closed,
    #[error("there is no {path}: the root of this tree is {root}")]
    OtherRoot { path: String, root: String },
    #[error("the command cannot begin: {0}")]
    System(#[source] io::Error),
    #[error("cannot write to standard output: {0}")]
    Io(#[from] io::Error),
}

/// The document that says why there is no other one.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailedDocument {
    /// The version of the formats.
    #[cfg_attr(test, schemars(with = "super::schema_tests::One"))]
    pub(super) schema: Version,
    pub(super) failed: CommandFailure,
}

/// Why a command was not carried out.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CommandFailure {
    /// In one word: `command_line`, `no_door`, `broken`, `format`, `silent`, `closed`, `child`, `system`, `output`.
    pub(super) code: String,
    /// In a sentence, for people.
    pub(super) message: String,
}

impl CommandError {
    /// Says it on standard error, and as a document if documents are wanted.
    pub(super) fn tell(&self, out: &Out) -> ExitCode {
        if matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            // The reader has read enough.
            return ExitCode::SUCCESS;
        }
        let said = format!("{self}{}", messages::limit_behind_all(self));
        messages::error(&said);
        if out.json && !matches!(self, Self::Io(_)) {
            // There is no other place to say that it cannot be said.
            let _ = if let Self::Door(ClientError::Refused(refusal)) = self {
                out.say(&Refused { schema: Version, refused: refusal.clone() }, String::new)
            } else {
                let failed = CommandFailure { code: self.code().to_owned(), message: said };
                out.say(&FailedDocument { schema: Version, failed }, String::new)
            };
        }
        ExitCode::from(self.status())
    }

    /// Whether the door knows no child of this path. A path without a supervisor above is taken for that of the root.
    pub(super) fn is_no_such_child(&self) -> bool {
        matches!(self, Self::Door(ClientError::Refused(refusal)) if matches!(&*refusal.code, "child" | "root"))
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoClient(_) => "command_line",
            Self::Door(ClientError::Connect { .. }) => "no_door",
            Self::Door(ClientError::Format(_)) => "format",
            Self::Door(ClientError::Silent) => "silent",
            Self::Door(_) => "broken",
            Self::Closed => "closed",
            Self::OtherRoot { .. } => "child",
            Self::System(_) => "system",
            Self::Io(_) => "output",
        }
    }

    fn status(&self) -> u8 {
        match self {
            error if messages::is_of_the_system(error) => rootward::Finished::FAILED,
            Self::NoClient(_) | Self::OtherRoot { .. } => messages::BAD_INPUT,
            Self::Door(ClientError::Refused(refusal)) if ["child", "root"].contains(&&*refusal.code) => {
                messages::BAD_INPUT
            }
            Self::Door(_) | Self::Closed | Self::System(_) | Self::Io(_) => rootward::Finished::FAILED,
        }
    }
}
