//! The root of a tree file, the supervisors in it, and their children: each holds the next, so that they are read in
//! one file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rootward::spec::{ChildId, Intensity};
use rootward::{AutoShutdown, Restart, Shutdown, Strategy};

use super::error::{FileError, Problem};
use super::model::{Child, ChildPart, ReadyWhen, SupervisorPart, TreeFile};
use super::section::{Field, Keys, TableSection};
use super::value::{FileValue, What};
use super::{backoff, duration, process, task};

const ROOT: Keys = Keys {
    of: "the root",
    known: &[
        "id",
        "strategy",
        "max_restarts",
        "within",
        "auto_shutdown",
        "deadline",
        "drain",
        "suspend_children",
        "exit_status_from",
        "children",
    ],
    not_yet: &[],
};

const SUPERVISOR: Keys = Keys {
    of: "a supervisor",
    known: &["strategy", "max_restarts", "within", "auto_shutdown", "children"],
    not_yet: &[],
};

const STRATEGIES: [(&str, Strategy); 3] = [
    ("one_for_one", Strategy::OneForOne),
    ("one_for_all", Strategy::OneForAll),
    ("rest_for_one", Strategy::RestForOne),
];

const AUTO_SHUTDOWNS: [(&str, AutoShutdown); 3] = [
    ("never", AutoShutdown::Never),
    ("any_significant", AutoShutdown::AnySignificant),
    ("all_significant", AutoShutdown::AllSignificant),
];

const CHILD: Keys = Keys {
    of: "a child",
    known: &["id", "restart", "shutdown", "significant", "backoff", "process", "task", "supervisor"],
    not_yet: &[],
};

const RESTARTS: [(&str, Restart); 3] =
    [("permanent", Restart::Permanent), ("transient", Restart::Transient), ("temporary", Restart::Temporary)];

/// Below the 30 s that Kubernetes grants.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(25);

pub(super) fn read_root(file: &Path, top: &FileValue) -> Result<TreeFile, FileError> {
    // The name under which every mistake in the file will be reported has to be known first.
    let name = id_of(top).unwrap_or("root");
    let field = Field::top(file, name, top);
    let section = field.section(&ROOT)?;
    let id = section.or("id", "root", |id| checked_id(id))?;
    let deadline = section.or("deadline", DEFAULT_DEADLINE, Field::positive_duration)?;
    let drain = section.or("drain", Duration::ZERO, Field::duration)?;
    let suspend_children = section.or("suspend_children", false, Field::flag)?;
    let root = read(&section)?;
    let exit_status_from = section.or("exit_status_from", None, |field| {
        let path = field.text()?;
        let below = path.strip_prefix(id).and_then(|rest| rest.strip_prefix('/'));
        match below.is_some_and(|below| root.has_process(below)) {
            true => Ok(Some(path.to_owned())),
            false => Err(field.error(Problem::NoSuchProcess { path: path.to_owned() })),
        }
    })?;
    let (file, id) = (file.to_owned(), id.to_owned());
    Ok(TreeFile { file, id, deadline, drain, suspend_children, exit_status_from, root })
}

/// Reads the part that the root and all other supervisors have in common.
fn read(section: &TableSection<'_>) -> Result<SupervisorPart, FileError> {
    let default = Intensity::default();
    let strategy = section.or("strategy", Strategy::default(), |field| field.name(&STRATEGIES))?;
    let max_restarts = section.or("max_restarts", default.max_restarts, Field::count)?;
    let within = section.or("within", default.within, Field::positive_duration)?;
    let auto_shutdown =
        section.or("auto_shutdown", AutoShutdown::default(), |field| field.name(&AUTO_SHUTDOWNS))?;
    let children =
        section.or("children", Vec::new(), |field| read_children(section, field, auto_shutdown))?;
    Ok(SupervisorPart { strategy, max_restarts, within, auto_shutdown, children })
}

fn read_children(
    supervisor: &TableSection<'_>,
    children: &Field<'_>,
    auto_shutdown: AutoShutdown,
) -> Result<Vec<Child>, FileError> {
    let mut seen: BTreeMap<String, Field<'_>> = BTreeMap::new();
    let mut read = Vec::new();
    for field in children.list()? {
        let (child, at) = read_child(supervisor.child(), &field, auto_shutdown)?;
        if let Some(first) = seen.insert(child.id.clone(), at.clone()) {
            let (supervisor, first_line) = (supervisor.child().to_owned(), first.line());
            let twice = at.error(Problem::DuplicateId { id: child.id, supervisor, first_line });
            return Err(twice.beside(first.span(), "the first of this name"));
        }
        read.push(child);
    }
    Ok(read)
}

fn checked_id<'a>(field: &Field<'a>) -> Result<&'a str, FileError> {
    let id = field.text()?;
    ChildId::new(id).map(|_| id).map_err(|invalid| field.error(Problem::Id(invalid)))
}

