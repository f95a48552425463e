//! How a program around one tree is described.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use rootward_core::{OnDeadline, SpecError, StopReport, Supervisor, Tree, TreeBuilder};
#[cfg(all(feature = "procs", target_os = "linux"))]
use rootward_procs::{Containment, Init, InitError};
use rootward_signals::{Signal, Signals, SignalsGuard};

use tokio::runtime::Builder;

use super::exit_rules::ExitRules;
use super::failure_text::failure_text;
use super::observing::Observing;
use super::prepared::{OnLaunch, OnReport};
use super::probes_setup::ProbesSetup;
use super::process_containment::ProcessContainment;
use super::service_manager::{ManagerLink, ReloadTeller};
use super::stderr::write_to_stderr;
use super::{Finished, Prepared, RunError};

type TreeChange = Box<dyn FnOnce(TreeBuilder) -> TreeBuilder + Send>;

/// Describes a program around one tree.
///
/// | property | default |
/// | --- | --- |
/// | [`deadline`](Self::deadline) | 25 s, below the 30 s that Kubernetes grants |
/// | [`on_deadline`](Self::on_deadline) | [`OnDeadline::Report`]: the program leaves with status 4 |
/// | [`stop_when_idle`](Self::stop_when_idle) | `true`: the program ends when nothing is left that runs or could be restarted |
/// | [`on_snapshot`](Self::on_snapshot) | SIGUSR1 writes the snapshot to standard error |
/// | `containment` | the strongest that is possible: with a warden that is forked, is the program itself, or is found as a program |
/// | `adopt_orphans` | `false`; as process 1 orphans come to it, and are reaped by an init above it |
/// | [`hangup`](Self::hangup) | SIGHUP stops |
/// | [`stop_signals`](Self::stop_signals) | SIGQUIT, and as process 1 SIGRTMIN+3 and SIGPWR, show the snapshot and stop |
/// | [`heed_ignored`](Self::heed_ignored) | `false`: SIGHUP, SIGINT and SIGQUIT stay ignored if the program was started so |
/// | [`suspend_children`](Self::suspend_children) | `false`: SIGTSTP suspends the program alone |
/// | [`die_by_signal`](Self::die_by_signal) | `false`: the program ends with a status |
/// | [`exit_status_from`](Self::exit_status_from) | no child |
/// | [`drain_delay`](Self::drain_delay) | none |
/// | [`termination_message`](Self::termination_message) | in no file |
/// | [`on_report`](Self::on_report) | [`run`](Self::run) tells on standard error what was not clean |
/// | [`task_runtime`](Self::task_runtime) | a multi-threaded one; the caller's in [`run_async`](Self::run_async) |
/// | [`refuse_degraded`](Self::refuse_degraded) | `false`: a fall-back is said, and the program starts |
///
/// # What it does
///
/// It builds three runtimes. Supervisors and process actors live on the small control runtime; task children live on
/// another one, so that a task which never yields cannot stop the supervisors; and the wait for the end has the thread
/// that runs the application to itself, and the signals another one, so that a third signal leads out whatever else is
/// blocked.
///
/// It makes the places of panics known ([`capture_panics`](crate::report::capture_panics)), listens for signals before
/// anything is started, and starts the tree. It [logs](TreeBuilder::log) with `tracing` if the program has set a
/// subscriber before, and waits at the end for its log, up to a second and as long as that gets on. When the tree has
/// stopped, or a third signal says so, it shuts the runtimes down and returns the exit status. It never calls `exit`.
///
/// | status | meaning |
/// | --- | --- |
/// | 0 | everything is gone and nothing had to be forced |
/// | 1 | the tree failed: its start failed, the root gave up, a job whose end stops the tree failed, or a task or an actor failed while it stopped; or the system refused a runtime or a signal. With [`exit_status_from`](Self::exit_status_from) the code of that process, or 128 + its signal |
/// | 2 | the description of the tree makes no sense; nothing was started |
/// | 3 | everything is gone, and something had to be forced |
/// | 4 | something could not be brought down before the deadline |
/// | 128 + n | a third signal, number n, said to leave at once |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rootward::{Application, ChildSpec, Restart, Supervisor};
///
/// fn main() -> std::process::ExitCode {
///     let job = ChildSpec::task("job", |_| async { println!("done") }).restart(Restart::Temporary);
///     Application::new(Supervisor::new("root").child(job))
///         .deadline(Duration::from_secs(10))
///         .on_report(|report| println!("gone after {:?}", report.elapsed))
///         .run()
/// }
/// ```
#[must_use = "an application does nothing until it is run"]
pub struct Application {
    root: Supervisor,
    changes: Vec<TreeChange>,
    pub(super) signals: Signals,
    pub(super) stop_signals: Option<Vec<Signal>>,
    pub(super) exit_rules: ExitRules,
    on_launch: Option<OnLaunch>,
    on_report: Option<OnReport>,
    task_runtime: Option<Builder>,
    pub(super) probing: ProbesSetup,
    pub(super) observing: Observing,
    pub(super) notify_systemd: bool,
    pub(super) reload_teller: ReloadTeller,
    #[cfg(all(feature = "procs", target_os = "linux"))]
    containment: Option<Containment>,
    #[cfg(all(feature = "procs", target_os = "linux"))]
    init: Option<Result<Init, InitError>>,
    #[cfg(all(feature = "procs", target_os = "linux"))]
    adopt_orphans: bool,
}

