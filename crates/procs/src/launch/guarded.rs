//! Starts programs through the warden, each as the child of a reaper of its own.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::{Answer, Launched, Launcher, Order, SpawnError, image, stdio};
use crate::set::{Leash, Set};
use crate::spec::Command;
use crate::sys::raw::Patience;
use crate::sys::{self, Failure, Program, Spawned};
use crate::warden::{Client, Descriptor, FromWarden, Launch, REPLY, Ward};
use crate::worker::Worker;

/// The launcher that has a warden start programs.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) client: Arc<Client>,
    /// Whether each child gets a cgroup, if the warden can give it one.
    pub(crate) cgroups: bool,
}

struct Job {
    order: Order,
    client: Arc<Client>,
    cgroup: bool,
}

/// It waits for answers, so that it has a thread of its own: a slow exec must not hold up a runtime's worker.
static LAUNCHER: Worker<Job> = Worker::new("rootward-launch", work);

impl Launcher for Guarded {
    fn launch(&self, order: Order) {
        let job = Job { order, client: Arc::clone(&self.client), cgroup: self.cgroups };
        if let Err((Job { order, .. }, error)) = LAUNCHER.give(job) {
            // Whoever does not wait any more has no use for the reason either.
            let _ = order.answer.send(Err(SpawnError::new(order.process.command(), error)));
        }
    }
}

fn work(jobs: &Receiver<Job>) {
    for Job { order: Order { process, grip, answer }, client, cgroup } in jobs {
        let launch = || {
            let launched = launch(process.command(), &client, cgroup)?;
            grip.hold(launched.leash.set());
            Ok(launched)
        };
        if let Ok(result) = catch_unwind(AssertUnwindSafe(launch)) {
            // Dropping an answer that nobody takes kills and reaps the program.
            let _ = answer.send(result);
        }
    }
}

fn launch(command: &Command, client: &Arc<Client>, cgroup: bool) -> Answer {
    let refused = |error| SpawnError::new(command, error);
    let stdio::Stdio { theirs, stdout, stderr } = stdio::open(command).map_err(refused)?;
    let program = image::program(command, theirs)?;
    let (line, theirs) = sys::pair().map_err(refused)?;
    let sent = order((command, &program), theirs, client, cgroup);
    // What the program has must not be kept open here: its end would not be seen.
    drop(program);
    sent.map_err(|error| gone_or(command, error))?;
    let (spawned, reaper) = answer(&line).map_err(|failed| match failed {
        Failed::Refused(failure) => SpawnError::from_failure(command, failure, image::exists(command)),
        // Not even a line had room in the warden, or the reaper is dead already.
        Failed::Silent(_) if !client.is_gone() => {
            SpawnError::new(command, io::Error::from_raw_os_error(libc::EAGAIN))
        }
        Failed::Silent(error) => gone_or(command, error),
    })?;
    let ward = Ward::new(spawned, reaper, line, Arc::clone(client));
    Ok(Launched { leash: Leash::new(Arc::new(Set::Tree(ward))), stdout, stderr })
}

/// Sends the order, with all descriptors that belong to it.
fn order(
    (command, program): (&Command, &Program),
    line: OwnedFd,
    client: &Client,
    cgroup: bool,
) -> io::Result<()> {
    let inherited = [io::stdin().as_fd().try_clone_to_owned(), io::stdout().as_fd().try_clone_to_owned()];
    let [stdin, stdout] = inherited;
    let inherited = [stdin.ok(), stdout.ok(), io::stderr().as_fd().try_clone_to_owned().ok()];
    let begin_in = begin_in(command)?;
    let mut descriptors: Vec<(Descriptor, BorrowedFd<'_>)> = vec![(Descriptor::Line, line.as_fd())];
    descriptors.extend(begin_in.as_ref().map(|fd| (Descriptor::BeginIn, fd.as_fd())));
    let stdio = [Descriptor::Stdin, Descriptor::Stdout, Descriptor::Stderr];
    for ((which, theirs), ours) in stdio.into_iter().zip(&program.stdio).zip(&inherited) {
        // The warden has nothing there that could be inherited: ours goes along. If we have closed it, it is /dev/null.
        descriptors.extend(theirs.as_ref().or(ours.as_ref()).map(|fd| (which, fd.as_fd())));
    }
    let which: Vec<Descriptor> = descriptors.iter().map(|(which, _)| *which).collect();
    let launch = Launch::encode(program, &which, cgroup);
    let mut fds: Vec<BorrowedFd<'_>> = descriptors.iter().map(|(_, fd)| *fd).collect();
    if !launch.is_too_long() {
        return client.order(&launch.bytes, &fds);
    }
    let launch = Launch::encode(program, &[which.as_slice(), &[Descriptor::File]].concat(), cgroup);
    let file = sys::file_of(&launch.bytes)?;
    fds.push(file.as_fd());
    client.order(launch.header(), &fds)
}

/// The directory from which the program's relative paths count, unless that is given and absolute.
fn begin_in(command: &Command) -> io::Result<Option<OwnedFd>> {
    if command.directory.as_ref().is_some_and(|directory| directory.is_absolute()) {
        return Ok(None);
    }
    let flags = libc::O_PATH | libc::O_DIRECTORY;
    Ok(Some(OpenOptions::new().read(true).custom_flags(flags).open(".")?.into()))
}

enum Failed {
    Refused(Failure),
    /// Nobody has answered.
    Silent(io::Error),
}

fn answer(line: &OwnedFd) -> Result<(Spawned, i32), Failed> {
    let mut message = [0; REPLY];
    let (bytes, pidfd) = sys::receive(line, &mut message, Patience::Wait).map_err(Failed::Silent)?;
    match (FromWarden::decode(&message[..bytes]), pidfd) {
        (Some(FromWarden::Started { pid, reaper }), Some(pidfd)) => Ok((Spawned { pid, pidfd }, reaper)),
        // There was no room for the program's descriptor here. The line is cut, and the reaper ends the program.
        (Some(FromWarden::Started { .. }), None) => {
            Err(Failed::Refused(Failure::new(sys::Stage::Clone, libc::EMFILE)))
        }
        (Some(FromWarden::Refused { stage, errno }), _) => {
            Err(Failed::Refused(Failure::new(sys::Stage::from_number(stage), errno)))
        }
        _ => Err(Failed::Silent(io::Error::from_raw_os_error(libc::EPIPE))),
    }
}

fn gone_or(command: &Command, error: io::Error) -> SpawnError {
    match error.raw_os_error() {
        Some(libc::EPIPE | libc::ECONNRESET | libc::ENOTCONN) => SpawnError::no_warden(command),
        _ => SpawnError::new(command, error),
    }
}
