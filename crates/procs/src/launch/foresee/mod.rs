//! What would keep a process from being started here and now, as far as the system tells without a start.
//!
//! Little is certain here: another child may make a file first, and the program may run elsewhere. Certain is what this
//! program has no right to, what the machine has not, and what no system takes. Files of variables and variables in
//! texts are taken as they are now. Nothing is told that depends on what another user may read.

mod addresses;
mod failure;
mod files;
mod program;
mod rights;
mod today;

pub use failure::{DescribedPart, ForeseenFailure};

use addresses::Lookups;
use files::command_of;
use today::Today;

use crate::spec::{Command, Health, Process, Ready, ReadyCondition};

impl Process {
    /// What would keep the process from being started or from getting ready, if this program started it now.
    ///
    /// Told is a program, an interpreter, a loader, a directory or an environment file that is not there, a file that
    /// cannot be executed, read or written, by this program's rights unless the process has another user, a variable
    /// that is not set, texts that are too long, a socket that cannot be made, an address that is taken, a host that is
    /// not known, a limit for which there is no cgroup controller, and what this program has no right to give: a user,
    /// limits, a nice value, processors, capabilities. The same goes for the stop command and for the commands that say
    /// that the process is ready or healthy.
    ///
    /// Most of it may be otherwise when the time comes. [`is_certain`](ForeseenFailure::is_certain) says what will not.
    /// Environment files and variables are taken as they are now, although each start takes them anew. What depends on
    /// what another user may read is not told.
    ///
    /// This reads the file system, looks names of hosts up, binds addresses without listening there, and has a process
    /// try its rights, which executes nothing. It may block for some seconds.
    pub fn foresee(&self) -> Vec<ForeseenFailure> {
        let (now, unknown) = Today::of(self.command());
        let mut failures = Vec::from_iter(program::foresee(&now, self.command()));
        failures.extend(unknown);
        let (command, base) = (&now.command, &now.base);
        failures.extend(files::foresee(command, base));
        let ready = self.readiness();
        let health = self.get_health().and_then(Health::looks_at);
        let checks = [
            (ready, DescribedPart::Ready, "readiness check"),
            (health, DescribedPart::Health, "health check"),
        ];
        let beside = [(self.get_stop_command(), DescribedPart::StopCommand, "stop command")]
            .into_iter()
            .chain(checks.map(|(ready, about, what)| (ready.and_then(command_of), about, what)));
        for (argv, about, what) in beside {
            let missing = argv.map(|argv| beside_it(self.sibling(argv).command())).unwrap_or_default();
            failures.extend(missing.into_iter().map(|missing| missing.beside(about, what)));
        }
        let mut lookups = Lookups::default();
        for (at, socket) in command.descriptors.sockets.iter().enumerate() {
            let about = DescribedPart::Socket(at);
            failures.extend(files::foresee_socket(about, &socket.place, base));
            failures.extend(addresses::foresee_socket(about, &socket.place, &mut lookups));
        }
        for (ready, about, _) in checks {
            let Some(Ready { condition, .. }) = ready else { continue };
            failures.extend(files::foresee_awaited(about, condition, base));
            failures.extend(host_of(condition).and_then(|address| lookups.foresee_host(about, &address)));
        }
        failures.extend(rights::foresee(&command.attributes));
        failures
    }
}

/// What keeps a command beside a process from being executed. What it has in common with the process is told there.
fn beside_it(command: &Command) -> Vec<ForeseenFailure> {
    let (now, mut failures) = Today::of(command);
    failures.retain(|it| matches!(it.about(), DescribedPart::Program | DescribedPart::Argument(_)));
    failures.extend(program::foresee(&now, command));
    failures
}

/// The address to which a check connects, if it does.
fn host_of(condition: &ReadyCondition) -> Option<String> {
    match condition {
        ReadyCondition::Tcp(address) => Some(address.clone()),
        ReadyCondition::Http(get) => get.target().ok().map(|target| target.address),
        ReadyCondition::Line(_)
        | ReadyCondition::Unix(_)
        | ReadyCondition::Path(_)
        | ReadyCondition::Command(_)
        | ReadyCondition::Notify
        | ReadyCondition::Completion
        | ReadyCondition::Descriptor(_)
        | ReadyCondition::Check(_) => None,
    }
}
