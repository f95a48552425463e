//! One child of a supervisor.

use rootward::{AutoShutdown, Restart, Shutdown};

use super::error::{FileError, Problem};
use super::model::{Child, Kind};
use super::section::{Field, Keys, Section};
use super::supervisor::{self, checked_id};
use super::value::{Value, What};
use super::{backoff, duration, process, task};

const CHILD: Keys = Keys {
    of: "a child",
    known: &["id", "restart", "shutdown", "significant", "backoff", "process", "task", "supervisor"],
    not_yet: &[],
};

const RESTARTS: [(&str, Restart); 3] =
    [("permanent", Restart::Permanent), ("transient", Restart::Transient), ("temporary", Restart::Temporary)];

/// Reads a child of the supervisor at `parent`, and says where its id stands.
pub(super) fn read<'a>(
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
    let restart = section.or("restart", Restart::default(), |restart| restart.name(&RESTARTS))?;
    let shutdown = section.or("shutdown", None, |shutdown| read_shutdown(shutdown).map(Some))?;
    let significant = read_significant(parent, &section, restart, auto_shutdown)?;
    let backoff = section.or("backoff", None, |field| backoff::read(field).map(Some))?;
    let kind = read_kind(&section)?;
    Ok((Child { id, restart, shutdown, significant, backoff, kind }, at))
}

/// The id that a table claims to have, for messages: anything that could stand in a path.
pub(super) fn id_of(value: &Value) -> Option<&str> {
    match &value.get("id")?.what {
        What::Text(id) if rootward::ChildId::new(id).is_ok() => Some(id),
        What::Text(_)
        | What::Number(_)
        | What::Flag(_)
        | What::List(_)
        | What::Table(_)
        | What::Moment
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
        What::Number(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::Moment | What::Null => {
            Err(field.expected("a duration in quotes, such as \"5s\", or \"kill\" or \"infinity\""))
        }
    }
}

fn read_significant(
    parent: &str,
    section: &Section<'_>,
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

fn read_kind(section: &Section<'_>) -> Result<Kind, FileError> {
    let kinds = ["process", "task", "supervisor"];
    let given: Vec<_> = kinds.into_iter().filter_map(|kind| Some((kind, section.field(kind)?))).collect();
    match given.as_slice() {
        [("process", field)] => Ok(Kind::Process(Box::new(process::read(field)?))),
        [("task", field)] => Ok(Kind::Task(task::read(field)?)),
        [(_, field)] => Ok(Kind::Supervisor(supervisor::read(&field.section(&supervisor::SUPERVISOR)?)?)),
        [] => Err(section.error(Problem::NoKind)),
        several => {
            let kinds = several.iter().map(|(kind, _)| *kind).collect();
            Err(section.error(Problem::SeveralKinds { kinds }))
        }
    }
}
