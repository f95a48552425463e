//! Processes at each level of containment.

use std::time::Duration;

use rootward_core::{
    DynamicSupervisor, EventKind, Restart, StopOrder, Strategy, Supervisor, SupervisorHandle, Tree,
    TreeBuilder,
};
use rootward_procs::{Containment, Health, Output, Process, Ready, Warden};
use tokio::runtime::Runtime;

use crate::machine::clock;
use crate::metrics::health::{self, Check};
use crate::metrics::output::{self, Captured};
use crate::metrics::processes::{self, Order};
use crate::metrics::ready::{ARGUMENTS, LINE, Readiness};
use crate::programs::{CHATTER, IDLE, PidLog};
use crate::subjects::runtime;

/// How far processes are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As far as is possible here: what a user gets.
    Auto,
    Group,
    Tree,
    TreeAndCgroup,
}

pub struct Processes {
    containment: Containment,
    runtime: Runtime,
}

impl Processes {
    /// `None` if there is no such level here. It forks, and so has to come first of all.
    pub fn new(level: Level) -> Option<Self> {
        let warden = || Warden::fork().expect("the warden can be forked");
        let containment = match level {
            Level::Auto => Containment::auto(),
            Level::Group => Containment::group(),
            Level::Tree => Containment::tree(&warden()).without_cgroups(),
            Level::TreeAndCgroup => Containment::tree(&warden()),
        };
        let there = level != Level::TreeAndCgroup || containment.name() == "tree+cgroup";
        there.then(|| Self { containment, runtime: runtime() })
    }

    fn tree(&self, root: Supervisor) -> TreeBuilder {
        let root = root.strategy(Strategy::OneForOne).intensity(u32::MAX, Duration::from_secs(1));
        self.containment
            .apply(root.into_tree().expect("the tree makes sense"))
            .deadline(Duration::from_secs(300))
    }
}

impl Processes {
    /// A tree that has started.
    fn started(&self, root: Supervisor) -> Tree {
        let builder = self.tree(root);
        self.runtime.block_on(async {
            tokio::spawn(builder.start()).await.expect("no panic").expect("the tree starts")
        })
    }
}

/// A tree, and the part of it to which processes can be added.
pub struct Running {
    tree: Tree,
    more: SupervisorHandle,
}

impl processes::Processes for Processes {
    type Running = Running;

    fn start(&self, n: usize, order: Order, pid_log: &PidLog) -> Running {
        let order = match order {
            Order::AtOnce => StopOrder::Concurrent,
            Order::InTurn => StopOrder::Reverse,
        };
        let child = |i| idle(pid_log).into_child(format!("c{i}"));
        let root = Supervisor::new("root")
            .stop_order(order)
            .children((0..n).map(child))
            .child(DynamicSupervisor::new("more"));
        let builder = self.tree(root);
        self.runtime.block_on(async {
            let tree = tokio::spawn(builder.start()).await.expect("no panic").expect("the tree starts");
            let more = tree.supervisor("root/more").expect("it runs");
            Running { tree, more }
        })
    }

    fn add(&self, running: &mut Running, pid_log: &PidLog) -> u64 {
        let (more, child) =
            (running.more.clone(), idle(pid_log).into_child("another").restart(Restart::Temporary));
        let adding = async move {
            let begun = clock::now();
            more.start_child(child).await.expect("it can be started");
            begun
        };
        self.runtime.block_on(async { tokio::spawn(adding).await.expect("no panic") })
    }

    fn stop(&self, running: Running) {
        let report = self.runtime.block_on(running.tree.stop());
        assert!(report.clean);
    }

    fn helper(&self) -> Option<u32> {
        self.containment.warden().map(Warden::pid)
    }
}

impl Readiness for Processes {
    type Running = Tree;

    fn start_ready(&self, n: usize) -> Tree {
        let ready = || Ready::line_containing(LINE);
        let child = |i| Process::new(IDLE).args(ARGUMENTS).ready(ready()).into_child(format!("c{i}"));
        self.started(Supervisor::new("root").children((0..n).map(child)))
    }

    fn stop_ready(&self, tree: Tree) {
        assert!(self.runtime.block_on(tree.stop()).clean);
    }
}

impl health::Health for Processes {
    type Running = Tree;

    fn start_checked(&self, addresses: Vec<String>, check: Check) -> Tree {
        let own = std::env::current_exe().expect("this program is a file");
        let child = |(number, address): (usize, String)| {
            let server = Process::new(&own).args([health::SERVE, &address]);
            let server = server.ready(Ready::line_containing("listening"));
            let health = match check {
                Check::None => None,
                Check::Tcp => Some(Health::tcp(address)),
                Check::Http => Some(Health::http(format!("http://{address}/"))),
            };
            let server = match health {
                Some(health) => server.health(health.interval(Duration::from_secs(1))),
                None => server,
            };
            server.into_child(format!("server-{number}"))
        };
        self.started(Supervisor::new("root").children(addresses.into_iter().enumerate().map(child)))
    }

    fn stop_checked(&self, tree: Tree) {
        assert!(self.runtime.block_on(tree.stop()).clean);
    }
}

impl output::Output for Processes {
    fn capture(&self, arguments: [String; 2]) -> Captured {
        let chatter = Process::new(CHATTER).args(arguments);
        let root = Supervisor::new("root").child(chatter.into_child("chatter").restart(Restart::Temporary));
        let mut builder = self.tree(root);
        let mut events = builder.subscribe();
        self.runtime.block_on(async {
            let reading = tokio::spawn(async move {
                let begun = clock::now();
                let tree = builder.start().await.expect("the tree starts");
                let (mut bytes, mut lines) = (0, 0);
                loop {
                    // What is lost is not counted.
                    let Ok(event) = events.next().await else { continue };
                    match &event.expect("there are more").what {
                        EventKind::Output { line, .. } => {
                            bytes += line.len();
                            lines += 1;
                        }
                        EventKind::Exited { .. } => break,
                        _ => {}
                    }
                }
                let nanos = clock::now() - begun;
                tree.stop().await;
                Captured { nanos, bytes, lines }
            });
            reading.await.expect("no panic")
        })
    }
}

fn idle(pid_log: &PidLog) -> Process {
    Process::new(IDLE).arg(pid_log.path()).stdout(Output::Inherit).stderr(Output::Inherit)
}
