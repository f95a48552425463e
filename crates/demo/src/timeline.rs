//! `timeline EVENTS` and `--timeline FILE`: what happened in a tree, drawn.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use rootward::EventKind;
use rootward::event::Events;
use rootward_observer::timeline::{self, ReadError, Recorder, Timeline};
use rootward_observer::wire;

use crate::descriptor::write_within;
use crate::event_writer::standard_stream;
use crate::messages;

/// In which form a timeline is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineFormat {
    /// A picture that a browser opens
    Svg,
    /// A trace in Chrome's JSON format, for ui.perfetto.dev
    Perfetto,
    /// Text for a terminal or a log
    Text,
}

/// Says why a recording was not drawn.
#[derive(Debug, thiserror::Error)]
enum NotDrawn {
    #[error("cannot draw {}: {error}", .file.display())]
    Read {
        file: PathBuf,
        #[source]
        error: ReadError,
    },
    #[error("cannot write to {}: it holds the events", .0.display())]
    Itself(PathBuf),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Says why a timeline could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the timeline to {}: {error}", .file.display())]
pub(crate) struct WriteError {
    file: PathBuf,
    #[source]
    error: io::Error,
}

impl TimelineFormat {
    /// The form that goes with a file's name: a picture, unless it ends with `.json` or `.txt`.
    fn of(file: &Path) -> Self {
        match file.extension().and_then(OsStr::to_str) {
            Some("json") => Self::Perfetto,
            Some("txt") => Self::Text,
            _ => Self::Svg,
        }
    }

    fn write(self, timeline: &Timeline) -> String {
        match self {
            Self::Svg => timeline.to_svg(),
            Self::Perfetto => timeline.to_perfetto(),
            Self::Text => timeline.to_text(),
        }
    }
}

/// Draws recorded events. Without an output they go to standard output: as text, unless another format is named.
pub(crate) fn draw(events: &Path, output: Option<&Path>, format: Option<TimelineFormat>) -> ExitCode {
    match try_to_draw(events, output.filter(|output| *output != Path::new("-")), format) {
        Ok(status) => status,
        Err(error) => {
            messages::error_with_its_causes(&error);
            ExitCode::from(match error {
                error if messages::is_of_the_system(&error) => rootward::Finished::FAILED,
                NotDrawn::Read { .. } | NotDrawn::Itself(_) => messages::BAD_INPUT,
                NotDrawn::Write(_) => rootward::Finished::FAILED,
            })
        }
    }
}

fn try_to_draw(
    file: &Path,
    output: Option<&Path>,
    format: Option<TimelineFormat>,
) -> Result<ExitCode, NotDrawn> {
    let timeline = read(file).map_err(|error| NotDrawn::Read { file: file.to_owned(), error })?;
    match output {
        Some(output) => {
            if is_same(file, output) {
                return Err(NotDrawn::Itself(output.to_owned()));
            }
            let format = format.unwrap_or_else(|| TimelineFormat::of(output));
            write(output, &format.write(&timeline))?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let format = format.unwrap_or(TimelineFormat::Text);
            let answer = match format {
                TimelineFormat::Text => messages::answer,
                TimelineFormat::Svg | TimelineFormat::Perfetto => messages::answer_document,
            };
            Ok(answer(&format.write(&timeline)))
        }
    }
}

fn read(file: &Path) -> Result<Timeline, ReadError> {
    if file == Path::new("-") {
        return timeline::read(io::stdin().lock());
    }
    timeline::read(BufReader::new(File::open(file)?))
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn write(file: &Path, text: &str) -> Result<(), WriteError> {
    let opened = standard_stream(file).and_then(|there| there.map_or_else(|| File::create(file), Ok));
    let written = opened.and_then(|file| write_within(PATIENCE, &file, text.as_bytes()));
    written.map_err(|error| WriteError { file: file.to_owned(), error })
}

/// How long a reader may take nothing, and how long the end of the program waits for the last events: handing them on
/// is a matter of scheduling.
const PATIENCE: Duration = Duration::from_secs(1);

/// Listens to a run, and draws it when it is over.
pub(crate) struct Drawing {
    target: PathBuf,
    file: File,
    recorder: Arc<Mutex<Recorder>>,
    ended: mpsc::Receiver<()>,
}

impl Drawing {
    /// Opens the file, and begins to listen, on a thread of its own. A named pipe has to have its reader.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or the system has no thread left.
    pub(crate) fn begin(target: &Path, mut events: Events) -> Result<Self, WriteError> {
        let refused = |error| WriteError { file: target.to_owned(), error };
        let create = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).custom_flags(libc::O_NONBLOCK).open(target)
        };
        let file =
            standard_stream(target).and_then(|there| there.map_or_else(create, Ok)).map_err(refused)?;
        let recorder = Arc::new(Mutex::new(Recorder::new()));
        let shared = Arc::clone(&recorder);
        // The thread's end drops the sender, which is all there is to say.
        let (sender, ended) = mpsc::channel::<()>();
        let listen = move || {
            let _ended = sender;
            loop {
                let next = events.blocking_next();
                let mut recorder = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match next {
                    Ok(Some(event)) if matches!(event.what, EventKind::Output { .. }) => {}
                    Ok(Some(event)) => recorder.apply(&wire::Event::from(&*event)),
                    Ok(None) => break,
                    Err(lagged) => recorder.note_lost(lagged.missed),
                }
            }
        };
        thread::Builder::new().name("timeline".to_owned()).spawn(listen).map_err(refused)?;
        Ok(Self { target: target.to_owned(), file, recorder, ended })
    }

    /// Writes the picture. The root's last event is there already, unless the program leaves before: then what is known
    /// is drawn.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it could not be written.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        // Both outcomes mean the same: there is nothing more to wait for.
        let _ = self.ended.recv_timeout(PATIENCE);
        let recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let text = TimelineFormat::of(&self.target).write(&recorder.finish());
        let written = write_within(PATIENCE, &self.file, text.as_bytes());
        written.map_err(|error| WriteError { file: self.target, error })
    }
}
