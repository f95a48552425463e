//! What a program writes, line by line.

use std::time::Duration;

use rootward_core::{EventKind, Events, Lagged, OutputLine};

/// Reads the lines of a program's captured outputs, in order, from the first one on.
///
/// A reader never holds up the program for long. One that falls behind by more than a mebibyte of text or 16 384 lines
/// loses the oldest, and [`next`](Self::next) says how many, unless it [holds up](Self::hold_up) the program.
#[derive(Debug)]
pub struct OutputLines {
    events: Events,
}

impl OutputLines {
    pub(super) fn new(events: Events) -> Self {
        Self { events }
    }

    /// The next line, or `None` when the program has ended, nothing is left of it, and all it wrote has been read.
    ///
    /// # Errors
    ///
    /// [`Lagged`] if lines were lost since the last call. The call after that goes on with the oldest line there is.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, no line is lost.
    pub async fn next(&mut self) -> Result<Option<OutputLine>, Lagged> {
        while let Some(event) = self.events.next().await? {
            if let EventKind::Output { stream, line, truncated, lossy, continued } = &event.what {
                return Ok(Some(OutputLine {
                    stream: *stream,
                    line: line.clone(),
                    truncated: *truncated,
                    lossy: *lossy,
                    continued: *continued,
                }));
            }
        }
        Ok(None)
    }

    /// Has the program wait in its own write when this reader is far behind, for so long at most each time: as a pipe
    /// that is full. Its end does not wait.
    pub fn hold_up(&self, patience: Duration) {
        self.events.hold_up_output(patience);
    }
}
