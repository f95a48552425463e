//! Runs a tree, writes down what happens, and says how it ended.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rootward::error::{RunError, SpecError};
use rootward::process::{Containment, Init, Warden, WardenError};
use rootward::{Application, Finished, Supervisor, Tree, TreeSnapshot};
use rootward_observer::{Door, OpenError};
use tokio::runtime::Handle;

use crate::cli::{self, RunOptions, View};
use crate::records::{RecordError, Records, Screen};
use crate::terminal::{Fit, OwnView, TreeReach};
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
    #[error("the door: {0}")]
    Door(#[source] OpenError),
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
) -> Result<Finished, NotStarted> {
    let fit = fit(options.view);
    let view = if fit.is_none() && options.view == View::Tui { View::Lines } else { options.view };
    let screen = Screen::start(view).map_err(RecordError::Thread)?;
    // A picture shows what a snapshot would.
    let snapshots = fit.is_none().then(|| screen.writer());
    let show = move |snapshot: &TreeSnapshot| {
        if let Some(snapshots) = &snapshots {
            snapshots.text(snapshot.to_string());
        }
    };
    let reach = TreeReach::default();
    let door = Arc::new(Mutex::new(None));
    let on_launch = on_launch(options.door.clone(), reach.clone(), Arc::clone(&door));
    // Nothing is opened, and so truncated, before everything else is known to make sense.
    let program = company.join(Application::new(root)).deadline(deadline);
    let mut program = program.on_snapshot(show).on_launch(on_launch).prepare()?;
    let records = Records::open(screen, options)?;
    let pump = records.follow(program.subscribe()).map_err(RecordError::Thread)?;
    let view = fit.map(|fit| OwnView::begin(fit, deadline, program.subscribe(), reach)).transpose()?;
    let finished = program.run()?;
    drop(view);
    records.conclude(&finished, &pump);
    let refused = door.lock().unwrap_or_else(PoisonError::into_inner).take();
    refused.map_or(Ok(finished), |refused| Err(NotStarted::Door(refused)))
}

/// What the terminal can show of a picture. `None` where none is wanted or possible.
fn fit(view: View) -> Option<Fit> {
    if view != View::Tui {
        return None;
    }
    match Fit::of_this_terminal() {
        Ok(fit) => Some(fit),
        Err(why) => {
            tell::note(format_args!("lines in place of a picture: {why}"));
            None
        }
    }
}

/// Hands the tree to the view, opens the door, and sees it closed. If the door cannot be opened, the tree stops.
fn on_launch(
    door: Option<PathBuf>,
    reach: TreeReach,
    refused: Arc<Mutex<Option<OpenError>>>,
) -> impl FnOnce(&Tree) + Send + 'static {
    move |tree| {
        reach.set(tree);
        let Some(door) = door else { return };
        match Door::unix(door).allow_control().open(tree) {
            // The program waits for this. Watchers get the last events, or have been waited for long enough.
            Ok(door) => Handle::current().block_on(door.closed()),
            Err(error) => {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                tree.request_stop();
            }
        }
    }
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
            Self::Record(RecordError::Thread(_)) | Self::Io(_) | Self::Warden(_) | Self::Door(_) => {
                Finished::FAILED
            }
            Self::Run(error) => error.status(),
        }
    }
}
