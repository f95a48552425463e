//! The root of a tree file, and the supervisors in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rootward::{AutoShutdown, ChildId, Intensity, Strategy};

use super::child;
use super::error::{FileError, Problem};
use super::model::{Child, SupervisorPart, TreeFile};
use super::section::{Field, Keys, Section};
use super::value::Value;

const ROOT: Keys = Keys {
    of: "the root",
    known: &["id", "strategy", "max_restarts", "within", "auto_shutdown", "deadline", "children"],
    not_yet: &[],
};

pub(super) const SUPERVISOR: Keys = Keys {
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

/// Below the 30 s that Kubernetes grants.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(25);

pub(super) fn read_root(file: &Path, top: &Value) -> Result<TreeFile, FileError> {
    // The name under which every mistake in the file will be reported has to be known first.
    let name = child::id_of(top).unwrap_or("root");
    let field = Field::top(file, name, top);
    let section = field.section(&ROOT)?;
    let id = section.or("id", "root", |id| checked_id(id))?;
    let deadline = section.or("deadline", DEFAULT_DEADLINE, Field::positive_duration)?;
    let root = read(&section)?;
    Ok(TreeFile { file: file.to_owned(), id: id.to_owned(), deadline, root })
}

/// Reads the part that the root and all other supervisors have in common.
pub(super) fn read(section: &Section<'_>) -> Result<SupervisorPart, FileError> {
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
    supervisor: &Section<'_>,
    children: &Field<'_>,
    auto_shutdown: AutoShutdown,
) -> Result<Vec<Child>, FileError> {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = Vec::new();
    for field in children.list()? {
        let (child, at) = child::read(supervisor.child(), &field, auto_shutdown)?;
        if let Some(first_line) = lines.insert(child.id.clone(), at.line()) {
            let supervisor = supervisor.child().to_owned();
            return Err(at.error(Problem::DuplicateId { id: child.id, supervisor, first_line }));
        }
        read.push(child);
    }
    Ok(read)
}

pub(super) fn checked_id<'a>(field: &Field<'a>) -> Result<&'a str, FileError> {
    let id = field.text()?;
    ChildId::new(id).map(|_| id).map_err(|invalid| field.error(Problem::Id(invalid)))
}
