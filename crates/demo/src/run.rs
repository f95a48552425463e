//! Runs a tree, writes down what happens, and says how it ended.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use rootward::error::{InvalidGrace, RunError, SpecError};
use rootward::process::{Containment, Init, InitError, Warden, WardenError};
use rootward::report::Ending;
use rootward::sibling::{ExitTeller, exit_teller};
use rootward::{Application, Finished, Signal, Supervisor, TreeSnapshot};

use crate::cli::{self, RunOptions, View};
use crate::event_writer::OutputTarget;
use crate::observe::{ObserveError, WaitingDoors};
use crate::orchestrator::Deadline;
use crate::records::{RecordError, Records, StderrView};
use crate::safe::safe_lines;
use crate::terminal::{Fit, ModesRestorer, OwnView, Reaches, TreeReach};
use crate::timeline::{Drawing, WriteError};
use crate::tree_file::{self, FileError};
use crate::tty::{ModesAfterwards, follow_foreground};
use crate::{child_terminals, messages, tree};

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
    #[error("--deadline auto: {0}")]
    Grace(#[from] InvalidGrace),
    #[error("cannot write to {}: it is the tree file", .0.display())]
    TreeFile(PathBuf),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("cannot draw the timeline in {}: something else is written there", .0.display())]
    Shared(PathBuf),
    #[error("cannot write the termination message to {}: something else is written there", .0.display())]
    SharedMessage(PathBuf),
    #[error(transparent)]
    Picture(#[from] WriteError),
    #[error("the system does not let the demo find itself: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot show the tree: {0}")]
    View(#[source] std::io::Error),
    #[error(transparent)]
    Warden(#[from] WardenError),
    #[error(transparent)]
    Observe(#[from] ObserveError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs the built-in tree.
pub(crate) fn built_in(options: &RunOptions, init: Forked) -> ExitCode {
    conclude(options, || {
        let root = tree::built_in(&std::env::current_exe()?);
        let rules = Rules {
            deadline: tree::DEADLINE,
            drain: Duration::ZERO,
            suspend_children: false,
            shares_input: false,
            paths: Vec::new(),
        };
        let rules = rules.with(options)?;
        let helpers = HelperProcesses::begin(options.containment, init)?;
        Ok(run(root, rules, options, helpers)?.end(None))
    })
}

/// Runs a tree file.
pub(crate) fn file(file: &Path, options: &RunOptions, init: Forked) -> ExitCode {
    let message = options.orchestrator.termination_message.clone().map(OutputTarget::File);
    if message.is_some_and(|target| target.is(file)) {
        // Not even this can be written there.
        return not_started(&NotStarted::TreeFile(file.to_owned()));
    }
    conclude(options, || {
        let tree = tree_file::read(file)?;
        let picture = options.timeline.clone().map(OutputTarget::File);
        if [&options.events, &options.report, &picture].into_iter().flatten().any(|target| target.is(file)) {
            return Err(NotStarted::TreeFile(file.to_owned()));
        }
        let (deadline, drain, suspend_children) = (tree.deadline, tree.drain, tree.suspend_children);
        let shares_input = tree.root.shares_input();
        let paths = tree.paths();
        let rules = Rules { deadline, drain, suspend_children, shares_input, paths }.with(options)?;
        let helpers = HelperProcesses::begin(options.containment, init)?;
        let exit_status_from = tree.exit_status_from.clone();
        let ended = run(tree.into_supervisor()?, rules, options, helpers)?;
        Ok(ended.end(exit_status_from.as_deref()))
    })
}

/// What holds for the program as a whole.
struct Rules {
    deadline: Duration,
    drain: Duration,
    suspend_children: bool,
    /// Whether a child may change the modes of the terminal that the demo reads.
    shares_input: bool,
    /// The paths of the children that are known to come.
    paths: Vec<String>,
}

impl Rules {
    /// What the command line says overrides them.
    fn with(self, options: &RunOptions) -> Result<Self, NotStarted> {
        Ok(Self { deadline: Deadline::or(options.deadline, self.deadline)?, ..self })
    }
}

/// How a run ended.
struct RunEnd {
    finished: Finished,
    /// Whether all that was asked for is written.
    is_written: bool,
    /// Tells the service manager with which status the demo ends.
    exit_teller: ExitTeller,
}

impl RunEnd {
    /// Tells the service manager with which status the demo ends. Nothing changes it after this.
    fn end(self, exit_status_from: Option<&str>) -> ExitCode {
        let status = match exit_status_from {
            Some(path) => self.finished.status_from(path),
            None => self.finished.status(),
        };
        // Where more than one applies: 4 before 1 before 3.
        let hides_failure =
            self.finished.ending().is_none_or(|ending| matches!(ending, Ending::Clean | Ending::Forced));
        let has_failed = !self.is_written && hides_failure && self.finished.stop_report().is_some();
        let status = if has_failed { Finished::FAILED } else { status };
        self.exit_teller.tell(status);
        ExitCode::from(status)
    }
}

/// The init that process 1 has forked, or why it could not.
type Forked = Option<Result<Init, InitError>>;

/// The processes that run along with the demo.
struct HelperProcesses {
    /// What orphans come to. `None` at level `group` and under a service manager, unless the demo is process 1.
    init: Forked,
    containment: Containment,
}

impl HelperProcesses {
    /// The containment that was asked for. This forks, so that it comes before there is any other thread.
    fn begin(wanted: cli::ContainmentChoice, init: Forked) -> Result<Self, WardenError> {
        // A service manager hears the process that it has started and no other, and adopts orphans itself.
        let is_notified = std::env::var_os("NOTIFY_SOCKET").is_some();
        let wants_init = wanted != cli::ContainmentChoice::Group && !is_notified;
        let init = init.or_else(|| wants_init.then(Init::fork));
        let containment = match wanted {
            cli::ContainmentChoice::Auto => Containment::auto(),
            cli::ContainmentChoice::Tree => {
                Containment::tree(&Warden::fork().or_else(another)?).without_cgroups()
            }
            cli::ContainmentChoice::Group => Containment::group(),
        };
        Ok(Self { init, containment })
    }

    /// Hands all of it to the program.
    fn join(self, program: Application) -> Application {
        let program = program.containment(self.containment);
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
    Rules { deadline, drain, suspend_children: suspends, shares_input, paths }: Rules,
    options: &RunOptions,
    helpers: HelperProcesses,
) -> Result<RunEnd, NotStarted> {
    if let Some(file) = options.timeline.as_deref().filter(|file| options.is_record(file)) {
        return Err(NotStarted::Shared(file.to_owned()));
    }
    let fit = fit(options);
    let view = match (fit, options.view) {
        (Some(_), _) => View::Tui,
        (None, View::None) => View::None,
        (None, View::Auto | View::Tui | View::Lines) => View::Lines,
    };
    // A picture has a restorer of its own. Without one the terminal stays as it is when the demo dies.
    let restorer = (fit.is_none() && shares_input).then(ModesRestorer::start).and_then(Result::ok);
    let screen = StderrView::start(view, &paths)?;
    // A picture shows what a snapshot would.
    let snapshots = fit.is_none().then(|| screen.writer());
    let show = move |snapshot: &TreeSnapshot| {
        if let Some(snapshots) = &snapshots {
            snapshots.text(safe_lines(&snapshot.to_string()));
        }
    };
    let reach = TreeReach::default();
    let seen = reach.clone();
    let (opened, doors) = mpsc::channel();
    // The doors have their places before anything is started, and so before there is a tree.
    let (waiting, awaited) = mpsc::channel::<WaitingDoors>();
    let places = screen.writer();
    let chaos = options.chaos();
    let begins_chaos = (options.chaos.is_some() || fit.is_some()).then(|| chaos.clone());
    let mut application = Application::new(root);
    if child_terminals::are_wanted() {
        application = application.on_signal(Signal::WINCH, |_| child_terminals::fit());
    }
    let level = helpers.containment.name();
    // Nothing is opened, and so truncated, before everything else is known to make sense.
    let mut program = options
        .orchestrator
        .apply(helpers.join(application), drain)
        .deadline(deadline)
        .configure(|tree| tree.event_capacity(EVENTS))
        .notify_systemd(true)
        // With a picture it is the view that suspends, when it has given the terminal back.
        .suspend_children(suspends && fit.is_none())
        .on_snapshot(show)
        .on_launch(move |tree| {
            seen.set(tree);
            if let Some(Err(error)) = begins_chaos.map(|chaos| chaos.begin(tree)) {
                let limit = messages::limit_behind(&error);
                messages::error(format_args!("cannot start a thread for --chaos{limit}: {error}"));
            }
            if let Some((doors, at)) = awaited.try_recv().ok().and_then(|doors| doors.open(tree)) {
                places.text(at);
                // The other end takes it when the tree has stopped.
                let _ = opened.send(doors);
            }
        })
        .prepare()?;
    let exit_teller = exit_teller(&program);
    let run = move || -> Result<_, NotStarted> {
        // From the tree's first event on.
        let events = (0..options.observe.count()).map(|_| program.subscribe()).collect();
        let bound = options.observe.bind(events)?;
        let records = Records::open(screen, options)?;
        let drawing = options.timeline.as_ref().map(|file| Drawing::begin(file, program.subscribe()));
        let drawing = drawing.transpose()?;
        let pump = records.follow(program.subscribe(), level).map_err(RecordError::Thread)?;
        // A picture has modes of its own.
        let modes = if fit.is_some() { ModesAfterwards::Kept } else { ModesAfterwards::GivenBack };
        follow_foreground(program.subscribe(), modes).map_err(RecordError::Thread)?;
        let view = fit
            .map(|fit| OwnView::begin(fit, program.subscribe(), Reaches { suspends, reach, chaos }))
            .transpose()
            .map_err(NotStarted::View)?;
        if let Some(bound) = bound {
            // The other end is in the program that is run now.
            let _ = waiting.send(bound);
        }
        let (finished, guard) = program.run_guarded()?;
        drop(view);
        drop(restorer);
        let is_written = records.conclude(&finished, &pump);
        if let (Ok(doors), Finished::Stopped(_)) = (doors.try_recv(), &finished) {
            doors.finish();
        }
        let drawn = drawing.map_or(Ok(()), Drawing::finish);
        let is_drawn = drawn.inspect_err(|error| messages::error_with_its_causes(error)).is_ok();
        let is_explained = options.orchestrator.conclude(&finished);
        // Nothing is left to be done that a signal could cut short: none ends the demo by another status any more.
        std::mem::forget(guard);
        Ok((finished, is_written && is_drawn && is_explained))
    };
    let (finished, is_written) = run().inspect_err(|error| exit_teller.tell(error.status()))?;
    Ok(RunEnd { finished, is_written, exit_teller })
}

/// What the terminal can show of a picture. `None` where none is wanted or possible.
fn fit(options: &RunOptions) -> Option<Fit> {
    let fit = match options.view {
        View::None | View::Lines => return None,
        // By itself it takes no terminal away from anything else that is written there, or that stands in front.
        View::Auto if options.writes_to_stdout() || !Fit::is_in_front() => return None,
        View::Auto | View::Tui if options.observe.tells_an_address() => {
            Err("the address of --observe-port has to be seen")
        }
        View::Auto | View::Tui => Fit::of_this_terminal(),
    };
    match fit {
        Ok(fit) => Some(fit),
        Err(why) => {
            if options.view == View::Tui {
                messages::note(format_args!("lines in place of a picture: {why}"));
            }
            None
        }
    }
}

fn conclude(options: &RunOptions, run: impl FnOnce() -> Result<ExitCode, NotStarted>) -> ExitCode {
    if let Some(message) = options.shared_message() {
        // Not even this can be written there.
        return not_started(&NotStarted::SharedMessage(message.to_owned()));
    }
    run().unwrap_or_else(|error| {
        let why = messages::with_its_causes(&error);
        options.orchestrator.explain(&format!("error: {why}\n{}", error.picture().unwrap_or_default()));
        not_started(&error)
    })
}

fn not_started(error: &NotStarted) -> ExitCode {
    messages::mistake(messages::with_its_causes(error), error.picture());
    ExitCode::from(error.status())
}

impl NotStarted {
    /// The lines of the tree file in which the mistake stands.
    fn picture(&self) -> Option<&str> {
        match self {
            Self::File(error) => error.picture(),
            Self::Spec(_)
            | Self::Grace(_)
            | Self::TreeFile(_)
            | Self::Record(_)
            | Self::Shared(_)
            | Self::SharedMessage(_)
            | Self::Picture(_)
            | Self::Io(_)
            | Self::View(_)
            | Self::Warden(_)
            | Self::Observe(_)
            | Self::Run(_) => None,
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::File(error) if error.is_of_the_system() => Finished::FAILED,
            error if messages::is_of_the_system(error) => Finished::FAILED,
            Self::File(_)
            | Self::Spec(_)
            | Self::Grace(_)
            | Self::TreeFile(_)
            | Self::Shared(_)
            | Self::SharedMessage(_)
            | Self::Picture(_)
            | Self::Record(RecordError::Open(_)) => messages::BAD_INPUT,
            Self::Observe(error) if error.is_of_the_place() => messages::BAD_INPUT,
            // An address that another program has may be free the next time.
            Self::Run(RunError::Probes { source, .. }) if source.kind() != ErrorKind::AddrInUse => {
                messages::BAD_INPUT
            }
            Self::Record(RecordError::Stderr(_) | RecordError::Thread(_))
            | Self::Io(_)
            | Self::View(_)
            | Self::Warden(_)
            | Self::Observe(_) => Finished::FAILED,
            Self::Run(error) => error.status(),
        }
    }
}
