//! A checked tree file becomes a tree.

use rootward::process::{self, Process};
use rootward::{ChildSpec, Supervisor};

use super::error::{FileError, Problem};
use super::model::{
    Attributes, Child, ChildPart, PassedDescriptor, ProcessPart, Ready, ReadyWhen, Stop, Success,
    SupervisorPart, TreeFile,
};
use crate::child_terminals;

impl TreeFile {
    /// The root supervisor of the tree that the file describes.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the library finds a mistake that the file's reader did not.
    pub(crate) fn into_supervisor(self) -> Result<Supervisor, FileError> {
        let file = self.file;
        let root = supervisor(&self.id, self.root)
            .map_err(|(path, problem)| FileError::whole(&file, problem).in_child(&path))?;
        match root.check() {
            Ok(()) => Ok(root),
            Err(wrong) => Err(FileError::whole(&file, Problem::Spec(wrong.problem)).in_child(&wrong.path)),
        }
    }
}

/// What cannot be made of a checked part, at the path of a child.
type AtPath = (String, Problem);

fn supervisor(path: &str, part: SupervisorPart) -> Result<Supervisor, AtPath> {
    let children: Result<Vec<_>, _> = part.children.into_iter().map(|it| child(path, it)).collect();
    let id = path.rsplit_once('/').map_or(path, |(_, id)| id);
    Ok(Supervisor::new(id)
        .strategy(part.strategy)
        .intensity(part.max_restarts, part.within)
        .auto_shutdown(part.auto_shutdown)
        .children(children?))
}

fn child(parent: &str, child: Child) -> Result<ChildSpec, AtPath> {
    let path = format!("{parent}/{}", child.id);
    let spec = match child.kind {
        ChildPart::Process(part) => process(*part).map_err(|problem| (path, problem))?.into_child(child.id),
        ChildPart::Task(task) => task.into_child(child.id),
        ChildPart::Supervisor(part) => supervisor(&path, part)?.into_child(),
    };
    let mut spec = spec.restart(child.restart).significant(child.significant);
    if let Some(shutdown) = child.shutdown {
        spec = spec.shutdown(shutdown);
    }
    if let Some(backoff) = child.backoff {
        spec = spec.backoff(backoff);
    }
    Ok(spec)
}

/// The process that a part of the file describes.
///
/// # Errors
///
/// [`Problem::NotDuplicated`] if there is no descriptor left for one that is passed on.
pub(super) fn process(part: ProcessPart) -> Result<Process, Problem> {
    let mut command = part.command.into_iter();
    let program = command.next().expect("a checked command names a program");
    let mut process = Process::new(program).args(command);
    if part.clear_env {
        process = process.env_clear();
    }
    for (name, value) in part.env {
        process = process.env(name, value);
    }
    for file in part.env_files {
        process = process.env_file(file);
    }
    if part.expand {
        process = process.expand_variables();
    }
    if let Some(directory) = part.cwd {
        process = process.current_dir(directory);
    }
    process = process.stdin(part.stdin).stdout(part.stdout);
    process = match part.stderr {
        Some(stderr) => process.stderr(stderr),
        None => process.stderr_to_stdout(),
    };
    if part.tty {
        process = process.tty(child_terminals::size());
    }
    process = match part.stop {
        Stop::Signal(signal) => process.stop_signal(signal),
        Stop::Ladder(steps) => process.ladder(steps),
    };
    if let Some(file) = part.log_file {
        process = process.log_file(file);
    }
    for socket in part.listen {
        process = process.listen(socket);
    }
    for PassedDescriptor { from, to } in part.descriptors {
        let copy = from.try_clone().map_err(|cause| Problem::NotDuplicated { number: to, cause })?;
        process = process.descriptor(to, copy);
    }
    if let Some((argv, within)) = part.stop_command {
        process = process.stop_command(argv, within);
    }
    process = part.cgroup.apply(with_attributes(process, part.attributes));
    for success in part.successes {
        process = match success {
            Success::Code(code) => process.success_code(code),
            Success::Signal(signal) => process.success_signal(signal),
        };
    }
    if let Some(within) = part.retry_start {
        process = process.retry_start(within);
    }
    if let Some(grace) = part.straggler_grace {
        process = process.straggler_grace(grace);
    }
    if let Some(health) = part.health {
        process = process.health(health);
    }
    if let Some(Ready { when, any_owner, timeout }) = part.ready {
        let ready = ready(when);
        let ready = if any_owner { ready.any_owner() } else { ready };
        process = process.ready(ready).ready_timeout(timeout);
    }
    Ok(process)
}

/// A process with these attributes.
fn with_attributes(mut process: Process, attributes: Attributes) -> Process {
    let Attributes {
        user,
        group,
        groups,
        limits,
        umask,
        nice,
        cpus,
        oom_score,
        session,
        no_new_privs,
        capabilities,
    } = attributes;
    if let Some(user) = user {
        process = process.user(user);
    }
    if let Some(group) = group {
        process = process.group(group);
    }
    if let Some(groups) = groups {
        process = process.supplementary_groups(groups);
    }
    for (limit, [soft, hard]) in limits {
        process = process.limit_between(limit, soft, hard);
    }
    if let Some(mask) = umask {
        process = process.umask(mask);
    }
    if let Some(nice) = nice {
        process = process.nice(nice);
    }
    if let Some(cpus) = cpus {
        process = process.cpus(cpus);
    }
    if let Some(score) = oom_score {
        process = process.oom_score_adjust(score);
    }
    if let Some(names) = capabilities {
        process = process.capabilities(names);
    }
    if session {
        process = process.own_session();
    }
    if no_new_privs { process.no_new_privs() } else { process }
}

fn ready(when: ReadyWhen) -> process::Ready {
    match when {
        ReadyWhen::Line(pattern) => process::Ready::line(pattern),
        ReadyWhen::Tcp(address) => process::Ready::tcp(address),
        ReadyWhen::Unix(path) => process::Ready::unix(path),
        ReadyWhen::Http(get) => process::Ready::http(get),
        ReadyWhen::Path(path) => process::Ready::path(path),
        ReadyWhen::Command(argv) => process::Ready::command(argv),
        ReadyWhen::Notify => process::Ready::notify(),
        ReadyWhen::Completion => process::Ready::completion(),
        ReadyWhen::Descriptor(number) => process::Ready::descriptor(number),
    }
}
