//! What would fail if the tree of a file were started now, each at the place in the file where it is described.

use rootward::process::{DescribedPart, ForeseenFailure};

use super::build;
use super::error::{FileError, Problem};
use super::model::{ChildPart, ProcessPart, SupervisorPart};
use super::section::Field;

/// Something that would fail.
#[derive(Debug)]
pub(crate) struct Foresight {
    /// What and why, and where it stands.
    pub(crate) failure: FileError,
    /// Whether the start fails for certain, if the demo is started here and by this user.
    pub(crate) is_certain: bool,
}

/// Looks at each process below a supervisor that has been read from this field, in the order of the file.
pub(super) fn below(field: &Field<'_>, part: &SupervisorPart) -> Vec<Foresight> {
    let Some(children) = field.at(&["children"]) else { return Vec::new() };
    let of_child = |(number, child): (usize, &super::model::Child)| {
        let Some(field) = children.element(number) else { return Vec::new() };
        let field = field.as_child(format!("{}/{}", children.child(), child.id));
        match &child.kind {
            ChildPart::Process(part) => {
                field.at(&["process"]).map(|field| of(&field, part)).unwrap_or_default()
            }
            ChildPart::Supervisor(part) => {
                field.at(&["supervisor"]).map(|field| below(&field, part)).unwrap_or_default()
            }
            ChildPart::Task(_) => Vec::new(),
        }
    };
    part.children.iter().enumerate().flat_map(of_child).collect()
}

fn of(process: &Field<'_>, part: &ProcessPart) -> Vec<Foresight> {
    let foreseen = match build::process(part.clone()) {
        Ok(made) => made.foresee(),
        Err(problem) => return vec![Foresight { failure: process.error(problem), is_certain: true }],
    };
    let at_its_place = |failure: ForeseenFailure| {
        let is_certain = failure.is_certain();
        let place = place(process, failure.about());
        let failure = place.as_ref().unwrap_or(process).error(Problem::Foreseen { failure });
        Foresight { failure, is_certain }
    };
    foreseen.into_iter().map(at_its_place).collect()
}

/// The value of a process that describes this part of it. What has a short and a long form is found in either.
fn place<'a>(process: &Field<'a>, part: DescribedPart) -> Option<Field<'a>> {
    let one_of = |key, below: &[&str]| {
        let field = process.at(&[key])?;
        Some(below.iter().find_map(|key| field.at(&[key])).unwrap_or(field))
    };
    const CHECKS: [&str; 5] = ["tcp", "unix", "http", "path", "exec"];
    match part {
        DescribedPart::Program => process.at(&["command"])?.element(0),
        DescribedPart::Argument(number) => process.at(&["command"])?.element(number + 1),
        DescribedPart::Variable(number) => {
            let mut variables = process.at(&["env"])?.members().ok()?;
            variables.sort_by_key(|(name, _)| *name);
            Some(variables.into_iter().nth(number)?.1)
        }
        DescribedPart::Directory => process.at(&["cwd"]),
        DescribedPart::EnvFile(number) => {
            let files = process.at(&["env_file"])?;
            Some(files.element(number).unwrap_or(files))
        }
        DescribedPart::Stdin => one_of("stdin", &["file"]),
        DescribedPart::LogFile => one_of("log_file", &["path"]),
        DescribedPart::Socket(number) => {
            let socket = process.at(&["listen"])?.element(number)?;
            Some(["tcp", "udp", "unix"].iter().find_map(|key| socket.at(&[key])).unwrap_or(socket))
        }
        DescribedPart::Ready => one_of("ready", &CHECKS),
        DescribedPart::Health => one_of("health", &CHECKS),
        DescribedPart::StopCommand => one_of("stop_command", &["exec"]),
        DescribedPart::User => process.at(&["user"]),
        DescribedPart::Group => process.at(&["group"]),
        DescribedPart::SupplementaryGroups => process.at(&["supplementary_groups"]),
        DescribedPart::Limit(limit) => one_of("limits", &[limit.name()]),
        DescribedPart::Nice => process.at(&["nice"]),
        DescribedPart::Cpus => process.at(&["cpus"]),
        DescribedPart::OomScore => process.at(&["oom_score_adjust"]),
        DescribedPart::Capabilities => process.at(&["capabilities"]),
        DescribedPart::Cgroup => process.at(&["cgroup"]),
        // The library may learn new parts; the process as a whole will do until this knows them.
        _ => None,
    }
}
