//! Processes as children: started once, ended exactly as told, and gone when that is said.

mod company;
mod restarts;
mod retries;
mod signalled;
mod stops;
mod surroundings;

use rootward::process::Signal;
use rootward::report::NodeReport;
use rootward::{ChildSpec, EventKind, Exit};

use crate::support::{GivenTree, fixture};

fn forever(id: &str) -> ChildSpec {
    fixture!("runs_forever").into_child(id)
}

/// Stops a tree whose one child is `a`, and says how that went.
async fn stopped(tree: &GivenTree) -> NodeReport {
    tree.stop().await.find("root/a").expect("it was there").clone()
}

fn status_of(what: &EventKind) -> Option<&Exit> {
    let EventKind::Exited { status, .. } = what else { panic!("not an exit: {what:?}") };
    status.as_ref()
}

fn signal(signal: Signal) -> Exit {
    Exit::Signal {
        name: signal.to_string(),
        number: signal.number(),
        core_dumped: false,
        out_of_memory: false,
    }
}