/// Reads a child of the supervisor at `parent`, and says where its id stands.
fn read_child<'a>(
    parent: &str,
    field: &Field<'a>,
    auto_shutdown: AutoShutdown,
) -> Result<(Child, Field<'a>), FileError> {
    // A child without a usable name is reported under its supervisor, by its number.
    let field = match id_of(field.value()) {
        Some(id) => field.as_child(format!("{parent}/{id}")),
        None => field.clone(),
    };
    let section = field.section(&CHILD)?;
    let at = section.required("id", "every child needs a name of its own among its siblings")?;
    let id = checked_id(&at)?.to_owned();
    let shutdown = section.or("shutdown", None, |shutdown| read_shutdown(shutdown).map(Some))?;
    let backoff = section.or("backoff", None, |field| backoff::read(field).map(Some))?;
    let kind = read_kind(&section)?;
    let restart = section.or("restart", usual_restart(&kind), |restart| restart.name(&RESTARTS))?;
    if restart == Restart::Permanent && is_job(&kind) {
        return Err(section.error(Problem::PermanentJob));
    }
    let significant = read_significant(parent, &section, restart, auto_shutdown)?;
    Ok((Child { id, restart, shutdown, significant, backoff, kind }, at))
}

/// Whether it has started when it has ended.
fn is_job(kind: &ChildPart) -> bool {
    match kind {
        ChildPart::Process(process) => {
            process.ready.as_ref().is_some_and(|ready| ready.when == ReadyWhen::Completion)
        }
        ChildPart::Task(_) | ChildPart::Supervisor(_) => false,
    }
}

/// What a child of this kind has unless the file says otherwise: as in the library.
pub(super) fn usual_restart(kind: &ChildPart) -> Restart {
    match kind {
        ChildPart::Task(_) => Restart::Transient,
        ChildPart::Process(_) | ChildPart::Supervisor(_) => Restart::Permanent,
    }
}

/// The id that a table claims to have, for messages: anything that could stand in a path.
pub(super) fn id_of(value: &FileValue) -> Option<&str> {
    match &value.get("id")?.what {
        What::Text(id) if ChildId::new(id).is_ok() => Some(id),
        What::Text(_)
        | What::Number(_)
        | What::Flag(_)
        | What::List(_)
        | What::Table(_)
        | What::DateTime
        | What::Null => None,
    }
}

fn read_shutdown(field: &Field<'_>) -> Result<Shutdown, FileError> {
    match &field.value().what {
        What::Text(text) if text == "kill" => Ok(Shutdown::Kill),
        What::Text(text) if text == "infinity" => Ok(Shutdown::Infinity),
        What::Text(text) => duration::parse(text).map(Shutdown::Grace).map_err(|problem| {
            // Here there are other words to choose from than where nothing but a duration will do.
            let no_duration = matches!(problem, Problem::NotADuration { .. });
            field.error(if no_duration { Problem::NotAShutdown { text: text.clone() } } else { problem })
        }),
        What::Number(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => {
            Err(field.expected("a duration in quotes, such as \"5s\", or \"kill\" or \"infinity\""))
        }
    }
}

fn read_significant(
    parent: &str,
    section: &TableSection<'_>,
    restart: Restart,
    auto_shutdown: AutoShutdown,
) -> Result<bool, FileError> {
    let Some(field) = section.field("significant") else {
        return Ok(false);
    };
    if !field.flag()? {
        return Ok(false);
    }
    match (restart, auto_shutdown) {
        (Restart::Permanent, _) => Err(field.error(Problem::SignificantPermanent)),
        (Restart::Transient | Restart::Temporary, AutoShutdown::Never) => {
            Err(field.error(Problem::SignificantWithoutAutoShutdown { supervisor: parent.to_owned() }))
        }
        (
            Restart::Transient | Restart::Temporary,
            AutoShutdown::AnySignificant | AutoShutdown::AllSignificant,
        ) => Ok(true),
    }
}

fn read_kind(section: &TableSection<'_>) -> Result<ChildPart, FileError> {
    let kinds = ["process", "task", "supervisor"];
    let given: Vec<_> = kinds.into_iter().filter_map(|kind| Some((kind, section.field(kind)?))).collect();
    match given.as_slice() {
        [("process", field)] => Ok(ChildPart::Process(Box::new(process::read(field)?))),
        [("task", field)] => Ok(ChildPart::Task(task::read(field)?)),
        [(_, field)] => Ok(ChildPart::Supervisor(read(&field.section(&SUPERVISOR)?)?)),
        [] => Err(section.error(Problem::NoKind)),
        several => {
            let kinds = several.iter().map(|(kind, _)| *kind).collect();
            Err(section.error(Problem::SeveralKinds { kinds }))
        }
    }
}
