//! Everything that is written about a run: the screen, the event record and the report.

use std::io;

use rootward::event::Events;
use rootward::report::Ending;
use rootward::{Event, Finished, StopReport};
use rootward_observer::wire::Version;

use crate::cli::{RunOptions, View};
use crate::event_writer::{
    EventFormatter, EventPump, EventWriter, OutputOpenError, OutputTarget, ReaderTimeout, Sink, WriteOutcome,
};
use crate::letters::Letters;
use crate::messages::{self, limit_behind};
use crate::safe::safe_json;
use crate::view::{EventLines, Style, farewell, summary, welcome};

/// What a person sees of a run, on standard error.
pub(crate) struct StderrView {
    writer: EventWriter,
    view: View,
    style: Style,
    letters: Letters,
}

/// What is written about a run.
pub(crate) struct Records {
    screen: StderrView,
    events: Option<EventWriter>,
    report: Option<EventWriter>,
    /// Whether the report follows the events in the same place.
    together: bool,
}

/// Says why a run cannot be written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error(transparent)]
    Open(#[from] OutputOpenError),
    #[error("cannot write to standard error: {0}")]
    Stderr(#[source] io::Error),
    #[error("cannot start a thread{limit}: {0}", limit = limit_behind(.0))]
    Thread(#[from] io::Error),
}

impl StderrView {
    /// Begins to write on standard error what happens to these children and to others.
    ///
    /// # Errors
    ///
    /// If there is no descriptor left for it, or no thread.
    pub(crate) fn start(view: View, paths: &[String]) -> Result<Self, RecordError> {
        let (style, letters) = (Style::of_stderr(), Letters::of(&io::stderr()));
        let mut lines = EventLines::new(style).expecting(paths);
        let format: EventFormatter = Box::new(move |event, buffer| {
            let from = buffer.len();
            lines.write(event, buffer);
            letters.fit_end(buffer, from);
        });
        let stderr = Sink::stderr().map_err(RecordError::Stderr)?;
        Ok(Self { writer: EventWriter::start("screen", stderr, format)?, view, style, letters })
    }

    /// A way to write on the screen that can be given away.
    pub(crate) fn writer(&self) -> EventWriter {
        self.writer.clone()
    }

    /// The same, if events are shown.
    pub(crate) fn event_writer(&self) -> Option<EventWriter> {
        self.shows_events().then(|| self.writer())
    }

    /// Whether there is a line for every event. A picture has its own.
    fn shows_events(&self) -> bool {
        match self.view {
            View::Auto | View::Lines => true,
            View::Tui | View::None => false,
        }
    }

    /// Where nothing is shown, that the tree could not be started is an error all the same.
    fn say_failed_start(&self, finished: &Finished) {
        let failure = finished.stop_report().and_then(|report| report.start_failure());
        if let (View::None, Some(failure)) = (self.view, failure) {
            messages::error(format_args!("the tree could not be started: {failure}"));
        }
    }

    /// Says whether all of it is shown, or as good as that. A person may pause a terminal, and is not told of it there.
    fn finish(&self, patience: ReaderTimeout) -> bool {
        match self.writer.finish(patience) {
            WriteOutcome::All | WriteOutcome::Unread => true,
            not @ WriteOutcome::Not(_) => is_written("view is", Some(not), WriteOutcome::All),
        }
    }

    fn write(&self, text: impl FnOnce(Style) -> String) {
        if self.view != View::None {
            self.writer.text(self.letters.fit(text(self.style)));
        }
    }
}

impl Records {
    /// Opens everything that the options name.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for the first that cannot be opened.
    pub(crate) fn open(screen: StderrView, options: &RunOptions) -> Result<Self, RecordError> {
        let together = options.events.is_some() && options.events == options.report;
        let open = |name: &str, target: &OutputTarget| -> Result<EventWriter, RecordError> {
            Ok(EventWriter::start(name, target.open()?, write_json())?)
        };
        let events = options.events.as_ref().map(|target| open("record", target)).transpose()?;
        let report = match &options.report {
            Some(_) if together => events.clone(),
            Some(target) => Some(open("report", target)?),
            None => None,
        };
        Ok(Self { screen, events, report, together })
    }

    /// Begins to write down what the tree does, whose processes are followed at this level.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn follow(&self, events: Events, level: &str) -> io::Result<EventPump> {
        let writers = self.screen.event_writer().into_iter().chain(self.events.clone()).collect();
        if self.screen.shows_events() {
            self.screen.write(|style| welcome(level, style));
        }
        EventPump::start(events, writers)
    }

    /// Writes down how the run ended, and says whether all that was asked for is written. A reader that takes nothing
    /// any more is not waited for.
    pub(crate) fn conclude(self, finished: &Finished, pump: &EventPump) -> bool {
        let patience = match finished {
            Finished::Left { .. } => ReaderTimeout::LEAVING,
            Finished::Stopped(_) if finished.ending() == Some(Ending::Incomplete) => {
                ReaderTimeout::INCOMPLETE
            }
            Finished::Stopped(_) | _ => ReaderTimeout::ORDERLY,
        };
        pump.finish(patience);
        self.screen.write(|style| match finished {
            Finished::Stopped(report) => summary(report, style),
            Finished::Left { .. } | _ => farewell(finished.status(), style),
        });
        self.screen.say_failed_start(finished);
        let document = finished.stop_report().map(|report| document(report));
        if let (Some(report), Some(document), true) = (&self.report, &document, self.together) {
            report.text(document.clone());
        }
        let events = self.events.as_ref().map(|events| events.finish(patience));
        // Two spellings of one file are two writers of it, so the report waits for the last event in
        // any case.
        let report = match (&self.report, document, self.together) {
            (Some(report), Some(document), false) => {
                report.text(document);
                Some(report.finish(patience))
            }
            _ => None,
        };
        let view = self.screen.finish(patience);
        // A reader of events may be slow or gone.
        let events = is_written("events are", events, WriteOutcome::Unread);
        let report = is_written("report is", report, WriteOutcome::All);
        view && events && report
    }
}

/// Whether it is written, or as good as that. If not, says why.
fn is_written(what: &str, written: Option<WriteOutcome>, enough: WriteOutcome) -> bool {
    match written {
        None | Some(WriteOutcome::All) => true,
        Some(WriteOutcome::Unread) => {
            messages::warning(format_args!("the {what} not complete: the reader takes nothing any more"));
            enough == WriteOutcome::Unread
        }
        Some(WriteOutcome::Not(reason)) => {
            messages::error(format_args!("the {what} not complete: {reason}"));
            false
        }
    }
}

/// What is written, with the version of its format.
#[derive(serde::Serialize)]
struct Versioned<'a, T> {
    schema: Version,
    #[serde(flatten)]
    document: &'a T,
}

