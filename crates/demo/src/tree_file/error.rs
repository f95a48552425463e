//! What can be wrong with a tree file, and how it is said.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::picture;
use crate::messages::{self, limit_behind};

/// Says what is wrong with a tree file, and where: `web.toml:12: root/web: process.command: it is empty`.
#[derive(Debug)]
pub(crate) struct FileError(Box<Mistake>);

#[derive(Debug)]
struct Mistake {
    file: PathBuf,
    line: Option<usize>,
    column: Option<usize>,
    child: Option<String>,
    place: Option<String>,
    problem: Problem,
    /// The bytes of the text that are wrong.
    span: Option<Range<usize>>,
    /// Other bytes that have to do with it, and what they are.
    beside: Option<(Range<usize>, &'static str)>,
    /// The lines in which all of it stands, underlined.
    picture: Option<String>,
}

/// One mistake in a tree file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Problem {
    #[error("there is no such file")]
    Missing,
    #[error("this is a directory; a tree file is a .toml or a .json file")]
    Directory,
    #[error("this is neither a file nor a pipe")]
    NotAFile,
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    #[error("cannot be checked, because the system refuses a thread (`clone3`){limit}: {0}", limit = limit_behind(.0))]
    NoThread(#[source] io::Error),
    #[error("a tree file ends in .toml or .json, so that its format is known")]
    Extension,
    #[error("larger than {} MiB, which no tree file is", .limit / (1024 * 1024))]
    TooLarge { limit: u64 },
    #[error("not a text file: it holds bytes that are not UTF-8")]
    NotText,
    #[error("the file is empty; it should describe a tree")]
    Empty,
    #[error("not valid {format}: {message}")]
    Syntax { format: &'static str, message: String },
    #[error("nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("{}", unknown_key(.place, .near, .known))]
    UnknownKey { place: &'static str, near: Option<&'static str>, known: &'static [&'static str] },
    #[error("duplicate key: it stands in this table twice")]
    DuplicateKey,
    #[error("this key has no effect yet, so it is refused; it will have one in a later version")]
    NotYet,
    #[error("missing; {why}")]
    MissingKey { why: &'static str },
    #[error("expected {expected}, found {found}")]
    WrongType { expected: &'static str, found: String },
    #[error("{}", unknown_name(.name, .near, .known))]
    UnknownName { name: String, near: Option<String>, known: Vec<&'static str> },
    #[error("{text:?} is not a duration; write for example \"250ms\", \"5s\" or \"1m 30s\"")]
    NotADuration { text: String },
    #[error(
        "{text:?} is not a duration; write for example \"250ms\", \"5s\" or \"1m 30s\", or \"kill\" or \"infinity\""
    )]
    NotAShutdown { text: String },
    #[error("{text:?} is longer than a thousand years")]
    TooLong { text: String },
    #[error("may not be zero")]
    Zero,
    #[error("may not be empty")]
    EmptyText,
    #[error("may not hold a NUL character, which no program can be given")]
    Nul,
    #[error("a variable's name may not hold '='")]
    EqualsSign,
    #[error("the command is empty; it needs at least the program to run")]
    EmptyCommand,
    #[error("shorter than `initial`")]
    MaxBelowInitial,
    #[error("{0}")]
    Id(#[source] rootward::error::InvalidId),
    #[error("{}", duplicate_id(.id, .supervisor, *.first_line))]
    DuplicateId { id: String, supervisor: String, first_line: usize },
    #[error("{path:?} is not the path of a process in this file; write for example \"root/web\"")]
    NoSuchProcess { path: String },
    #[error("a child is a `process`, a `task` or a `supervisor`, and this one says none of them")]
    NoKind,
    #[error("a child is exactly one of `process`, `task` and `supervisor`, and this one is {}", .kinds.join(" and "))]
    SeveralKinds { kinds: Vec<&'static str> },
    #[error(
        "a significant child has no meaning under a supervisor whose auto_shutdown is \"never\"; \
         give `{supervisor}` auto_shutdown = \"any_significant\" or \"all_significant\""
    )]
    SignificantWithoutAutoShutdown { supervisor: String },
    #[error(
        "a permanent child is always restarted, so its end can never be significant; make it transient or temporary"
    )]
    SignificantPermanent,
    #[error(
        "a permanent child is always started again, so that a job which is ready by \"completion\" would never be done; \
         make it transient or temporary"
    )]
    PermanentJob,
    #[error("`{key}` has no meaning for the task {task:?}, only for finish, fail and panic")]
    AfterWithoutMeaning { key: &'static str, task: &'static str },
    #[error("`{one}` and `{other}` exclude each other; give one of them")]
    Excludes { one: &'static str, other: &'static str },
    #[error("without meaning when there is no `{needs}`")]
    Needs { needs: &'static str },
    #[error("a way to be ready is exactly one of {}; this names {found}", .ways.join(", "))]
    NotOneWay { ways: &'static [&'static str], found: usize },
    #[error("a health check is exactly one of {}; this names {found}", .ways.join(", "))]
    NotOneHealth { ways: &'static [&'static str], found: usize },
    #[error("a socket is exactly one of {}; this names {found}", .ways.join(", "))]
    NotOneSocket { ways: &'static [&'static str], found: usize },
    #[error("the demo has no descriptor {number} to pass on: {cause}")]
    NotGiven {
        number: u32,
        #[source]
        cause: io::Error,
    },
    #[error("the descriptor {number} cannot be duplicated: {cause}")]
    NotDuplicated {
        number: u32,
        #[source]
        cause: io::Error,
    },
    #[error("port 0 is whichever is free, which no client can know; name one")]
    AnyPort,
    #[error("{text:?} is not a regular expression: {reason}")]
    Regex { text: String, reason: String },
    #[error("needs `stdout` or `stderr` to be captured, or no line will ever be seen")]
    NothingCaptured,
    #[error("{text:?} is not an address such as \"localhost:8000\"")]
    Address { text: String },
    #[error("{problem}")]
    Http { problem: String },
    #[error("{problem}")]
    Process { problem: String },
    /// What would fail if it were started here and now.
    #[error("{failure}")]
    Foreseen { failure: rootward::process::ForeseenFailure },
    #[error("the ladder is empty; leave `stop` out, or give it at least one signal")]
    EmptyLadder,
    /// What the library itself finds wrong.
    #[error("{0}")]
    Spec(#[source] rootward::error::SpecProblem),
}

