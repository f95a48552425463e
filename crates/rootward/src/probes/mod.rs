//! What Kubernetes and other orchestrators ask of a program: `/livez`, `/readyz` and `/startupz`.
//!
//! These are probes of the program as a whole, asked from outside. Whether one process of the tree is healthy, and what
//! follows if it is not, is another matter and has nothing to do with this module.
//!
//! | endpoint | 200 | 503 |
//! | --- | --- | --- |
//! | `/livez` | the supervisors have had their turn within the last two seconds | they have not: the program hangs. Nothing that a child does, or fails to do, leads to this |
//! | `/readyz` | the tree has started, and every child that is not temporary is ready | it still starts, a child is down or being restarted, or a stop has been asked for, also while it [drains](crate::TreeBuilder::drain_delay) |
//! | `/startupz` | the tree has started, also when it stops later | it has not |
//!
//! The body is `ok`, or a line for everything that does not hold; with `?verbose` a line for everything, such as
//! `[+]root/db ok` and `[-]root/web restarting`. A child that ended as its restart type has it, or was terminated on
//! purpose, does not count against `/readyz`; neither does anything below a temporary child.
//!
//! A thread with a runtime of its own answers, so that a probe says what it has to say also when every other runtime is
//! blocked. It answers GET and HEAD, one request a connection, 64 connections at a time, and gives each of them five
//! seconds. What is seen of the children may be a tenth of a second old.

// `policy` decides what is answered, `run` is the thread, `address` where it listens, `ask` the other side.

mod address;
mod ask;
mod policy;
mod run;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use rootward_core::{Tree, TreeRef};
use tokio::sync::oneshot;

use address::BoundSocket;

pub use ask::{ProbeAnswer, ask};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Probe {
    /// `/livez`: whether the program hangs.
    Live,
    /// `/readyz`: whether it takes work.
    Ready,
    /// `/startupz`: whether it has started.
    Startup,
}

impl Probe {
    const ALL: [Self; 3] = [Self::Live, Self::Ready, Self::Startup];

    /// Where it is asked.
    pub fn path(self) -> &'static str {
        match self {
            Self::Live => "/livez",
            Self::Ready => "/readyz",
            Self::Startup => "/startupz",
        }
    }

    fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|probe| probe.path() == path)
    }
}

/// A socket at which probes are going to be answered.
///
/// [`Application::probes`](crate::Application::probes) does all of this for a program that is a tree.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rootward::{ChildSpec, Supervisor};
/// use rootward::probes::{Probe, Probes, ask};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
/// let tree = Supervisor::new("root").child(worker).start().await?;
/// let probes = Probes::bind("127.0.0.1:0")?.attach(&tree)?;
///
/// let address = probes.address().to_string();
/// assert!(ask(&address, Probe::Ready, Duration::from_secs(10))?.passes);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "probes are answered only once they are attached to a tree"]
pub struct Probes(BoundSocket);

/// Answers probes until it is dropped. It does not keep the tree, and answers also when that is gone.
#[derive(Debug)]
#[must_use = "probes are answered only as long as this is held"]
pub struct ProbesGuard {
    address: ProbesAddress,
    /// Ends the thread when it is dropped.
    _open: oneshot::Sender<()>,
    /// Removed when this is dropped.
    _file: Option<address::ProbeSocketFile>,
}

/// Where probes are answered: an address and a port, or `unix:` and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbesAddress {
    /// A port of TCP.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Probes {
    /// Listens at an address, such as `0.0.0.0:8086`, `[::]:8086` or `unix:/run/app/probes.sock`. Port 0 is one that
    /// the system chooses. What connects before a tree is attached is answered then.
    ///
    /// A socket's file at which nothing listens any more is replaced.
    ///
    /// # Errors
    ///
    /// If the address makes no sense, or the system does not let the program listen there.
    pub fn bind(address: &str) -> io::Result<Self> {
        BoundSocket::bind(&address.parse()?).map(Self)
    }

    /// Where it listens.
    pub fn address(&self) -> &ProbesAddress {
        &self.0.address
    }

    /// Answers for this tree, on a thread of its own.
    ///
    /// # Errors
    ///
    /// If the system has no thread or no runtime for it.
    pub fn attach(self, tree: &Tree) -> io::Result<ProbesGuard> {
        Ok(self.wait_for_tree()?.attach(tree))
    }

    /// Has the thread run before there is a tree.
    pub(crate) fn wait_for_tree(self) -> io::Result<UnattachedProbes> {
        let BoundSocket { address, socket, file } = self.0;
        let (tree, arrived) = oneshot::channel();
        let (open, closed) = oneshot::channel();
        run::spawn(socket, arrived, closed)?;
        Ok(UnattachedProbes { tree, guard: ProbesGuard { address, _open: open, _file: file } })
    }
}

/// The thread that answers, before there is a tree.
#[derive(Debug)]
pub(crate) struct UnattachedProbes {
    tree: oneshot::Sender<TreeRef>,
    guard: ProbesGuard,
}

impl UnattachedProbes {
    pub(crate) fn attach(self, tree: &Tree) -> ProbesGuard {
        let _ = self.tree.send(tree.downgrade());
        self.guard
    }
}

impl ProbesGuard {
    /// Where probes are answered.
    pub fn address(&self) -> &ProbesAddress {
        &self.address
    }
}

impl FromStr for ProbesAddress {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        match text.strip_prefix("unix:") {
            Some("") => Err(wrong("no path after unix:".to_owned())),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                wrong(format!("{text:?} is no ADDRESS:PORT, such as 0.0.0.0:8086, and no unix:PATH"))
            }),
        }
    }
}

impl fmt::Display for ProbesAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
