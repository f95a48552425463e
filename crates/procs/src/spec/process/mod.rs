//! The builder of a process child. What it says of one subject stands in a file of its own.

mod attributes;
mod capabilities;
mod cgroup;
mod descriptors;
mod environment;
mod log_file;
mod success;
mod terminal;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rootward_core::{Exit, Shutdown};

use super::health::HealthCheck;
use super::ready::ReadyCondition;
use super::{Command, Descriptors, Health, Output, Ready, Stdin, Successes};
use crate::Signal;
use crate::pipes::Pipes;
use crate::policy::{Ladder, LifeRules, Readiness, Step};

/// Describes an operating-system process as a child.
///
/// | property | default |
/// | --- | --- |
/// | [`env`](Self::env) | what this program has, but for what a service manager says to this program alone; `PWD` |
/// | [`current_dir`](Self::current_dir) | where this program is |
/// | [`stdin`](Self::stdin) | [`Stdin::Null`] |
/// | [`stdout`](Self::stdout), [`stderr`](Self::stderr) | [`Output::Capture`]: lines become events |
/// | [`stop_signal`](Self::stop_signal), [`stop_command`](Self::stop_command) | [`Signal::TERM`], no command |
/// | [`ready`](Self::ready) | ready when it runs |
/// | [`ready_timeout`](Self::ready_timeout) | 10 seconds |
/// | [`health`](Self::health) | it is healthy as long as it runs |
/// | [`success_code`](Self::success_code), [`success_signal`](Self::success_signal) | exit code 0 |
/// | [`retry_start`](Self::retry_start) | 2 seconds |
/// | [`user`](Self::user), [`limit`](Self::limit), [`nice`](Self::nice) and their like | as this program has it |
/// | [`straggler_grace`](Self::straggler_grace) | the grace of the child's spec, or 5 seconds if that is infinite |
///
/// Nothing is checked here: a supervisor checks the specs of all its children when it is built.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rootward_core::{Restart, Supervisor};
/// use rootward_procs::{Process, Ready, Signal};
///
/// let web = Process::new("python3")
///     .args(["-u", "-m", "http.server", "8000"])
///     .current_dir("/srv")
///     .ready(Ready::line_containing("Serving HTTP"))
///     .stop_signal(Signal::INT)
///     .into_child("web")
///     .restart(Restart::Transient)
///     .shutdown(Duration::from_secs(2));
/// let root = Supervisor::new("root").child(web);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a process does nothing until a supervisor has it as a child"]
pub struct Process {
    pub(super) command: Command,
    pub(super) ladder: Ladder,
    pub(super) empty_ladder: bool,
    /// What is run before the first signal, and how long that may take.
    pub(super) stop_command: Option<(Vec<OsString>, Duration)>,
    pub(super) ready: Option<Ready>,
    pub(super) ready_timeout: Duration,
    pub(super) health: Option<Health>,
    pub(super) successes: Successes,
    straggler_grace: Option<Duration>,
    retry_start: Duration,
}

