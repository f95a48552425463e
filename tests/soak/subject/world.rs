//! What there is in the tree, for the actions that operate on it.

use std::path::PathBuf;
use std::sync::Arc;

use rootward::Address;
use rootward::process::Process;
use tokio::sync::Mutex;

use super::actor::Message;
use super::meter::Meter;
use super::record::Tally;
use super::worker::Worker;

/// How many tasks each group of them has.
pub(super) const WORKERS: usize = 8;

/// How many partitions there are.
pub(super) const SHARDS: usize = 4;

/// Everything that can be told to do something.
#[derive(Debug)]
pub(crate) struct World {
    own: PathBuf,
    register: String,
    /// Whether programs may leave their process group: whether they will be followed.
    pub(super) anywhere: bool,
    pub(super) meter: Meter,
    pub(super) tally: Arc<Tally>,
    /// Restarted one by one.
    pub(super) workers: Vec<Arc<Worker>>,
    /// Restarted together.
    pub(super) group: Vec<Arc<Worker>>,
    /// A chain of supervisors, and a task at each of them.
    pub(super) chain: Vec<Arc<Worker>>,
    /// Its supervisor gives up soon.
    pub(super) fragile: Arc<Worker>,
    /// Has children.
    pub(super) parent: Arc<Worker>,
    pub(super) actors: Vec<Address<Message>>,
    /// Locked while the number of partitions is changed: only one action at a time does that.
    pub(super) resizing: Mutex<()>,
}

impl World {
    pub(super) fn new(register: &str, anywhere: bool) -> Self {
        let workers = |many| (0..many).map(|_| Worker::new()).collect();
        Self {
            own: std::env::current_exe().expect("this program has a path"),
            register: register.to_owned(),
            anywhere,
            meter: Meter::default(),
            tally: Arc::default(),
            workers: workers(WORKERS),
            group: workers(3),
            chain: workers(5),
            fragile: Worker::new(),
            parent: Worker::new(),
            actors: (0..3).map(|_| Address::new()).collect(),
            resizing: Mutex::new(()),
        }
    }

    /// A program in this role.
    pub(super) fn program(&self, role: &str, arguments: &[&str]) -> Process {
        let common = [self.register.as_str(), "program", role];
        Process::new(&self.own).args(common.into_iter().chain(arguments.iter().copied()).map(str::to_owned))
    }

    /// Where a family's members may be.
    pub(super) fn whereabouts(&self) -> &'static str {
        if self.anywhere { "anywhere" } else { "together" }
    }

    /// Whether this is a process that this program has started.
    pub(super) fn owns(&self, pid: u32) -> bool {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&self.register)
    }
}
