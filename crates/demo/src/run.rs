//! Runs a tree, writes down what happens, and says how it ended.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rootward::error::{RunError, SpecError};
use rootward::process::{Containment, Init, Warden, WardenError};
use rootward::report::Ending;
use rootward::{Application, Finished, Supervisor};

use crate::cli::{self, RunOptions};
use crate::records::{RecordError, Records, Screen};
use crate::safe::safe_lines;
use crate::tree_file::{self, FileError};
use crate::{tell, tree};

/// How many events a writer may be behind. What processes write in a burst fits, however short the lines are: their
/// text is what is bounded.
const EVENTS: usize = 1024 * 1024;

/// Says why nothing was started.
#[derive(Debug, thiserror::Error)]
enum NotStarted {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("cannot write to {}: it is the tree file", .0.display())]
    TreeFile(PathBuf),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the system does not let the demo find itself: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Warden(#[from] WardenError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs the built-in tree.
pub(crate) fn built_in(options: &RunOptions) -> ExitCode {
    conclude(|| {
        let root = tree::built_in(&std::env::current_exe()?);
        let company = Company::begin(options.containment)?;
        Ok(run(root, options.deadline.unwrap_or(tree::DEADLINE), options, company)?.status(None))
    })
}

/// Runs a tree file.
pub(crate) fn file(file: &Path, options: &RunOptions) -> ExitCode {
    conclude(|| {
        let tree = tree_file::read(file)?;
        if [&options.events, &options.report].into_iter().flatten().any(|target| target.is(file)) {
            return Err(NotStarted::TreeFile(file.to_owned()));
        }
        let deadline = options.deadline.unwrap_or(tree.deadline);
        let company = Company::begin(options.containment)?;
        let exit_status_from = tree.exit_status_from.clone();
        let ended = run(tree.into_supervisor()?, deadline, options, company)?;
        Ok(ended.status(exit_status_from.as_deref()))
    })
}

/// How a run ended.
struct Ended {
    finished: Finished,
    /// Whether all that was asked for is written.
    is_written: bool,
}

impl Ended {
    fn status(&self, exit_status_from: Option<&str>) -> ExitCode {
        let status = match exit_status_from {
            Some(path) => self.finished.status_from(path),
            None => self.finished.status(),
        };
        // Where more than one applies: 4 before 1 before 3.
        let hides_failure =
            self.finished.ending().is_none_or(|ending| matches!(ending, Ending::Clean | Ending::Forced));
        let has_failed = !self.is_written && hides_failure && self.finished.report().is_some();
        ExitCode::from(if has_failed { Finished::FAILED } else { status })
    }
}

/// The processes that run along with the demo.
struct Company {
    /// What orphans come to. `None` where it could not be had, and where nothing is followed that could become one.
    init: Option<Init>,
    containment: Containment,
}

impl Company {
    /// The containment that was asked for. This forks, so that it comes before there is any other thread.
    fn begin(wanted: cli::Containment) -> Result<Self, WardenError> {
        // If it cannot be forked, the application tries again, and says so.
        let init = (wanted != cli::Containment::Group).then(Init::fork).and_then(Result::ok);
        let containment = match wanted {
            cli::Containment::Auto => Containment::auto(),
            cli::Containment::Tree => {
                Containment::tree(&Warden::fork().or_else(|_| Warden::find())?).without_cgroups()
            }
            cli::Containment::Group => Containment::group(),
        };
        Ok(Self { init, containment })
    }

    /// Hands all of it to the program.
    fn join(self, program: Application) -> Application {
        let adopts = self.containment.warden().is_some();
        let program = program.containment(self.containment).adopt_orphans(adopts);
        match self.init {
            Some(init) => program.init(init),
            None => program,
        }
    }
}

fn run(
    root: Supervisor,
    deadline: Duration,
    options: &RunOptions,
    company: Company,
) -> Result<Ended, NotStarted> {
    let screen = Screen::start(options.view).map_err(RecordError::Thread)?;
    let snapshots = screen.writer();
    // Nothing is opened, and so truncated, before everything else is known to make sense.
    let mut program = company
        .join(Application::new(root))
        .deadline(deadline)
        .configure(|tree| tree.event_capacity(EVENTS))
        .on_snapshot(move |snapshot| snapshots.text(safe_lines(&snapshot.to_string())))
        .prepare()?;
    let records = Records::open(screen, options)?;
    let pump = records.follow(program.subscribe()).map_err(RecordError::Thread)?;
    let finished = program.run()?;
    let is_written = records.conclude(&finished, &pump);
    Ok(Ended { finished, is_written })
}

fn conclude(run: impl FnOnce() -> Result<ExitCode, NotStarted>) -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(error) => {
            tell::error(&error);
            ExitCode::from(error.status())
        }
    }
}

impl NotStarted {
    fn status(&self) -> u8 {
        match self {
            Self::File(_) | Self::Spec(_) | Self::TreeFile(_) | Self::Record(RecordError::Open(_)) => {
                tell::BAD_INPUT
            }
            Self::Record(RecordError::Thread(_)) | Self::Io(_) | Self::Warden(_) => Finished::FAILED,
            Self::Run(error) => error.status(),
        }
    }
}
