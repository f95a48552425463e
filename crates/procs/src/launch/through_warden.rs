//! Starts programs through a warden's reapers, each as the child of one.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use nix::fcntl::{FcntlArg, fcntl};

use super::attributes::wanted;
use super::stdio::{self, Theirs};
use super::{LaunchError, LaunchResult, Launched, Launcher, Launching, Order, image, resolve};
use crate::set::{KillOnDrop, ProcessSet};
use crate::shortage::Whose;
use crate::spec::Command;
use crate::sys::raw::Blocking;
use crate::sys::{self, Inherited, Program, SpawnFailure, SpawnStage, Spawned, Watched};
use crate::warden::{Descriptor, FromWarden, LaunchOrder, REPLY, ReapedSet, WardenClient};

/// The launcher that has a reaper start programs.
#[derive(Debug)]
pub(crate) struct ThroughWarden {
    pub(crate) client: Arc<WardenClient>,
    /// Whether each child gets a cgroup. The warden can give it one.
    pub(crate) cgroups: bool,
}

impl Launcher for ThroughWarden {
    fn launch(&self, order: Order) -> Launching {
        Box::pin(launch(order, Arc::clone(&self.client), self.cgroups))
    }
}

/// Nothing here waits for more than a message: an exec that takes long is the reaper's to wait for.
async fn launch(
    Order { process, kill_handle, pipe, ack }: Order,
    client: Arc<WardenClient>,
    cgroup: bool,
) -> LaunchResult {
    let command = process.command();
    let refused = |error| LaunchError::new(command, error);
    if command.cgroup.is_any() && !cgroup {
        return Err(LaunchError::no_cgroup(command, "tree"));
    }
    // Before this waits for anything: it is what the caller has.
    let inherited = wanted(Inherited::now().map_err(refused)?, &command.attributes);
    let inherited = inherited.beyond(client.inherited());
    let line = client.line(cgroup).await.map_err(|error| gone_or(command, error))?;
    let stdio::Stdio { theirs, terminal, stdin, stdout, stderr } = stdio::open(command)?;
    let mut program = image::program(command, [const { None }; 3])?;
    program.inherited = inherited;
    // Bound already, and so this does not wait.
    program.extra = resolve::extra(command)?.into_iter().chain(pipe).collect();
    // What the program gets must not be kept open here, or its end would not be seen.
    match order(command, &program, theirs, &line, cgroup) {
        // A reaper that could not be made has said so before its end of the line was closed.
        Err(error) if is_cut(&error) => {}
        sent => sent.map_err(refused)?,
    }
    program.extra.clear();
    // While the program starts there is time for the rest.
    let watch = sys::watch(Arc::clone(&line)).map_err(refused)?;
    client.prepare(cgroup);
    match answer(&watch).await {
        Ok((spawned, reaper, without)) => {
            let degraded = without.filter(|_| client.is_first_without_cgroup()).map(without_cgroup);
            let set = Arc::new(ProcessSet::Tree(ReapedSet::new(spawned, reaper, line, client)));
            kill_handle.hold(&set);
            let owned_set = KillOnDrop::new(set).with(ack);
            Ok(Launched { owned_set, watch: Some(watch), degraded, terminal, stdin, stdout, stderr })
        }
        Err(LaunchRefusal::Refused(failure)) => {
            drop(watch);
            // It may be the reaper itself that could not be made.
            if failure.stage != SpawnStage::Clone {
                client.recycle(line);
            }
            Err(LaunchError::from_failure(command, failure, Whose::Helper, image::found(command)))
        }
        // The reaper was lost, or there were no descriptors to make it with: that may be better the next time.
        Err(LaunchRefusal::Silent(error)) if is_cut(&error) && !client.is_gone() => {
            Err(refused(io::Error::from_raw_os_error(libc::EAGAIN)))
        }
        Err(LaunchRefusal::Silent(error)) => Err(gone_or(command, error)),
    }
}