impl Process {
    /// A process that runs this program.
    ///
    /// A name without `/` is looked for in `PATH`: the process's own if [`env`](Self::env) or an
    /// [`env_file`](Self::env_file) sets one, else this program's. A relative path with `/` counts from the process's
    /// working directory.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            command: Command::new(program),
            ladder: Ladder::single(Signal::TERM),
            empty_ladder: false,
            stop_command: None,
            ready: None,
            ready_timeout: Duration::from_secs(10),
            health: None,
            successes: Successes::default(),
            straggler_grace: None,
            retry_start: Self::RETRY_START,
        }
    }

    /// Adds an argument. No shell is involved.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.command.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Says in which directory the process begins. Its variable `PWD` says so, too, unless [`env`](Self::env) has set
    /// another one or the environment is [cleared](Self::env_clear).
    ///
    /// Relative paths of the process's description count from there: of the program, of an input, of
    /// [`Ready::path`].
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.command.directory = Some(dir.into());
        self
    }

    /// Says what the process reads from.
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.command.stdin = stdin;
        self
    }

    /// Says where the process's standard output goes.
    pub fn stdout(mut self, stdout: Output) -> Self {
        self.command.stdout = stdout;
        self
    }

    /// Says where the process's standard error goes.
    pub fn stderr(mut self, stderr: Output) -> Self {
        self.command.stderr = stderr;
        self
    }

    /// Has standard error go where standard output goes, through the same pipe: what is written to both is read in the
    /// order in which it was written, as after `2>&1`. Its lines are of standard output. [`stderr`](Self::stderr) has
    /// no effect then.
    pub fn stderr_to_stdout(mut self) -> Self {
        self.command.one_output = true;
        self
    }

    /// Has this program's code read and write what is [`Stdin::Piped`] and [`Output::Piped`], as bytes and not as
    /// lines: these hand out the ends of each incarnation.
    ///
    /// What is read too slowly makes the process wait in its own write, as at any pipe, and holds up no stop. A process
    /// that was started by [`spawn`](Self::spawn) has them without this:
    /// [`take_stdin`](crate::Contained::take_stdin) and its like.
    pub fn pipes(mut self, pipes: &Pipes) -> Self {
        self.command.feed = Some(pipes.feed());
        self
    }

    /// Says with which signal the process is asked to stop (systemd's `KillSignal=`).
    ///
    /// SIGKILL follows when the child's grace is over.
    #[doc(alias = "KillSignal")]
    pub fn stop_signal(mut self, signal: Signal) -> Self {
        self.ladder = Ladder::single(signal);
        self.empty_ladder = false;
        self
    }

    /// Says with which signals the process is asked to stop, instead of a single one.
    ///
    /// The sum of the waits becomes the child's grace, after which SIGKILL follows. A
    /// [`shutdown`](rootward_core::ChildSpec::shutdown) that is set on the child afterwards takes its place.
    pub fn ladder(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        let ladder = Ladder::new(&Vec::from_iter(steps));
        self.empty_ladder = ladder.is_none();
        self.ladder = ladder.unwrap_or(self.ladder);
        self
    }

    /// Runs a command first when the process is asked to stop (systemd's `ExecStop=`): `pg_ctl stop`, `nginx -s quit`.
    ///
    /// The process has this time to go, from the beginning of the command. If the command succeeds, the process keeps
    /// what is left of it. The first signal comes when the time is over, or at once if the command fails or cannot be
    /// started. A command that still runs then, or when the process has gone, is killed with all that it has started. A
    /// process that has not got ready is stopped without it, and so is what it left behind.
    ///
    /// The command has the process's surroundings and its user, and the process's id in the variable `MAINPID`. Its
    /// output goes into the event `asked` of the next step if it fails. The time is added to the child's grace, unless
    /// a [`shutdown`](rootward_core::ChildSpec::shutdown) is set on the child.
    #[doc(alias = "ExecStop")]
    pub fn stop_command<A: Into<OsString>>(
        mut self,
        argv: impl IntoIterator<Item = A>,
        within: Duration,
    ) -> Self {
        self.stop_command = Some((argv.into_iter().map(Into::into).collect(), within));
        self
    }

    /// Says when the process counts as started.
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = Some(ready);
        self
    }

    /// Says how long the process may take to get ready (systemd's `TimeoutStartSec=`).
    ///
    /// If it takes longer, its start has failed: it is stopped, killed if need be, and reaped, and then the failure is
    /// reported.
    #[doc(alias = "TimeoutStartSec")]
    pub fn ready_timeout(mut self, timeout: Duration) -> Self {
        self.ready_timeout = timeout;
        self
    }

    /// Says how it is found out while the process runs whether it is healthy. One that is not is stopped, and has ended
    /// abnormally.
    pub fn health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// For how long a start is tried again, unless [`retry_start`](Self::retry_start) says otherwise.
    const RETRY_START: Duration = Duration::from_secs(2);

    /// Says for how long a start is tried again that failed for a reason that may pass. Zero is never. The default is
    /// two seconds.
    ///
    /// Such reasons are: the system has no process, memory or descriptor to spare
    /// ([`LaunchError::Transient`](crate::LaunchError::Transient)), the program's file is being written, or, once this
    /// child has run, the program, its interpreter or its directory is not there or cannot be executed, as while it is
    /// replaced. The first attempt follows after 10 ms, and each after twice the time of the one before, up to half
    /// a second. An event `retrying` tells of each. They cost no restart intensity. A stop ends them at once. When the
    /// time is over, the start has failed with the last error, which counts as a restart if it was one: a supervisor
    /// gives up only if its restarts come within its window, so that this time should be a fraction of the window.
    pub fn retry_start(mut self, within: Duration) -> Self {
        self.retry_start = within;
        self
    }

    /// Says how long what the process leaves behind may take to go, if the process has ended by itself.
    ///
    /// It gets the stop signal, and SIGKILL when this time is over. A process that does not get ready has the same time
    /// to go. When a supervisor stops the child, the child's own grace counts instead.
    pub fn straggler_grace(mut self, grace: Duration) -> Self {
        self.straggler_grace = Some(grace);
        self
    }

    /// A description of one child: sockets and files of a description that was cloned are another child's.
    pub(crate) fn for_one_child(mut self) -> Self {
        self.command.descriptors.listening = Arc::default();
        if let Some(log) = &mut self.command.log {
            log.writer = Arc::default();
        }
        self
    }

    /// The time that all steps of its stop take, if there are several.
    pub(crate) fn stop_time(&self) -> Option<Duration> {
        match &self.stop_command {
            Some((_, within)) => {
                Some(self.ladder.total().unwrap_or(Shutdown::DEFAULT_GRACE).saturating_add(*within))
            }
            None => self.ladder.total(),
        }
    }

    pub(crate) fn command(&self) -> &Command {
        &self.command
    }

    pub(crate) fn command_mut(&mut self) -> &mut Command {
        &mut self.command
    }

    /// An exit of it, as a success if it counts as one.
    pub(crate) fn judge(&self, exit: Exit) -> Exit {
        self.successes.judge(exit)
    }

    pub(crate) fn get_stop_command(&self) -> Option<&[OsString]> {
        self.stop_command.as_ref().map(|(argv, _)| argv.as_slice())
    }

    pub(crate) fn readiness(&self) -> Option<&Ready> {
        self.ready.as_ref()
    }

    pub(crate) fn get_retry_start(&self) -> Duration {
        self.retry_start
    }

    pub(crate) fn get_ready_timeout(&self) -> Duration {
        self.ready_timeout
    }

    /// A path of one of its own keys: a relative one counts from its directory.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.command.resolve(path)
    }

    /// The number of the descriptor by which it says that it is ready, if it does so by one.
    pub(crate) fn ready_descriptor(&self) -> Option<u32> {
        let ReadyCondition::Descriptor(number) = self.ready.as_ref()?.condition else { return None };
        Some(number)
    }

    /// The path that says that it is ready, if one does.
    pub(crate) fn awaited_path(&self) -> Option<PathBuf> {
        Some(self.resolve(self.ready.as_ref()?.path_to_look_at()?))
    }

    /// The path that it has to keep changing, if its health is told by one.
    pub(crate) fn watched_path(&self) -> Option<PathBuf> {
        Some(self.resolve(self.health.as_ref()?.looks_at()?.path_to_look_at()?))
    }

    /// Whether it speaks systemd's notify protocol.
    pub(crate) fn notifies(&self) -> bool {
        self.ready.as_ref().is_some_and(|ready| matches!(ready.condition, ReadyCondition::Notify))
            || self.watchdog().is_some()
    }

    pub(crate) fn get_health(&self) -> Option<&Health> {
        self.health.as_ref()
    }

    /// How often it has to say that it is alive, if it has to.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        match self.health.as_ref()?.how {
            HealthCheck::Watchdog(timeout) => Some(timeout),
            HealthCheck::Look(_) => None,
        }
    }

    /// A command that runs in the same surroundings. What it writes is captured, and it reads nothing.
    pub(crate) fn sibling(&self, argv: &[OsString]) -> Self {
        let (program, args) =
            argv.split_first().map_or((OsString::new(), &[][..]), |(program, args)| (program.clone(), args));
        let mut command = self.command.clone();
        command.program = program;
        command.args = args.to_vec();
        command.stdin = Stdin::Null;
        command.descriptors = Descriptors::default();
        command.log = None;
        (command.stdout, command.stderr) = (Output::Capture, Output::Capture);
        command.one_output = false;
        (command.terminal, command.feed) = (None, None);
        Self {
            command,
            ready: None,
            health: None,
            stop_command: None,
            successes: Successes::default(),
            ..self.clone()
        }
    }

    /// What it is waited for until it counts as started, in words.
    pub(crate) fn awaited(&self) -> String {
        let mut words = self.ready.as_ref().map(Ready::describe).unwrap_or_default();
        if self.ready.as_ref().is_some_and(|ready| matches!(ready.condition, ReadyCondition::Line(_))) {
            let outputs = ["output", "error"].into_iter().zip(self.command.outputs());
            for (name, _) in outputs.filter(|(_, output)| *output != Output::Capture) {
                words.push_str(&format!(" (its standard {name} is not captured)"));
            }
        }
        words
    }

    /// The rules by which it lives, for a child that is stopped in this way.
    pub(crate) fn rules(&self, shutdown: Shutdown) -> LifeRules {
        let grace = match shutdown {
            Shutdown::Kill => Duration::ZERO,
            Shutdown::Grace(grace) => grace,
            Shutdown::Infinity => Shutdown::DEFAULT_GRACE,
        };
        LifeRules {
            ladder: match &self.stop_command {
                Some((_, within)) => self.ladder.clone().behind_command(*within),
                None => self.ladder.clone(),
            },
            readiness: self.ready.as_ref().map(|ready| Readiness {
                within: self.ready_timeout,
                has_check: ready.has_check(),
                looks_last: ready.looks_last(),
            }),
            has_health: self.health.is_some(),
            own_grace: self.straggler_grace.unwrap_or(grace),
        }
    }
}
