//! How a program asks a supervisor what it is going to do.

use tokio::sync::oneshot;

#[cfg(feature = "testing")]
use super::entry::ChildEntry;
use super::handle::SupervisorHandle;
use super::mailbox::SupervisorMessage;
use super::outlook::Question;
use super::start_child::answered;
#[cfg(feature = "testing")]
use crate::child::ChildKind;
#[cfg(feature = "testing")]
use crate::event::EventKind;
use crate::outlook::{ChildOutlook, InHand};
use crate::snapshot::ProcessDetails;

impl SupervisorHandle {
    /// What the supervisor is going to do about a child, and what has to happen before. `None` if there is no such
    /// child, or this incarnation of the supervisor has ended.
    ///
    /// The machine that decides says it, when the supervisor has its turn and nothing is left for it to do but to wait;
    /// a supervisor whose thread is blocked does not answer. To say it, what the supervisor knows of its children is
    /// copied and played on. That takes the longer the more children it has, and the more of them wait for restarts of
    /// their own; after a hundred thousand steps it says nothing of what comes next.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, id: &str) -> Option<ChildOutlook> {
        self.ask(Some(id.to_owned())).await
    }

    /// What the supervisor has in hand. `None` if this incarnation of it has ended. It answers as
    /// [`outlook`](Self::outlook) does.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn in_hand(&self) -> Option<InHand> {
        self.own_outlook().await?.own
    }

    /// What is known of a process child beyond what it is doing: what its start waits for, how its health is, what it
    /// says of itself. `None` if there is nothing to tell.
    pub fn details(&self, id: &str) -> Option<ProcessDetails> {
        let inspect = self.shared().view.find(id, |entry| entry.live()?.inspect.clone())??;
        // Asked when nothing is locked.
        inspect.details().map(|details| *details)
    }

    /// Has a child crash that runs, and says which incarnation. An error says what kind of child cannot. With `by`, an
    /// event says what made it crash. For `rootward::testing` and the demo's `--chaos`.
    #[cfg(feature = "testing")]
    pub(crate) fn crash_child(&self, id: &str, by: Option<String>) -> Option<Result<u32, ChildKind>> {
        let look = |entry: &ChildEntry| Some((entry.tag(), entry.live()?.inspect.clone()));
        let (tag, inspect) = self.shared().view.find(id, look)??;
        let Some(inspect) = inspect.filter(|inspect| inspect.can_crash()) else { return Some(Err(tag.kind)) };
        if let Some(by) = by {
            // Not of a child that has ended meanwhile: of what is down the record tells nothing.
            let is_there =
                |entry: &ChildEntry| entry.incarnation == tag.incarnation && entry.live().is_some();
            let is_written = self.shared().tree.record().emit_if(
                || self.shared().view.find(id, is_there).unwrap_or_default(),
                tag.kind,
                tag.incarnation,
                || (tag.path.clone(), EventKind::MadeToCrash { by }),
            );
            if !is_written {
                return None;
            }
        }
        inspect.crash();
        Some(Ok(tag.incarnation))
    }

    /// What the supervisor has in hand, as what is said of itself.
    pub(crate) async fn own_outlook(&self) -> Option<ChildOutlook> {
        self.ask(None).await
    }

    async fn ask(&self, child: Option<String>) -> Option<ChildOutlook> {
        let (answer, answers) = oneshot::channel();
        self.shared().send(SupervisorMessage::Ask(Question { child, answer }));
        answered(answers, self.shared()).await.flatten()
    }
}
