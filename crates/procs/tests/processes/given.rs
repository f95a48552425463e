//! Trees to test with, and how to wait for what happens in them.

use std::sync::Arc;
use std::time::Duration;

use rootward_core::{
    ChildSpec, Event, EventKind, Events, Exit, NodeReport, StartError, Supervisor, Tree, TreeStartError,
};
use rootward_procs::Process;

use crate::until::{until, within};

/// A tree that is starting or running, and its events so far.
pub(crate) struct Given {
    pub(crate) tree: Tree,
    events: Events,
}

/// A tree with these children under `root`.
pub(crate) fn tree(children: impl IntoIterator<Item = ChildSpec>) -> Given {
    tree_with_intensity(0, children)
}

/// A tree that restarts its children so often at most.
pub(crate) fn tree_with_intensity(restarts: u32, children: impl IntoIterator<Item = ChildSpec>) -> Given {
    let root = Supervisor::new("root").intensity(restarts, Duration::from_secs(60)).children(children);
    let mut builder = crate::containment().apply(root.into_tree().unwrap());
    let events = builder.subscribe();
    Given { tree: builder.launch(), events }
}

/// A tree with one child, `root/child`, that runs a shell script.
pub(crate) fn script(script: &str) -> Given {
    tree([shell(script).into_child("child")])
}

/// A process that runs a shell script.
pub(crate) fn shell(script: &str) -> Process {
    Process::new("/bin/sh").args(["-c", script])
}

impl Given {
    /// The next event that this recognises.
    pub(crate) async fn event<T>(&mut self, mut recognise: impl FnMut(&Event) -> Option<T>) -> T {
        let find = async {
            loop {
                let event: Option<Arc<Event>> = self.events.next().await.expect("no event is lost");
                let event = event.expect("the event comes before the last one");
                if let Some(found) = recognise(&event) {
                    return found;
                }
            }
        };
        within("an event", find).await
    }

    /// Waits until the start of `root/child` has begun.
    pub(crate) async fn starting(&mut self) {
        self.event(|event| (event.path == "root/child" && event.what == EventKind::Starting).then_some(()))
            .await;
    }

    /// The process id with which `root/child` starts next.
    pub(crate) async fn started(&mut self) -> u32 {
        self.event(|event| match event.what {
            EventKind::Started { pid } => pid,
            _ => None,
        })
        .await
    }

    /// The next line that a child writes.
    pub(crate) async fn line(&mut self) -> String {
        self.event(line).await
    }

    /// Waits for a child to write this line.
    pub(crate) async fn wait_for_line(&mut self, expected: &str) {
        self.event(|event| line(event).filter(|line| line == expected)).await;
    }

    /// How a child ends by itself.
    pub(crate) async fn exit(&mut self) -> Exit {
        self.event(|event| match &event.what {
            EventKind::Exited { status, .. } => status.clone(),
            _ => None,
        })
        .await
    }

    /// All that is still to come until the tree is gone.
    pub(crate) async fn rest(mut self) -> Vec<Arc<Event>> {
        let mut seen = Vec::new();
        let read = async {
            while let Some(event) = self.events.next().await.expect("no event is lost") {
                seen.push(event);
            }
        };
        within("the end of the tree", read).await;
        seen
    }

    /// All lines that are still to come until the tree is gone.
    pub(crate) async fn lines(self) -> Vec<String> {
        self.rest().await.iter().filter_map(|event| line(event)).collect()
    }

    /// Stops the tree and says how `root/child` came down.
    pub(crate) async fn stop(&self) -> NodeReport {
        let report = within("the stop", self.tree.stop()).await;
        report.find("root/child").expect("the child is in the report").clone()
    }

    /// Why the tree cannot be started.
    pub(crate) async fn start_error(&self) -> String {
        match within("the end of the start", self.tree.started()).await {
            Err(TreeStartError::Start { error: StartError::Child { source, .. }, .. }) => source.describe(),
            other => panic!("the start should have failed, but: {other:?}"),
        }
    }
}

/// The line that was written, if that is what happened.
pub(crate) fn line(event: &Event) -> Option<String> {
    match &event.what {
        EventKind::Output { line, .. } => Some(line.clone()),
        _ => None,
    }
}

/// What was written, with its lines put together from their pieces: one that a process had to wait in comes in two.
pub(crate) fn text(events: &[Arc<Event>]) -> String {
    let mut text = String::new();
    for event in events {
        if let EventKind::Output { line, continued, .. } = &event.what {
            text.push_str(if *continued || text.is_empty() { "" } else { "\n" });
            text.push_str(line);
        }
    }
    text
}

/// Waits until there is no process with this id any more, not even a zombie.
pub(crate) fn wait_until_gone(pid: u32) {
    let place = std::path::PathBuf::from(format!("/proc/{pid}"));
    until(&format!("{pid} is gone"), || !place.exists());
}

/// Whether there is a process with this id that is not a zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}
