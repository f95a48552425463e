//! Why a program could not be started.

use std::io;
use std::path::{Path, PathBuf};

use super::attributes::asked;
use super::cause;
use super::identity::NotFound;
use super::image::NulByteIn;
use super::interpreter::ExecChain;
use crate::listen_sockets::ListenAddress;
use crate::policy;
use crate::shortage::{Whose, and_limit, limit_behind};
use crate::spec::{CgroupLimits, Command};
use crate::sys::{SpawnFailure, SpawnStage, is_transient, named_if_refused};

/// Says why a program could not be started.
///
/// Nothing is left of the attempt. It reaches the supervisor inside a [`StartError`](rootward_core::StartError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// There is no such program: not at this path, or in no directory of `PATH`.
    #[error("the program `{}` was not found", program.display())]
    ProgramNotFound {
        /// The program as it was given.
        program: PathBuf,
    },
    /// The program is there, and what it needs to be executed is not: the interpreter of a script's first line, or the
    /// loader of a binary.
    #[error("the {} of `{}` was not found{}", named(interpreter.as_deref()), program.display(), about(interpreter.as_deref(), behind.as_deref()))]
    InterpreterNotFound {
        /// The program as it was given.
        program: PathBuf,
        /// What the script's first line names, or the loader that the binary names. `None` if it was there when it was
        /// looked for.
        interpreter: Option<PathBuf>,
        /// The interpreter of the program that names it, if it is not the program itself.
        behind: Option<PathBuf>,
    },
    /// The file is there, and may not or cannot be executed.
    #[error("`{}` is not executable{}", program.display(), because(reason.as_deref()))]
    NotExecutable {
        /// The program as it was given.
        program: PathBuf,
        /// What is wrong with the file, if that was found, in words: "it is a directory".
        reason: Option<String>,
        /// What the system said.
        source: io::Error,
    },
    /// The arguments and the environment are longer than the system takes.
    #[error("the arguments and the environment of `{}` are too long: {what}", program.display())]
    TooLong {
        /// The program as it was given.
        program: PathBuf,
        /// Which of them is the longest and how long it is, in words.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The working directory cannot be entered.
    #[error("the working directory `{}` cannot be entered", dir.display())]
    WorkingDirectory {
        /// The directory as it was given.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program cannot inherit what this program has now, because the warden may not give it that: it has fewer
    /// rights than this program. Nothing runs with more than it is to have.
    #[error("`{}` cannot be given the {what} of this program", program.display())]
    Inherit {
        /// The program as it was given.
        program: PathBuf,
        /// What it is: `resource limits`, `nice value`, `user and groups` or `capabilities`.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not permit this program to start one as its description wants it.
    #[error("`{}` cannot be given {what}", program.display())]
    NotPermitted {
        /// The program as it was given.
        program: PathBuf,
        /// What it was to have, in words: "the user `www-data`", "the limits open_files = 4096".
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A limit that its cgroup is to have cannot be set.
    #[error("`{}` cannot be limited to its {limit}: {reason}", program.display())]
    NoCgroup {
        /// The program as it was given.
        program: PathBuf,
        /// Which one: `memory_high`, `memory_max`, `pids_max`, `cpu_max` or `cpu_weight`.
        limit: &'static str,
        /// What is missing, in words: "the controller `memory` is not passed on to this program's cgroup".
        reason: String,
        /// What the system said, if it was asked.
        source: Option<io::Error>,
    },
    /// The program's user, its group or one of its supplementary groups is unknown, or cannot be looked up.
    #[error("`{}` cannot be started: {problem}", program.display())]
    UnknownUser {
        /// The program as it was given.
        program: PathBuf,
        /// Which one and why, in words: "there is no user `web`".
        problem: String,
    },
    /// A file of environment variables cannot be read, or is not in dotenv syntax.
    #[error("the environment file `{}` of `{}` cannot be read", file.display(), program.display())]
    EnvFile {
        /// The program as it was given.
        program: PathBuf,
        /// The file, as a path that counts from this program's directory.
        file: PathBuf,
        /// What the system said, or which line is wrong and why. It shows no value of the file.
        source: io::Error,
    },
    /// The process's log file cannot be opened.
    #[error("the log file `{}` of `{}` cannot be opened", file.display(), program.display())]
    LogFile {
        /// The program as it was given.
        program: PathBuf,
        /// The file, as a path that counts from this program's directory.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This program cannot listen at one of the process's sockets.
    #[error("cannot listen at {place} for `{}`", program.display())]
    Socket {
        /// The program as it was given.
        program: PathBuf,
        /// The address or the path.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// A text of the description names a variable that is not set.
    #[error("{place} of `{}` names the variable `{variable}`, which is not set", program.display())]
    UnknownVariable {
        /// The program as it was given.
        program: PathBuf,
        /// Where the variable stands, in words: "argument 2".
        place: String,
        /// The variable's name.
        variable: String,
    },
    /// The file that is to be the program's standard input cannot be opened.
    #[error("the standard input `{}` of `{}` cannot be opened", file.display(), program.display())]
    Input {
        /// The program as it was given.
        program: PathBuf,
        /// The file, as a path that counts from this program's directory.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system lacks something that it may have again later: processes, memory, descriptors, or the program's file
    /// is being written.
    #[error("`{}` cannot be started now{}{}", program.display(), without(thing.as_deref()), and_limit(limit.as_deref()))]
    Transient {
        /// The program as it was given.
        program: PathBuf,
        /// What could not be had for it, in words: "the log file `/var/log/web.log` cannot be opened". `None` for the
        /// program itself.
        thing: Option<String>,
        /// Which limit it is and whose, if that is known, in words.
        limit: Option<String>,
        /// What the system said.
        source: io::Error,
    },
    /// The warden that starts programs is gone. See [`Warden::died`](crate::Warden::died).
    #[error("`{}` cannot be started because the warden is gone", program.display())]
    NoWarden {
        /// The program as it was given.
        program: PathBuf,
    },
    /// Its containment would be weaker than usual, and the tree
    /// [refuses](rootward_core::TreeBuilder::refuse_degraded) that.
    #[error("`{}` is not started, because the tree refuses what is weaker than usual: {reason}", program.display())]
    Degraded {
        /// The program as it was given.
        program: PathBuf,
        /// What is weaker and why, in words.
        reason: String,
    },
    /// A text that is handed to the system holds a NUL byte, which no such text can.
    #[error("the {part} of `{}` holds a NUL byte", program.display())]
    NulByte {
        /// The program as it was given.
        program: PathBuf,
        /// Which text it is: `program`, `arguments`, `environment` or `working directory`.
        part: &'static str,
    },
    /// The system refused for another reason.
    #[error("`{}` cannot be started", program.display())]
    Io {
        /// The program as it was given.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<NulByteIn> for LaunchError {
    fn from(NulByteIn { program, part }: NulByteIn) -> Self {
        Self::NulByte { program, part }
    }
}

impl LaunchError {
    /// Something the program needs could not be had.
    pub(crate) fn new(command: &Command, source: io::Error) -> Self {
        Self::of(command, source, Whose::Ours)
    }

    fn of(command: &Command, source: io::Error, whose: Whose) -> Self {
        let program = PathBuf::from(&command.program);
        if is_transient(&source) {
            return Self::Transient { program, thing: None, limit: limit_behind(&source, whose), source };
        }
        Self::Io { program, source }
    }

    /// Something that it needs beside the program could not be had. `lasting` says what that means if it does not pass.
    fn of_thing(
        command: &Command,
        what: String,
        source: io::Error,
        lasting: impl FnOnce(PathBuf, io::Error) -> Self,
    ) -> Self {
        let program = PathBuf::from(&command.program);
        if is_transient(&source) {
            let limit = limit_behind(&source, Whose::Ours);
            return Self::Transient { program, thing: Some(what), limit, source };
        }
        lasting(program, source)
    }

    /// Its input could not be opened.
    pub(super) fn input(command: &Command, file: PathBuf, source: io::Error) -> Self {
        let what = format!("the standard input `{}` cannot be opened", file.display());
        Self::of_thing(command, what, source, |program, source| Self::Input { program, file, source })
    }

    /// A file of variables could not be read.
    pub(super) fn env_file(command: &Command, file: PathBuf, source: io::Error) -> Self {
        let what = format!("the environment file `{}` cannot be read", file.display());
        Self::of_thing(command, what, source, |program, source| Self::EnvFile { program, file, source })
    }

    pub(super) fn log_file(command: &Command, file: PathBuf, source: io::Error) -> Self {
        let what = format!("the log file `{}` cannot be opened", file.display());
        Self::of_thing(command, what, source, |program, source| Self::LogFile { program, file, source })
    }

    pub(super) fn socket(command: &Command, place: &ListenAddress, source: io::Error) -> Self {
        let place = match place {
            ListenAddress::Tcp(address) => address.clone(),
            ListenAddress::Udp(address) => format!("{address} (UDP)"),
            ListenAddress::Unix(path) => path.display().to_string(),
            ListenAddress::Given(name) => format!("the service manager's socket `{name}`"),
        };
        let what = format!("it cannot be listened at {place}");
        Self::of_thing(command, what, source, |program, source| Self::Socket { program, place, source })
    }

    /// What it says about another attempt.
    pub(crate) fn for_retry(&self) -> policy::FailureClass {
        match self {
            Self::Transient { .. } => policy::FailureClass::Passing,
            Self::ProgramNotFound { .. }
            | Self::InterpreterNotFound { .. }
            | Self::NotExecutable { .. }
            | Self::WorkingDirectory { .. } => policy::FailureClass::NotThere,
            Self::Inherit { .. }
            | Self::NotPermitted { .. }
            | Self::NoCgroup { .. }
            | Self::UnknownUser { .. }
            | Self::TooLong { .. }
            | Self::EnvFile { .. }
            | Self::UnknownVariable { .. }
            | Self::Socket { .. }
            | Self::LogFile { .. }
            | Self::Input { .. }
            | Self::NoWarden { .. }
            | Self::Degraded { .. }
            | Self::NulByte { .. }
            | Self::Io { .. } => policy::FailureClass::Lasting,
        }
    }

    /// It is to have a cgroup with limits, and is started at this level, which has none.
    pub(super) fn no_cgroup(command: &Command, level: &'static str) -> Self {
        let (limit, _) = CgroupLimits::name_of(command.cgroup.first());
        let reason = format!("that takes the level `tree+cgroup`, and this one is `{level}`");
        Self::NoCgroup { program: PathBuf::from(&command.program), limit, reason, source: None }
    }

    /// A limit of its cgroup could not be set.
    fn limit(program: PathBuf, number: usize, source: io::Error) -> Self {
        let (limit, controller) = CgroupLimits::name_of(number);
        let reason = match source.raw_os_error() {
            Some(libc::ENODEV) => "its cgroup is gone".to_owned(),
            Some(libc::ENOENT) => {
                format!("the controller `{controller}` is not passed on to this program's cgroup")
            }
            _ => "the system refuses it".to_owned(),
        };
        Self::NoCgroup { program, limit, reason, source: Some(source) }
    }

    /// As whom it is to run is unknown.
    pub(super) fn not_found(command: &Command, problem: NotFound) -> Self {
        Self::UnknownUser { program: PathBuf::from(&command.program), problem: problem.to_string() }
    }

    pub(super) fn no_warden(command: &Command) -> Self {
        Self::NoWarden { program: PathBuf::from(&command.program) }
    }

    pub(crate) fn degraded(command: &Command, reason: &str) -> Self {
        Self::Degraded { program: PathBuf::from(&command.program), reason: reason.to_owned() }
    }

    /// The launcher has not answered, which only a bug can bring about.
    pub(crate) fn lost(command: &Command) -> Self {
        Self::new(command, io::Error::other("the launcher failed"))
    }

    /// The child said how far it came.
    pub(super) fn from_failure(
        command: &Command,
        failure: SpawnFailure,
        whose: Whose,
        found: Option<PathBuf>,
    ) -> Self {
        let program = PathBuf::from(&command.program);
        let SpawnFailure { stage, error: source } = failure;
        if let Some(what) = asked(&command.attributes, stage) {
            return Self::NotPermitted { program, what, source };
        }
        if let Some(number) = stage.cgroup_limit() {
            return Self::limit(program, number, source);
        }
        let directory = command.directory.as_deref().unwrap_or(Path::new(""));
        let chain = || found.as_ref().map(|found| ExecChain::of(found, directory));
        match (stage, source.raw_os_error(), &command.directory) {
            (SpawnStage::Directory, _, Some(dir)) => Self::WorkingDirectory { dir: dir.clone(), source },
            (SpawnStage::Exec, Some(libc::ENOENT), _) if found.is_some() => {
                let chain = chain();
                let missing = chain.as_ref().and_then(ExecChain::missing);
                let interpreter = missing.map(|(missing, _)| missing.name.clone());
                let behind = missing.and_then(|(_, behind)| Some(behind?.name.clone()));
                Self::InterpreterNotFound { program, interpreter, behind }
            }
            (SpawnStage::Exec, Some(libc::ENOENT | libc::ENOTDIR), _) => Self::ProgramNotFound { program },
            (SpawnStage::Exec, Some(libc::E2BIG), _) => {
                Self::TooLong { program, what: cause::too_long(command), source }
            }
            (
                SpawnStage::Exec,
                Some(errno @ (libc::EACCES | libc::EPERM | libc::ENOEXEC | libc::ELOOP | libc::ENAMETOOLONG)),
                _,
            ) => {
                let reason = chain().and_then(|chain| cause::reason(&chain, errno));
                Self::NotExecutable { program, reason, source }
            }
            (SpawnStage::Limits, _, _) => Self::Inherit { program, what: "resource limits", source },
            (SpawnStage::Nice, _, _) => Self::Inherit { program, what: "nice value", source },
            (SpawnStage::Identity, _, _) => Self::Inherit { program, what: "user and groups", source },
            (SpawnStage::Cpus, _, _) => Self::Inherit { program, what: "processors", source },
            (SpawnStage::OomScore, _, _) => Self::Inherit { program, what: "OOM score", source },
            (SpawnStage::Capabilities, _, _) => Self::Inherit { program, what: "capabilities", source },
            (
                SpawnStage::Clone
                | SpawnStage::SetUp
                | SpawnStage::Directory
                | SpawnStage::Exec
                | SpawnStage::MemoryHigh
                | SpawnStage::MemoryMax
                | SpawnStage::PidsMax
                | SpawnStage::CpuMax
                | SpawnStage::CpuWeight
                | SpawnStage::Descriptors
                | SpawnStage::Group
                | SpawnStage::DeathSignal
                | SpawnStage::Terminal,
                _,
                _,
            ) => {
                let source = match stage.call() {
                    Some(call) => named_if_refused(call, source),
                    None => source,
                };
                Self::of(command, source, whose)
            }
        }
    }
}

fn named(interpreter: Option<&Path>) -> String {
    interpreter.map_or_else(|| "interpreter or loader".to_owned(), |it| format!("interpreter {it:?}"))
}

fn about(interpreter: Option<&Path>, behind: Option<&Path>) -> String {
    interpreter.map_or_else(String::new, |it| cause::about_interpreter(it, behind))
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(", {reason}"))
}

/// What follows "cannot be started now".
fn without(thing: Option<&str>) -> String {
    thing.map_or_else(String::new, |thing| format!(": {thing}"))
}
