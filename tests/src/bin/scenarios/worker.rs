//! The sample task that every worker is.

use std::sync::Arc;

use rootward::{Exit, TaskContext};
use tokio::time::{Instant, sleep_until};

use crate::options::Reaction;
use crate::scenario::Reason;
use crate::world::{Birth, World};

/// Runs until it is ordered to end or asked to stop, to which it reacts in its own way.
pub(crate) async fn work(world: Arc<World>, birth: Birth, reaction: Reaction, cx: TaskContext) -> Exit {
    let (_alive, order) = world.enlist(&birth);
    let reason = tokio::select! {
        biased;
        Ok(reason) = order => reason,
        () = cx.stopping() => react(reaction).await,
    };
    match reason {
        Reason::Normal => Exit::Normal,
        Reason::Shutdown => Exit::Shutdown,
        Reason::ShutdownTerm => {
            world.note_term(&birth);
            Exit::Shutdown
        }
        Reason::Abnormal => Exit::Failed { error: "it was told to".into() },
        // To a supervisor it looks as if the task had been aborted.
        Reason::Killed => Exit::Aborted,
    }
}

async fn react(reaction: Reaction) -> Reason {
    match reaction {
        Reaction::Shutdown => Reason::Shutdown,
        Reaction::ShutdownTerm => Reason::ShutdownTerm,
        Reaction::Normal => Reason::Normal,
        Reaction::Abnormal => Reason::Abnormal,
        Reaction::Ignore => std::future::pending().await,
        Reaction::Slow(time) => {
            sleep_until(Instant::now() + time).await;
            Reason::Shutdown
        }
    }
}
