//! What a tree file says, checked: plain data.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rootward::process::{Health, HttpGet, Limit, LogFile, Output, Signal, Socket, Stdin, Step};
use rootward::{AutoShutdown, Backoff, Restart, Shutdown, Strategy};

use super::cgroup::Cgroup;
use crate::tasks::{Sample, SampleTask};

/// A checked tree file.
#[derive(Debug)]
pub(crate) struct TreeFile {
    /// The file it came from.
    pub(crate) file: PathBuf,
    /// The root's id.
    pub(crate) id: String,
    /// By when a stop has to be over.
    pub(crate) deadline: Duration,
    /// How long the tree goes on after a stop has been accepted.
    pub(crate) drain: Duration,
    /// Whether SIGTSTP suspends the processes, too.
    pub(crate) suspend_children: bool,
    /// The path of the process whose failure becomes the program's status.
    pub(crate) exit_status_from: Option<String>,
    /// What stands below the root, and by which rules.
    pub(crate) root: SupervisorPart,
}

/// What a supervisor is, apart from its place in the tree.
#[derive(Debug)]
pub(crate) struct SupervisorPart {
    pub(crate) strategy: Strategy,
    pub(crate) max_restarts: u32,
    pub(crate) within: Duration,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) children: Vec<Child>,
}

impl SupervisorPart {
    /// Whether there is a process at this path below the supervisor.
    pub(crate) fn has_process(&self, path: &str) -> bool {
        let (id, below) = path.split_once('/').map_or((path, None), |(id, below)| (id, Some(below)));
        let child = self.children.iter().find(|child| child.id == id).map(|child| &child.kind);
        match (child, below) {
            (Some(ChildPart::Process(_)), None) => true,
            (Some(ChildPart::Supervisor(part)), Some(below)) => part.has_process(below),
            (Some(ChildPart::Process(_) | ChildPart::Task(_) | ChildPart::Supervisor(_)) | None, _) => false,
        }
    }
}

impl SupervisorPart {
    /// Whether a process below the supervisor has the demo's standard input.
    pub(crate) fn shares_input(&self) -> bool {
        self.children.iter().any(|child| match &child.kind {
            ChildPart::Process(process) => matches!(process.stdin, Stdin::Inherit),
            ChildPart::Supervisor(part) => part.shares_input(),
            ChildPart::Task(_) => false,
        })
    }

    /// The sample tasks that are named below the supervisor, in the order of the file.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        let of_child = |child: &Child| match &child.kind {
            ChildPart::Task(task) => vec![task.sample],
            ChildPart::Supervisor(part) => part.samples(),
            ChildPart::Process(_) => Vec::new(),
        };
        self.children.iter().flat_map(of_child).collect()
    }
}

#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) id: String,
    pub(crate) restart: Restart,
    /// `None` leaves it at the default of the child's kind.
    pub(crate) shutdown: Option<Shutdown>,
    pub(crate) significant: bool,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) kind: ChildPart,
}

#[derive(Debug)]
pub(crate) enum ChildPart {
    Process(Box<ProcessPart>),
    Task(SampleTask),
    Supervisor(SupervisorPart),
}

#[derive(Clone, Debug)]
pub(crate) struct ProcessPart {
    /// The program and its arguments: never empty.
    pub(crate) command: Vec<String>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) clear_env: bool,
    /// Files of variables, in order.
    pub(crate) env_files: Vec<PathBuf>,
    /// Whether `${NAME}` stands for a variable.
    pub(crate) expand: bool,
    pub(crate) stdin: Stdin,
    /// Whether the three are a terminal of its own.
    pub(crate) tty: bool,
    pub(crate) stdout: Output,
    /// `None` is where standard output goes.
    pub(crate) stderr: Option<Output>,
    pub(crate) attributes: Attributes,
    pub(crate) cgroup: Cgroup,
    /// Where the demo listens for it.
    pub(crate) listen: Vec<Socket>,
    /// What it is passed of what the demo was started with.
    pub(crate) descriptors: Vec<PassedDescriptor>,
    /// Where its output is written to.
    pub(crate) log_file: Option<LogFile>,
    /// For how long a start is tried again, if the file says so.
    pub(crate) retry_start: Option<Duration>,
    /// How long what it leaves behind may take to go, if the file says so.
    pub(crate) straggler_grace: Option<Duration>,
    /// What counts as a success beside exit code 0.
    pub(crate) successes: Vec<Success>,
    /// What is run before the first signal, and how long that may take.
    pub(crate) stop_command: Option<(Vec<String>, Duration)>,
    pub(crate) stop: Stop,
    pub(crate) ready: Option<Ready>,
    pub(crate) health: Option<Health>,
}

/// A descriptor that the demo was started with, and the number that it has in a process.
#[derive(Clone, Debug)]
pub(crate) struct PassedDescriptor {
    pub(crate) from: Arc<OwnedFd>,
    pub(crate) to: u32,
}

/// An end of a process that counts as a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    Code(i32),
    Signal(Signal),
}

/// As whom a process runs, and within which limits. What is not said is as the demo has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) groups: Option<Vec<String>>,
    /// Soft and hard.
    pub(crate) limits: Vec<(Limit, [u64; 2])>,
    pub(crate) umask: Option<u32>,
    pub(crate) nice: Option<i32>,
    pub(crate) cpus: Option<Vec<usize>>,
    pub(crate) oom_score: Option<i32>,
    pub(crate) session: bool,
    pub(crate) no_new_privs: bool,
    pub(crate) capabilities: Option<Vec<String>>,
}

/// How a process is asked to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// With one signal, and then the whole grace.
    Signal(Signal),
    /// With one signal after the other.
    Ladder(Vec<Step>),
}

/// When a process counts as started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) when: ReadyWhen,
    /// Whether a listener of any process will do.
    pub(crate) any_owner: bool,
    pub(crate) timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadyWhen {
    /// It has written a line that matches this regular expression.
    Line(String),
    /// A server listens at this address.
    Tcp(String),
    /// A server listens at this socket.
    Unix(PathBuf),
    /// A server answers this request.
    Http(HttpGet),
    /// This file has come into being.
    Path(PathBuf),
    /// This command succeeds.
    Command(Vec<String>),
    /// It says so through systemd's notify protocol.
    Notify,
    /// It has ended with success.
    Completion,
    /// It writes a newline to the descriptor with this number.
    Descriptor(u32),
}