impl Application {
    /// A program around a tree with this root.
    pub fn new(root: Supervisor) -> Self {
        Self {
            root,
            changes: vec![Box::new(usual)],
            signals: Signals::new()
                .on_snapshot(|snapshot| write_to_stderr(&snapshot.to_string()))
                .reapable_children(true),
            stop_signals: None,
            exit_rules: ExitRules::default(),
            on_launch: None,
            on_report: None,
            task_runtime: None,
            probing: ProbesSetup::default(),
            observing: Observing::default(),
            notify_systemd: false,
            reload_teller: ReloadTeller::default(),
            #[cfg(all(feature = "procs", target_os = "linux"))]
            containment: None,
            #[cfg(all(feature = "procs", target_os = "linux"))]
            init: None,
            #[cfg(all(feature = "procs", target_os = "linux"))]
            adopt_orphans: false,
        }
    }

    /// Says by when a stop must be over, counted from its beginning. `None` means never.
    ///
    /// See [`TreeBuilder::deadline`].
    pub fn deadline(self, deadline: impl Into<Option<Duration>>) -> Self {
        let deadline = deadline.into();
        self.configure(move |tree| tree.deadline(deadline))
    }

    /// Says how far process children are followed.
    ///
    /// By default as far as is possible when the application is [prepared](Self::prepare):
    /// [`Containment::auto`]. That is best done at the very start of `main`, while there are no other threads.
    ///
    /// The warden ends everything when this program dies. What is to be ended when the warden is killed as well asks
    /// for [`adopt_orphans`](Self::adopt_orphans).
    #[cfg(all(feature = "procs", target_os = "linux"))]
    pub fn containment(mut self, containment: Containment) -> Self {
        self.containment = Some(containment);
        self
    }

    /// Says whether orphans among the program's descendants are adopted, and reaped when they end, wherever they have
    /// been started. By default they go where the system sends them, unless the program is process 1, to which they
    /// come in any case.
    ///
    /// It takes an [init](Init) above the program, which is forked when the application is [prepared](Self::prepare):
    /// the program goes on under another process id. What it starts by itself stays its own to wait for. If there are
    /// other threads already, there is no init, and the first event of the tree and a warning say so.
    ///
    /// With it, what is left is also ended if the warden is killed together with the parents of its programs.
    #[cfg(all(feature = "procs", target_os = "linux"))]
    pub fn adopt_orphans(mut self, adopt: bool) -> Self {
        self.adopt_orphans = adopt;
        self
    }

    /// Says what [`Init::fork`] has answered, for a program that forks the init, and perhaps a warden after it, before
    /// it is able to describe its tree.
    ///
    /// If it has failed, the first event of the tree and a warning say why, and it is not tried again.
    #[cfg(all(feature = "procs", target_os = "linux"))]
    pub fn init(mut self, init: Result<Init, InitError>) -> Self {
        self.init = Some(init);
        self
    }

    /// Says what the stop does at its deadline about children that cannot be brought down: the program leaves with
    /// status 4, or waits for them.
    ///
    /// See [`TreeBuilder::on_deadline`].
    pub fn on_deadline(self, policy: OnDeadline) -> Self {
        self.configure(move |tree| tree.on_deadline(policy))
    }

