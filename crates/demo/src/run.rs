//! Runs a tree, writes down what happens, and says how it ended.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rootward::error::{RunError, SpecError};
use rootward::process::{Containment, Init, Warden, WardenError};
use rootward::{Application, Finished, Supervisor};

use crate::cli::{self, RunOptions};
use crate::records::{RecordError, Records, Screen};
use crate::tree_file::{self, FileError};
use crate::{tell, tree};

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
        Ok(run(root, options.deadline.unwrap_or(tree::DEADLINE), options, company)?.into())
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
        let finished = run(tree.into_supervisor()?, deadline, options, company)?;
        let status = match exit_status_from {
            Some(path) => finished.status_from(&path),
            None => finished.status(),
        };
        Ok(ExitCode::from(status))
    })
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
            cli::Containment::Tree => Containment::tree(&Warden::fork().or_else(another)?).without_cgroups(),
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

/// Another warden than one that is forked, where that came too late. What the system refuses, it refuses to others,
/// too.
fn another(error: WardenError) -> Result<Warden, WardenError> {
    if matches!(error, WardenError::TooLate { .. }) {
        return Warden::itself().or_else(|_| Warden::find());
    }
    Err(error)
}

fn run(
    root: Supervisor,
    deadline: Duration,
    options: &RunOptions,
    company: Company,
) -> Result<Finished, NotStarted> {
    let screen = Screen::start(options.view).map_err(RecordError::Thread)?;
    let snapshots = screen.writer();
    // Nothing is opened, and so truncated, before everything else is known to make sense.
    let mut program = company
        .join(Application::new(root))
        .deadline(deadline)
        .on_snapshot(move |snapshot| snapshots.text(snapshot.to_string()))
        .prepare()?;
    let records = Records::open(screen, options)?;
    let pump = records.follow(program.subscribe()).map_err(RecordError::Thread)?;
    let finished = program.run()?;
    records.conclude(&finished, &pump);
    Ok(finished)
}

fn conclude(run: impl FnOnce() -> Result<ExitCode, NotStarted>) -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(error) => {
            tell::error_with_its_causes(&error);
            ExitCode::from(error.status())
        }
    }
}

impl NotStarted {
    fn status(&self) -> u8 {
        match self {
            Self::File(error) if error.is_of_the_system() => Finished::FAILED,
            Self::File(_) | Self::Spec(_) | Self::TreeFile(_) | Self::Record(RecordError::Open(_)) => {
                tell::BAD_INPUT
            }
            Self::Record(RecordError::Thread(_)) | Self::Io(_) | Self::Warden(_) => Finished::FAILED,
            Self::Run(error) => error.status(),
        }
    }
}
