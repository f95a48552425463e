//! What a command writes to standard output: text for people, or documents for programs.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::descriptor::require_open;
use crate::letters::Letters;
use crate::safe::{safe_json, safe_lines};

/// Where answers go, and in which form.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) json: bool,
}

impl Out {
    /// Writes a document, or what it says to people.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written to. A reader that has gone is `BrokenPipe`.
    pub(super) fn say(&self, document: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        self.say_safe(document, || safe_lines(&text()))
    }

    /// The same for a text in which everything from outside is [safe](crate::safe) already, and which has colours.
    ///
    /// # Errors
    ///
    /// As above.
    pub(super) fn say_safe(
        &self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        if self.json {
            return self.write(&format!("{}\n", safe_json(serde_json::to_string(document)?)));
        }
        self.write(&Letters::of(&io::stdout()).fit(text()))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        require_open(1)?;
        let mut stdout = io::stdout();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }
}
