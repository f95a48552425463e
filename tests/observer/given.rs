//! Trees to look into, and doors to look through.

use std::path::PathBuf;
use std::sync::Arc;

use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor, TaskContext, Tree};
use rootward_observer::{Door, OpenDoor};
use rootward_tests::BACKSTOP;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::client::Place;

/// A tree with an open door.
pub(crate) struct Given {
    pub(crate) tree: Tree,
    pub(crate) door: OpenDoor,
    pub(crate) place: Place,
    /// Makes the child `root/team/fails` fail.
    pub(crate) fail: Arc<Notify>,
    _directory: TempDir,
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(BACKSTOP, future).await.expect("this comes to an end")
}

/// A tree with a door at a Unix socket.
pub(crate) async fn given(set: impl FnOnce(Door) -> Door) -> Given {
    let directory = TempDir::new().expect("there is room for a directory");
    let path = directory.path().join("door.sock");
    let fail = Arc::new(Notify::new());
    let tree = team(Arc::clone(&fail)).start().await.expect("it starts");
    let door = set(Door::unix(&path)).open(&tree).expect("the door opens");
    Given { tree, door, place: Place::Unix(path), fail, _directory: directory }
}

/// The token of the doors at ports.
pub(crate) const TOKEN: &str = "a-secret-that-only-the-test-has";

/// A tree with a door at a port.
pub(crate) async fn given_at_a_port() -> Given {
    let fail = Arc::new(Notify::new());
    let tree = team(Arc::clone(&fail)).start().await.expect("it starts");
    let door = Door::loopback(0, TOKEN).open(&tree).expect("the door opens");
    let place = Place::Port(door.address().expect("it is at a port"));
    Given { tree, door, place, fail, _directory: TempDir::new().expect("there is room for a directory") }
}

/// Two supervisors: one with a child that can be made to fail and one that goes with it, and one without children.
pub(crate) fn team(fail: Arc<Notify>) -> Supervisor {
    let fails = ChildSpec::task("fails", move |cx| {
        let fail = Arc::clone(&fail);
        async move {
            match cx.unless_stopping(fail.notified()).await {
                Some(()) => Err("it was made to fail"),
                None => Ok(()),
            }
        }
    });
    let team = Supervisor::new("team")
        .strategy(rootward::Strategy::OneForAll)
        .child(fails)
        .child(idle("goes along"));
    let once = idle("once").restart(Restart::Temporary);
    Supervisor::new("root").child(team).child(DynamicSupervisor::new("pool")).child(once).child(idle("last"))
}

pub(crate) fn idle(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx: TaskContext| async move { cx.stopping().await })
}

impl Given {
    pub(crate) fn path(&self) -> PathBuf {
        self.door.path().expect("it is at a socket").to_owned()
    }

    /// Has so many children come and go, three events each.
    pub(crate) async fn happen(&self, times: usize) {
        self.come_and_go(times, 0).await;
    }

    /// Has a lot of text become events: so many children fail with 64 KiB each.
    pub(crate) async fn happen_loudly(&self, times: usize) {
        self.come_and_go(times, 64 * 1024).await;
    }

    async fn come_and_go(&self, times: usize, text: usize) {
        let pool = self.tree.supervisor("root/pool").expect("it runs");
        // All at once, which takes a loaded machine less time than one after the other.
        let starts = (0..times).map(|_| {
            let work =
                move |_: TaskContext| async move { if text > 0 { Err("x".repeat(text)) } else { Ok(()) } };
            pool.start_child(ChildSpec::task("brief", work).restart(Restart::Temporary))
        });
        for started in futures_util::future::join_all(starts).await {
            started.expect("it starts");
        }
        // What happens after this is the last that watchers hear.
        within(async {
            while pool.count_children().specs > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
