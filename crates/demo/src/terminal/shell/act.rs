//! What the user may do to this program's own tree, by the handles that every program has.

use std::time::Duration;

use rootward::error::RestartChildError;
use rootward::sibling::TreeWatch;
use rootward::{Restart, Signal, SupervisorHandle};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::terminal::state::{Effect, Explained};

/// How long the machine of a supervisor may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Terminates, starts or restarts a child, and says how it went.
///
/// # Cancel safety
///
/// A stop or a start that has begun goes on. A restart that is dropped while the child stops leaves it down: so this
/// runs as a task of the program's runtime, which the end of the view does not drop.
pub(super) async fn act(tree: &TreeWatch, effect: &Effect) -> String {
    let (done, path) = match effect {
        Effect::Terminate(path) => (terminate(tree, path).await.map(|()| "is down"), path),
        Effect::Start(path) => (start(tree, path).await.map(|()| "runs"), path),
        Effect::Restart(path) => (restart(tree, path).await.map(|()| "runs again"), path),
        Effect::Stop
        | Effect::Force
        | Effect::Signal { .. }
        | Effect::Copy(_)
        | Effect::Chaos(_)
        | Effect::Explain(_)
        | Effect::Look
        | Effect::Redraw
        | Effect::Leave => return String::new(),
    };
    match done {
        Ok(done) => format!("{path} {done}"),
        Err(why) => format!("{path}: {why}"),
    }
}

async fn terminate(tree: &TreeWatch, path: &str) -> Result<(), String> {
    let (supervisor, id) = find(tree, path)?;
    supervisor.terminate_child(id).await.map_err(|error| error.to_string())
}

async fn start(tree: &TreeWatch, path: &str) -> Result<(), String> {
    let (supervisor, id) = find(tree, path)?;
    supervisor.restart_child(id).await.map(drop).map_err(|error| error.to_string())
}

async fn restart(tree: &TreeWatch, path: &str) -> Result<(), String> {
    let (supervisor, id) = find(tree, path)?;
    match supervisor.restart_child(id).await {
        Ok(_) => return Ok(()),
        Err(RestartChildError::Running) => {}
        Err(error) => return Err(error.to_string()),
    }
    let spec = supervisor.child_spec(id).ok_or("no child has this id")?;
    if spec.restart_type() == Restart::Temporary {
        return Err("it is temporary and would be forgotten".to_owned());
    }
    // Between the two nothing may run, which ends a program that runs as long as something does.
    let _active = tree.keep_active();
    supervisor.terminate_child(id).await.map_err(|error| error.to_string())?;
    supervisor.restart_child(id).await.map(drop).map_err(|error| error.to_string())
}

/// What the machine of a child's supervisor is going to do about it, and what it uses. One that does not answer is not
/// waited for.
///
/// # Cancel safety
///
/// Cancel safe.
pub(super) async fn explain(tree: &TreeWatch, path: String) -> Explained {
    let outlook = timeout(PATIENCE, tree.outlook(&path)).await.ok().flatten();
    let (looked, place) = (tree.clone(), path.clone());
    // It reads files of the system, which may be slow.
    let used = spawn_blocking(move || {
        let seen = looked.sighting().into_iter().find(|seen| seen.node.path == *place);
        (looked.usage(&place), seen)
    });
    let (usage, seen) = used.await.unwrap_or_default();
    let (usage, child) = (usage.as_ref().map(Into::into), seen.as_ref().map(Into::into));
    // The view has had all events from the first one on.
    Explained { decided: outlook.as_ref().map(Into::into), child, because: None, path, usage }
}

/// Sends a signal to the process of a child, and says how it went.
pub(super) fn send(tree: &TreeWatch, path: &str, signal: &str) -> String {
    let Ok(known) = signal.parse::<Signal>() else { return format!("{signal} is unknown") };
    let sent = find(tree, path)
        .and_then(|(supervisor, id)| supervisor.signal_child(id, known).map_err(|error| error.to_string()));
    match sent {
        Ok(()) => format!("{signal} sent to {path}"),
        Err(why) => format!("{path}: {why}"),
    }
}

fn find<'a>(tree: &TreeWatch, path: &'a str) -> Result<(SupervisorHandle, &'a str), String> {
    let (above, id) = path.rsplit_once('/').ok_or("the root is stopped with the whole tree")?;
    Ok((tree.supervisor(above).ok_or("its supervisor does not run")?, id))
}
