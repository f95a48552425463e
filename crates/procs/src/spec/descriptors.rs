//! Which descriptors a process gets beside the first three.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use super::ready::ReadyCondition;
use crate::listen_sockets::{ListenAddress, ListenSockets};

/// A socket at which this program, or the service manager, listens for a process: see
/// [`Process::listen`](crate::Process::listen).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a socket does nothing until a process has it"]
pub struct Socket {
    pub(crate) place: ListenAddress,
    pub(crate) name: Option<String>,
}

impl Socket {
    /// Listens for TCP connections at this address, `host:port`.
    pub fn tcp(address: impl Into<String>) -> Self {
        Self { place: ListenAddress::Tcp(address.into()), name: None }
    }

    /// Receives UDP datagrams at this address, `host:port`.
    pub fn udp(address: impl Into<String>) -> Self {
        Self { place: ListenAddress::Udp(address.into()), name: None }
    }

    /// Listens for connections at this Unix stream socket. A relative path counts from the process's directory.
    ///
    /// A socket file that was left behind is replaced. The file is removed together with the child.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self { place: ListenAddress::Unix(path.into()), name: None }
    }

    /// Takes a socket that the service manager has opened for this program, by its name (`FileDescriptorName=` of a
    /// socket unit of systemd, by default the unit's name): one of `LISTEN_FDS` and `LISTEN_FDNAMES`, if `LISTEN_PID`
    /// is this program or the [init](crate::Init) above it. The process gets it under the same name.
    ///
    /// Where several have the name, the first that asks for it among the sockets of one process has the first of them,
    /// and so on. If there is none the start of the process fails.
    #[doc(alias = "sd_listen_fds")]
    pub fn from_env(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { place: ListenAddress::Given(name.clone()), name: Some(name) }
    }

    /// Names the socket for the process: in `LISTEN_FDNAMES`, where one without a name is `unknown`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// What a process gets beside the first three descriptors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Descriptors {
    /// From 3 on, in this order.
    pub(crate) sockets: Vec<Socket>,
    /// Those sockets, as far as they are bound.
    pub(crate) listening: Arc<ListenSockets>,
    pub(crate) given: Vec<(u32, Arc<OwnedFd>)>,
}

/// The first number that is free for them.
pub(crate) const FIRST: u32 = 3;

/// The numbers that they may have end here: before what a shell or a program would open by itself soon.
const LAST: u32 = 255;

/// How many there may be. They go through one message to the process that starts programs.
pub(crate) const MOST_EXTRA: usize = 16;

impl Descriptors {
    /// The first mistake in them, in words. A pipe that says that the process is ready counts among them.
    pub(super) fn problem(&self, ready: Option<&ReadyCondition>) -> Option<String> {
        let of_ready = match ready {
            Some(ReadyCondition::Descriptor(number)) => Some(*number),
            _ => None,
        };
        let given = self.given.iter().map(|(number, _)| *number).chain(of_ready);
        let mut numbers: Vec<u32> = (FIRST..).take(self.sockets.len()).chain(given).collect();
        if numbers.len() > MOST_EXTRA {
            return Some(format!("more than {MOST_EXTRA} descriptors are passed"));
        }
        if let Some(wrong) = numbers.iter().find(|number| !(FIRST..=LAST).contains(*number)) {
            return Some(format!(
                "a descriptor that is passed has a number from {FIRST} to {LAST}, and not {wrong}"
            ));
        }
        numbers.sort_unstable();
        if let Some(twice) = numbers.windows(2).find(|two| two[0] == two[1]) {
            let hint = if self.sockets.is_empty() { "" } else { "; sockets have those from 3 on" };
            return Some(format!("the descriptor {} is taken twice{hint}", twice[0]));
        }
        self.sockets.iter().find_map(Socket::problem)
    }

    /// What `LISTEN_FDNAMES` says.
    pub(crate) fn names(&self) -> String {
        let names = self.sockets.iter().map(|socket| socket.name.as_deref().unwrap_or("unknown"));
        names.collect::<Vec<_>>().join(":")
    }
}

impl Socket {
    fn problem(&self) -> Option<String> {
        let given = match &self.place {
            ListenAddress::Given(name) => Some(name),
            ListenAddress::Tcp(_) | ListenAddress::Udp(_) | ListenAddress::Unix(_) => None,
        };
        for name in self.name.iter().chain(given) {
            let is_wrong = |c: char| c == ':' || c.is_control() || !c.is_ascii();
            if name.is_empty() || name.len() > 255 || name.contains(is_wrong) {
                return Some(format!("{name:?} is no name for a socket"));
            }
        }
        match &self.place {
            ListenAddress::Tcp(address) | ListenAddress::Udp(address)
                if !super::well_formed::is_address(address) =>
            {
                Some(format!("the socket's address {address:?} is not of the form host:port"))
            }
            ListenAddress::Unix(path) => super::well_formed::problem_with_path(path)
                .map(|problem| problem.replacen("the ready ", "the socket's ", 1)),
            ListenAddress::Tcp(_) | ListenAddress::Udp(_) | ListenAddress::Given(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ready;
    use crate::spec::Process;

    fn problem(process: &Process) -> Option<String> {
        let ready = process.ready.as_ref().map(|ready| &ready.condition);
        process.command.descriptors.problem(ready)
    }

    fn null() -> std::fs::File {
        std::fs::File::open("/dev/null").unwrap()
    }

    #[test]
    fn sockets_and_descriptors_that_fit_together_are_no_mistake() {
        let process = Process::new("a")
            .listen(Socket::tcp("localhost:80").name("http"))
            .listen(Socket::unix("s"))
            .descriptor(5, null())
            .ready(Ready::descriptor(6));

        assert_eq!(problem(&process), None);
        assert_eq!(process.command.descriptors.names(), "http:unknown");
    }

    #[test]
    fn each_mistake_is_named() {
        let socket = |socket| Process::new("a").listen(socket);
        let mut many = Process::new("a");
        for number in 3..20 {
            many = many.descriptor(number, null());
        }
        for (process, expected) in [
            (
                Process::new("a").descriptor(2, null()),
                "a descriptor that is passed has a number from 3 to 255, and not 2",
            ),
            (
                Process::new("a").descriptor(256, null()),
                "a descriptor that is passed has a number from 3 to 255, and not 256",
            ),
            (
                Process::new("a").descriptor(4, null()).descriptor(4, null()),
                "the descriptor 4 is taken twice",
            ),
            (
                socket(Socket::unix("s")).ready(Ready::descriptor(3)),
                "the descriptor 3 is taken twice; sockets have those from 3 on",
            ),
            (many, "more than 16 descriptors are passed"),
            (socket(Socket::tcp("80")), "the socket's address \"80\" is not of the form host:port"),
            (socket(Socket::unix("")), "the socket's path is empty"),
            (socket(Socket::unix("s").name("a:b")), "\"a:b\" is no name for a socket"),
            (socket(Socket::from_env("").name("a")), "\"\" is no name for a socket"),
        ] {
            assert_eq!(problem(&process).as_deref(), Some(expected));
        }
    }
}