/// Sends the order, with all descriptors that belong to it.
fn order(
    command: &Command,
    program: &Program,
    theirs: [Theirs; 3],
    line: &OwnedFd,
    cgroup: bool,
) -> io::Result<()> {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let ours = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let streams = [Descriptor::Stdin, Descriptor::Stdout, Descriptor::Stderr];
    let begin_in = begin_in(command)?;
    let mut which = Vec::with_capacity(Descriptor::ALL.len());
    let mut fds: Vec<BorrowedFd<'_>> = Vec::with_capacity(Descriptor::ALL.len());
    let mut add = |descriptor, fd| {
        which.push(descriptor);
        fds.push(fd);
    };
    if let Some(directory) = &begin_in {
        add(Descriptor::BeginIn, directory.as_fd());
    }
    for ((stream, theirs), ours) in streams.into_iter().zip(&theirs).zip(ours) {
        match theirs {
            Theirs::Own(fd) => add(stream, fd.as_fd()),
            // The reaper has nothing there that could be inherited, so that ours goes along.
            Theirs::Ours if is_open(ours) => add(stream, ours),
            // It has /dev/null there.
            Theirs::Ours | Theirs::Null => {}
        }
    }
    fds.extend(program.extra.iter().map(|(_, fd)| fd.as_fd()));
    let cgroup = cgroup.then_some(command.cgroup);
    let launch = LaunchOrder::encode(program, &which, cgroup);
    if !launch.is_too_long() {
        return sys::send_message(line, &launch.bytes, &fds, Blocking::Never);
    }
    let launch = LaunchOrder::encode(program, &[which.as_slice(), &[Descriptor::File]].concat(), cgroup);
    let file = sys::file_of(&launch.bytes)?;
    // In front of what has no kind.
    fds.insert(fds.len() - program.extra.len(), file.as_fd());
    sys::send_message(line, launch.header(), &fds, Blocking::Never)
}

/// Whether there is something at the place of a descriptor: this program may have closed its own streams.
fn is_open(fd: BorrowedFd<'_>) -> bool {
    fcntl(fd, FcntlArg::F_GETFD).is_ok()
}

/// The directory from which the program's relative paths count, unless that is given and absolute.
fn begin_in(command: &Command) -> io::Result<Option<OwnedFd>> {
    if command.directory.as_ref().is_some_and(|directory| directory.is_absolute()) {
        return Ok(None);
    }
    let flags = libc::O_PATH | libc::O_DIRECTORY;
    Ok(Some(OpenOptions::new().read(true).custom_flags(flags).open(".")?.into()))
}

enum LaunchRefusal {
    Refused(SpawnFailure),
    /// No answer has come.
    Silent(io::Error),
}

/// Why a child has no cgroup, on one line.
fn without_cgroup(errno: i32) -> String {
    let error = io::Error::from_raw_os_error(errno);
    let what = match errno {
        libc::ENOENT | libc::ENODEV => "its cgroup is gone",
        _ => "the system refuses it a cgroup",
    };
    format!("the level is `tree` and not `tree+cgroup` for this child and maybe others: {what}: {error}")
}

async fn answer(line: &Watched) -> Result<(Spawned, i32, Option<i32>), LaunchRefusal> {
    let mut message = [0; REPLY];
    let (bytes, pidfd) = loop {
        let mut ready = line.readable().await.map_err(LaunchRefusal::Silent)?;
        match sys::receive(line.get_ref(), &mut message, Blocking::Never) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
            received => break received.map_err(LaunchRefusal::Silent)?,
        }
    };
    match (FromWarden::decode(&message[..bytes]), pidfd) {
        (Some(FromWarden::Started { pid, reaper, without }), Some(pidfd)) => {
            Ok((Spawned { pid, pidfd }, reaper, (without != 0).then_some(without)))
        }
        // There was no room for the program's descriptor here. The line is cut, and the reaper ends the program.
        (Some(FromWarden::Started { .. }), None) => {
            Err(LaunchRefusal::Refused(SpawnFailure::new(SpawnStage::Clone, libc::EMFILE)))
        }
        (Some(FromWarden::Refused { stage, errno }), _) => {
            Err(LaunchRefusal::Refused(SpawnFailure::new(SpawnStage::from_number(stage), errno)))
        }
        _ => Err(LaunchRefusal::Silent(io::Error::from_raw_os_error(libc::EPIPE))),
    }
}

fn gone_or(command: &Command, error: io::Error) -> LaunchError {
    if is_cut(&error) { LaunchError::no_warden(command) } else { LaunchError::new(command, error) }
}

/// Whether the other end of a line is closed.
fn is_cut(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPIPE | libc::ECONNRESET | libc::ENOTCONN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_why_there_is_no_cgroup_is_the_systems_own() {
        let gone = without_cgroup(libc::ENOENT);
        let full = without_cgroup(libc::ENOSPC);

        assert!(gone.ends_with("its cgroup is gone: No such file or directory (os error 2)"), "{gone}");
        assert!(
            full.ends_with("the system refuses it a cgroup: No space left on device (os error 28)"),
            "{full}"
        );
    }
}