impl<'a, T> Versioned<'a, T> {
    fn new(document: &'a T) -> Self {
        Self { schema: Version, document }
    }
}

/// The report as one JSON document on a line of its own.
fn document(report: &StopReport) -> String {
    let text =
        serde_json::to_string_pretty(&Versioned::new(report)).expect("a report is made of texts and numbers");
    let mut text = safe_json(text);
    text.push('\n');
    text
}

/// Writes events as JSON, a line each, numbered without gaps. Where some had to be left out for a slow reader stands a
/// line `lost` that counts them.
fn write_json() -> EventFormatter {
    let mut expected = 1;
    let mut seq = 0;
    Box::new(move |event, buffer| {
        if event.seq > expected {
            seq += 1;
            write_line(&lost(event, seq, event.seq - expected), buffer);
        }
        expected = event.seq + 1;
        seq += 1;
        let mut event = event.clone();
        event.seq = seq;
        write_line(&event, buffer);
    })
}

/// Says that events were left out before this one. They may have happened anywhere in the tree, so it is said of the
/// root.
fn lost(before: &Event, seq: u64, events: u64) -> serde_json::Value {
    let json = serde_json::to_value(before).expect("an event is made of texts and numbers");
    serde_json::json!({
        "seq": seq,
        "at": json["at"],
        "time": json["time"],
        "event": "lost",
        "path": before.path.as_str().split('/').next(),
        "incarnation": 1,
        "kind": "supervisor",
        "events": events,
    })
}

fn write_line(line: &impl serde::Serialize, buffer: &mut Vec<u8>) {
    let line = serde_json::to_string(&Versioned::new(line)).expect("an event is made of texts and numbers");
    buffer.extend_from_slice(safe_json(line).as_bytes());
    buffer.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::any_run;

    #[test]
    fn events_that_are_left_out_are_counted_and_the_lines_are_numbered_without_gaps() {
        let mut format = write_json();
        let mut buffer = Vec::new();

        for seq in [1, 2, 5, 6] {
            let (mut event, _) = any_run();
            event.seq = seq;
            format(&event, &mut buffer);
        }

        let lines = String::from_utf8(buffer).unwrap();
        let lines: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let schema = rootward_tests::strict_schema("events-1.json");
        let schema = jsonschema::validator_for(&schema).unwrap();
        assert!(lines.iter().all(|line| schema.is_valid(line)), "{lines:#?}");
        let seqs: Vec<_> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
        assert_eq!((&lines[2]["event"], &lines[2]["events"]), (&"lost".into(), &2.into()));
        assert_eq!(lines[2]["at"], lines[3]["at"], "it is as exact as the others");
    }
}