    /// Says whether the program ends when nothing is left that runs or could be restarted.
    pub fn stop_when_idle(self, stop: bool) -> Self {
        self.configure(move |tree| tree.stop_when_idle(stop))
    }

    /// Changes the [`TreeBuilder`] before the tree is launched, for what has no setter here. The task runtime
    /// is the application's own and set after this.
    pub fn configure(mut self, change: impl FnOnce(TreeBuilder) -> TreeBuilder + Send + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Says whether the program ends by the signal that has stopped its tree. The default is `false`: it ends with a
    /// status.
    ///
    /// A shell that runs programs in a loop stops the loop only if one of them has been ended by SIGINT. The program
    /// ends by the signal after everything is gone and reported, and only then: status 1, status 4 and what a third
    /// signal leads to stay as they are. As process 1 it ends with 128 + n, since no signal ends that from inside.
    ///
    /// It is [`run`](Self::run) and [`run_async`](Self::run_async) that do it. [`Finished::signal`] has the signal for
    /// a program that is [prepared](Self::prepare) and run by hand.
    pub fn die_by_signal(mut self, die: bool) -> Self {
        self.exit_rules.die_by_signal = die;
        self
    }

    /// Says of which process the program hands on the failure, if that has brought the tree down: the program's status
    /// is the process's exit code then, or 128 + the signal that has ended it.
    ///
    /// The path is that of a child, such as `root/app`. It is [`run`](Self::run) and [`run_async`](Self::run_async)
    /// that do it; [`Finished::status_from`] is for a program that is [prepared](Self::prepare) and run by hand.
    pub fn exit_status_from(mut self, path: impl Into<String>) -> Self {
        self.exit_rules.exit_status_from = Some(path.into());
        self
    }

    /// Says in which file the program explains its end, as [`Finished::write_termination_message`] does: for
    /// Kubernetes `/dev/termination-log`. By default in none.
    ///
    /// It is [`run`](Self::run) and [`run_async`](Self::run_async) that do it, also if the program could not begin. If
    /// the file cannot be written they say so on standard error, and a status of 0 or 3 is 1.
    pub fn termination_message(mut self, file: impl Into<PathBuf>) -> Self {
        self.exit_rules.termination_message = Some(file.into());
        self
    }

    /// Has a function called with the tree's handle as soon as there is one, on a blocking thread of the task
    /// runtime. The tree is still starting then.
    ///
    /// A `tokio::spawn` in the function ends up on the task runtime. The application ends no earlier than the
    /// function, unless a third signal says to leave. If it panics, the tree is stopped, and the panic goes on when
    /// everything is gone.
    pub fn on_launch(mut self, hook: impl FnOnce(&Tree) + Send + 'static) -> Self {
        self.on_launch = Some(Box::new(hook));
        self
    }

    /// Says what becomes of the stop report, in place of the account on standard error. It is called on the thread
    /// that runs the application, after the end. Signals are still caught then, so that a second one that belongs to
    /// the request that has stopped the tree does not end the program before the report is written; handlers are not
    /// called any more, and the third request ends the program. The hook is not called if a third signal says to leave:
    /// [`Finished::stop_report`](super::Finished::stop_report) has what was known then.
    pub fn on_report(mut self, hook: impl FnOnce(&StopReport) + Send + 'static) -> Self {
        self.on_report = Some(Box::new(hook));
        self
    }

    /// Has the runtime of the tree's tasks built by this builder, with all of tokio's drivers: for a number of threads,
    /// their names and stack sizes, or one thread. The default is a multi-threaded runtime; in
    /// [`run_async`](Self::run_async) it is the caller's.
    pub fn task_runtime(mut self, builder: Builder) -> Self {
        self.task_runtime = Some(builder);
        self
    }

    /// Says whether the program refuses to start where something weaker than usual would be in force: containment
    /// without a warden, or orphans that are not adopted although that was asked for. Then it ends with status 1 and
    /// says why. By default it starts, and the first event of the tree and a warning say so.
    pub fn refuse_degraded(self, refuse: bool) -> Self {
        self.configure(move |tree| tree.refuse_degraded(refuse))
    }

    /// Checks the description of the tree, and stops there: what comes back can be subscribed to before it is
    /// run.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if anything in the description of the tree makes no sense. Nothing has been started
    /// then, and nothing forked.
    pub fn prepare(self) -> Result<Prepared, SpecError> {
        let tree = self.root.into_tree()?;
        let containment = ProcessContainment::new(
            #[cfg(all(feature = "procs", target_os = "linux"))]
            self.containment,
            #[cfg(all(feature = "procs", target_os = "linux"))]
            self.init,
            #[cfg(all(feature = "procs", target_os = "linux"))]
            self.adopt_orphans,
        );
        let stop_signals =
            self.stop_signals.unwrap_or_else(|| usual_stop_signals(containment.is_of_process_1()));
        let manager = ManagerLink::new(self.notify_systemd, self.reload_teller, &self.exit_rules.exit_teller);
        let tree = manager.apply(containment.apply(tree));
        let tree = self.changes.into_iter().fold(tree, |tree, change| change(tree));
        Ok(Prepared {
            tree,
            signals: self.signals.stop_signals(stop_signals),
            on_launch: self.on_launch,
            on_report: self.on_report,
            task_runtime: self.task_runtime,
            containment,
            manager,
            exit_teller: self.exit_rules.exit_teller,
            probing: self.probing,
            observing: self.observing,
        })
    }

    /// Runs the program to its end, and says with which status `main` should return. Errors are told on
    /// standard error, for which it waits a tenth of a second if nothing reads there.
    ///
    /// # Panics
    ///
    /// If it is called from within a tokio runtime, as in `#[tokio::main]`: it brings its own. There
    /// [`run_async`](Self::run_async) does the same.
    pub fn run(self) -> ExitCode {
        let exit_rules = self.exit_rules.clone();
        match self.prepare_and_tell() {
            Ok(prepared) => told(prepared.run_guarded(), &exit_rules),
            Err(status) => status,
        }
    }

    /// Runs the program as [`run`](Self::run) does, inside a runtime that is there already, as in `#[tokio::main]`.
    /// [`Prepared::run_async`] says what is different.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background, in order.
    ///
    /// # Examples
    ///
    /// ```
    /// use rootward::{Application, ChildSpec, Supervisor};
    ///
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     let hello = ChildSpec::task("hello", |_| async { println!("hello") });
    ///     Application::new(Supervisor::new("root").child(hello)).run_async().await
    /// }
    /// ```
    pub async fn run_async(self) -> ExitCode {
        let exit_rules = self.exit_rules.clone();
        match self.prepare_and_tell() {
            Ok(prepared) => told(prepared.run_guarded_async().await, &exit_rules),
            Err(status) => status,
        }
    }

    fn prepare_and_tell(mut self) -> Result<Prepared, ExitCode> {
        self.on_report.get_or_insert_with(|| Box::new(|report| write_to_stderr(&failure_text(report))));
        let exit_rules = self.exit_rules.clone();
        self.prepare().map_err(|wrong| {
            exit_rules.explain(&format!("the tree's description makes no sense: {wrong}"));
            ExitCode::from(Finished::BAD_DESCRIPTION)
        })
    }

    pub(super) fn change_signals(mut self, change: impl FnOnce(Signals) -> Signals) -> Self {
        self.signals = change(self.signals);
        self
    }
}

/// The exit status of a program. An error is told.
fn told(finished: Result<(Finished, SignalsGuard), RunError>, exit_rules: &ExitRules) -> ExitCode {
    match finished {
        // Its signals are given back when all is told.
        Ok((finished, _guard)) => exit_rules.say(&finished),
        Err(error) => {
            exit_rules.explain(&error.to_string());
            exit_rules.end_with(error.status())
        }
    }
}

/// What stops a whole program beside the signals that stop any, unless it says otherwise.
fn usual_stop_signals(is_process_1: bool) -> Vec<Signal> {
    // Nothing but the manager of a container or of a system sends the others, and only to process 1.
    let names: &[&str] = if is_process_1 { &["QUIT", "RTMIN+3", "PWR"] } else { &["QUIT"] };
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// What a whole program wants of its tree, unless it says otherwise.
fn usual(tree: TreeBuilder) -> TreeBuilder {
    tree.stop_when_idle(true).log(true)
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("root", &self.root)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}
