//! Reads recorded events.

use std::io::{self, BufRead};

use super::{Recorder, Timeline};
use crate::wire::{Event, Last, Lost, What};

/// Says why something is no recording of a tree's events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// A line is no event.
    #[error("line {line} is no event: {error}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        error: serde_json::Error,
    },
    /// A line has the number of an earlier one: these are the events of several runs.
    #[error("line {line} is event {seq} again: the file holds the events of more than one run")]
    Again {
        /// The line's number, from 1.
        line: usize,
        /// The event's number.
        seq: u64,
    },
    /// There is nothing in it.
    #[error("there are no events in it")]
    Empty,
}

/// Reads events as `rootward-demo --events` and the door write them: one JSON object a line. A last line that was cut
/// off is passed over, and so is the report that `--report` has written to the same file. A line may begin with
/// `data:`, as it does in a stream of server-sent events; lines of such a stream that hold no data are passed over.
///
/// # Errors
///
/// [`ReadError`] for the first line that is no event.
pub fn read(mut source: impl BufRead) -> Result<Timeline, ReadError> {
    let mut recorder = Recorder::new();
    let (mut line, mut number, mut last) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        if source.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let is_whole = line.ends_with(b"\n");
        let Some(text) = event_in(&line) else { continue };
        if text == b"{" {
            // The report, which is written over several lines and comes last.
            break;
        }
        match serde_json::from_slice::<Event>(text) {
            Ok(event) if event.seq <= last => return Err(ReadError::Again { line: number, seq: event.seq }),
            Ok(event) => {
                last = event.seq;
                if event.what == What::Unknown {
                    recorder.note_lost(lost_in(text).unwrap_or_default());
                }
                recorder.apply(&event);
            }
            Err(_) if !is_whole && last > 0 => break,
            Err(error) => match lost_in(text) {
                Some(lost) => recorder.note_lost(lost),
                None => return Err(ReadError::Line { line: number, error }),
            },
        }
    }
    if last == 0 { Err(ReadError::Empty) } else { Ok(recorder.finish()) }
}

/// The JSON object in a line, if there is one.
fn event_in(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let is_other = [&b"id:"[..], b"event:", b"retry:", b":"].iter().any(|field| line.starts_with(field));
    let data = line.strip_prefix(b"data:").unwrap_or(line).trim_ascii_start();
    (!data.is_empty() && !is_other).then_some(data)
}

/// How many events were left out, if this is a line that says so, or that the stream ends.
fn lost_in(text: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum LossLine {
        OfAFile { event: String, events: u64 },
        OfADoor { lost: Lost },
        TheEnd { end: Last },
    }
    match serde_json::from_slice(text).ok()? {
        LossLine::OfAFile { event, events } => (event == "lost").then_some(events),
        LossLine::OfADoor { lost } => Some(lost.count),
        LossLine::TheEnd { end: Last { .. } } => Some(0),
    }
}
