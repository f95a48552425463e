//! A program and its surroundings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cgroup::WrongLimit;
use super::{Attributes, CgroupLimits, Descriptors, LogFile, Terminal};
use crate::pipes::Feed;

/// What a process reads from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stdin {
    /// Nothing: it is at the end from the start.
    #[default]
    Null,
    /// Whatever this program reads from. If that is a terminal, the system stops a process that reads from it, because
    /// it is not in the terminal's foreground.
    Inherit,
    /// A pipe into which nothing is written, and which does not end before this program does: for a program that ends
    /// when its input ends.
    Open,
    /// A pipe that this program's code writes into: see [`Process::pipes`](super::Process::pipes).
    Piped,
    /// This file, opened by this program at each start. A relative path counts from the process's working directory.
    File(PathBuf),
}

/// Where a process writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Output {
    /// Its lines become `output` events.
    #[default]
    Capture,
    /// Wherever this program writes to.
    Inherit,
    /// Nowhere.
    Null,
    /// A pipe that this program's code reads from: see [`Process::pipes`](super::Process::pipes). Its bytes are no
    /// events.
    Piped,
}

/// What is to be executed, and in which surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) clear_env: bool,
    /// What differs from our environment, or from none: a value, or `None` for a variable that is taken away.
    pub(crate) env: BTreeMap<OsString, Option<OsString>>,
    /// Files of variables, in order. Each is read at each start.
    pub(crate) env_files: Vec<PathBuf>,
    /// What was read from them at the start.
    pub(crate) read_env: Vec<(OsString, OsString)>,
    /// Whether `${NAME}` stands for a variable.
    pub(crate) expands: bool,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) stdin: Stdin,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    /// Whether standard error is standard output.
    pub(crate) one_output: bool,
    /// What the first three descriptors are, instead of all that.
    pub(crate) terminal: Option<Terminal>,
    /// Where our ends of its pipes go.
    pub(crate) feed: Option<Arc<Feed>>,
    pub(crate) attributes: Attributes,
    pub(crate) cgroup: CgroupLimits,
    /// A limit of its cgroup that makes no sense.
    pub(crate) wrong_limit: Option<WrongLimit>,
    pub(crate) descriptors: Descriptors,
    /// Where captured outputs are written to as well.
    pub(crate) log: Option<LogFile>,
}

impl Command {
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            clear_env: false,
            env: BTreeMap::new(),
            env_files: Vec::new(),
            read_env: Vec::new(),
            expands: false,
            directory: None,
            stdin: Stdin::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            one_output: false,
            terminal: None,
            feed: None,
            cgroup: CgroupLimits::default(),
            wrong_limit: None,
            attributes: Attributes::default(),
            descriptors: Descriptors::default(),
            log: None,
        }
    }

    /// Where standard output and standard error go.
    pub(crate) fn outputs(&self) -> [Output; 2] {
        [self.stdout, if self.one_output || self.terminal.is_some() { self.stdout } else { self.stderr }]
    }

    /// Whether one of its first three descriptors is a pipe of this program's code.
    pub(crate) fn is_piped(&self) -> bool {
        self.stdin == Stdin::Piped || self.outputs().contains(&Output::Piped)
    }

    /// A path of one of its own keys: a relative one counts from its directory.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.as_deref().unwrap_or(Path::new("")).join(path)
    }
}
