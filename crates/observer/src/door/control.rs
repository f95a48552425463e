//! What watchers may do to the tree, where the program allows it: what the program itself can do by its handles.

use rootward_core::sibling::TreeWatch;
use rootward_core::{Restart, RestartChildError, SignalChildError, SupervisorHandle, TerminateChildError};

use super::refusal::Refusal;
use super::route::ControlRequest;

impl ControlRequest {
    /// Does it, and says what has been done.
    ///
    /// # Cancel safety
    ///
    /// A stop, a start or a signal that has been sent is not taken back. A restart is a stop and a start: if it is
    /// dropped between the two, the child stays down. So a task of its own runs this, which no watcher drops.
    pub(super) async fn perform(self, tree: &TreeWatch) -> Result<&'static str, Refusal> {
        match self {
            Self::Stop => {
                tree.request_stop();
                Ok("stop")
            }
            Self::Force => {
                tree.force();
                Ok("force")
            }
            Self::Terminate(path) => {
                let (supervisor, id) = find(tree, &path)?;
                supervisor.terminate_child(id).await.map_err(not_terminated)?;
                Ok("terminate")
            }
            Self::Start(path) => {
                let (supervisor, id) = find(tree, &path)?;
                start(&supervisor, id).await.map_err(not_started)?;
                Ok("start")
            }
            Self::Signal { signal, path } => {
                let signal = signal.parse().map_err(|_| Refusal::SIGNAL)?;
                let found = find(tree, &path);
                // What is wrong with the root is not that it has no supervisor.
                let (supervisor, id) =
                    found.map_err(|no| if no == Refusal::ROOT { Refusal::PROCESS } else { no })?;
                supervisor.signal_child(id, signal).map_err(|error| not_sent(&error))?;
                Ok("signal")
            }
            Self::Restart(path) => {
                let (supervisor, id) = find(tree, &path)?;
                match start(&supervisor, id).await {
                    Ok(()) => return Ok("restart"),
                    Err(RestartChildError::Running) => {}
                    Err(refused) => return Err(not_started(refused)),
                }
                // A temporary child would be gone for good.
                let spec = supervisor.child_spec(id).ok_or(Refusal::CHILD)?;
                if spec.restart_type() == Restart::Temporary {
                    return Err(Refusal::FORGOTTEN);
                }
                // Between the two nothing may run, which ends a program that runs as long as something does.
                let _active = tree.keep_active();
                supervisor.terminate_child(id).await.map_err(not_terminated)?;
                start(&supervisor, id).await.map_err(not_started)?;
                Ok("restart")
            }
        }
    }
}

/// The supervisor of a child, and the child's id.
fn find<'a>(tree: &TreeWatch, path: &'a str) -> Result<(SupervisorHandle, &'a str), Refusal> {
    let Some((above, id)) = path.rsplit_once('/') else {
        let is_root = tree.sighting().first().is_some_and(|root| root.node.path.as_str() == path);
        return Err(if is_root { Refusal::ROOT } else { Refusal::CHILD });
    };
    Ok((tree.supervisor(above).ok_or(Refusal::CHILD)?, id))
}

/// Starts a child that is down. One that has nothing to run has been asked, which is all that a watcher can do.
async fn start(supervisor: &SupervisorHandle, id: &str) -> Result<(), RestartChildError> {
    match supervisor.restart_child(id).await {
        Ok(_) | Err(RestartChildError::Ignored) => Ok(()),
        Err(error) => Err(error),
    }
}

fn not_terminated(error: TerminateChildError) -> Refusal {
    match error {
        TerminateChildError::NotFound => Refusal::CHILD,
        TerminateChildError::Stopping | TerminateChildError::NotRunning | _ => Refusal::STOPPING,
    }
}

fn not_sent(error: &SignalChildError) -> Refusal {
    match error {
        SignalChildError::NotFound => Refusal::CHILD,
        SignalChildError::NotAProcess => Refusal::PROCESS,
        SignalChildError::NotRunning => Refusal::DOWN,
        SignalChildError::System(_) | _ => Refusal::SYSTEM,
    }
}

fn not_started(error: RestartChildError) -> Refusal {
    match error {
        RestartChildError::Running => Refusal::RUNNING,
        RestartChildError::Restarting => Refusal::RESTARTING,
        RestartChildError::NotFound => Refusal::CHILD,
        RestartChildError::Dynamic => Refusal::FORGOTTEN,
        RestartChildError::Failed(_) => Refusal::START,
        RestartChildError::Stopping | RestartChildError::NotRunning | _ => Refusal::STOPPING,
    }
}
