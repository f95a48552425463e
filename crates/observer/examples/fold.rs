//! Puts a snapshot and the events after it together, as the model does: a line of standard input is a document of the
//! door or a line of a recording, and after each the whole tree is written as a line. A watcher in another language can
//! be held to this; `tests/page` holds the page to it.
//!
//! ```text
//! cargo run -p rootward-observer --example fold < docs/schema/observer-1.recording.jsonl
//! ```

use std::error::Error;
use std::io::{self, BufRead as _, BufWriter, Write as _};

use rootward_observer::model::Model;
use rootward_observer::wire::{EventMessage, Snapshot};

fn main() -> Result<(), Box<dyn Error>> {
    let mut model = None;
    let mut output = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        if let Ok(snapshot) = serde_json::from_str::<Snapshot>(&line) {
            model = Some(Model::from_snapshot(&snapshot));
        } else if let Ok(EventMessage { event, .. }) = serde_json::from_str(&line) {
            model.get_or_insert_default().apply(&event);
        } else {
            // An answer of another kind, which changes nothing.
            continue;
        }
        if let Some(model) = &model {
            serde_json::to_writer(&mut output, &model.snapshot())?;
            writeln!(output)?;
        }
    }
    Ok(output.flush()?)
}