impl FileError {
    /// Whether it says nothing about the file: the system lacked something.
    pub(crate) fn is_of_the_system(&self) -> bool {
        matches!(self.0.problem, Problem::NoThread(_)) || messages::is_of_the_system(self)
    }

    /// Something is wrong with the file as a whole.
    pub(super) fn whole(file: &Path, problem: Problem) -> Self {
        let file = file.to_owned();
        let (line, column, child, place) = (None, None, None, None);
        let (span, beside, picture) = (None, None, None);
        Self(Box::new(Mistake { file, line, column, child, place, problem, span, beside, picture }))
    }

    /// Something is wrong with the text at this line and column.
    pub(super) fn text(file: &Path, line: usize, column: usize, problem: Problem) -> Self {
        let mut error = Self::whole(file, problem);
        error.0.line = Some(line);
        error.0.column = Some(column);
        error
    }

    /// Something is wrong with a child, or with one key of it.
    pub(super) fn child(file: &Path, line: usize, child: &str, place: &str, problem: Problem) -> Self {
        let mut error = Self::whole(file, problem).in_child(child);
        error.0.line = Some(line);
        error.0.place = (!place.is_empty()).then(|| place.to_owned());
        error
    }

    /// These bytes of the text are wrong.
    pub(super) fn at(mut self, span: Range<usize>) -> Self {
        self.0.span = Some(span);
        self
    }

    /// These bytes have to do with it, too.
    pub(super) fn beside(mut self, span: Range<usize>, label: &'static str) -> Self {
        self.0.beside = Some((span, label));
        self
    }

    /// Keeps the lines of the text in which it stands.
    pub(super) fn shown_in(mut self, text: &str) -> Self {
        self.0.picture = self.0.span.clone().map(|span| picture::of(text, span, self.0.beside.clone()));
        self
    }

    /// The lines of the file in which the mistake stands, with the place underlined. `None` if it has no place.
    pub(crate) fn picture(&self) -> Option<&str> {
        self.0.picture.as_deref()
    }

    /// Names the child in which the mistake was found.
    pub(super) fn in_child(mut self, child: &str) -> Self {
        self.0.child = Some(child.to_owned());
        self
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.problem)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { file, line, column, child, place, problem, .. } = &*self.0;
        write!(f, "{}", file.display())?;
        for number in [line, column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        for part in [child, place].into_iter().flatten() {
            write!(f, ": {part}")?;
        }
        write!(f, ": {problem}")
    }
}

fn unknown_key(place: &str, near: &Option<&str>, known: &[&str]) -> String {
    match near {
        Some(near) => format!("unknown key in {place}; did you mean `{near}`?"),
        None => format!("unknown key in {place}; the keys are {}", known.join(", ")),
    }
}

fn unknown_name(name: &str, near: &Option<String>, known: &[&str]) -> String {
    match near {
        Some(near) => {
            format!("unknown name {name:?}; did you mean {near:?}? The names are {}", known.join(", "))
        }
        None => format!("unknown name {name:?}; the names are {}", known.join(", ")),
    }
}

fn duplicate_id(id: &str, supervisor: &str, first_line: usize) -> String {
    format!("duplicate id: another child of `{supervisor}` is named {id:?} already, in line {first_line}")
}
