//! A program and its surroundings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Attributes, Descriptors, LogFile};

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
    pub(crate) attributes: Attributes,
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
            attributes: Attributes::default(),
            descriptors: Descriptors::default(),
            log: None,
        }
    }

    /// Where standard output and standard error go.
    pub(crate) fn outputs(&self) -> [Output; 2] {
        [self.stdout, if self.one_output { self.stdout } else { self.stderr }]
    }

    /// A path of one of its own keys: a relative one counts from its directory.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.as_deref().unwrap_or(Path::new("")).join(path)
    }
}
