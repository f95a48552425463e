//! What the guardian is told, and the queue in which that waits.
//!
//! The queue has no bound of its own and needs none. A wish of the program waits in it once, however often it is
//! repeated, and the root has a handful of things to say of itself in its whole life: that it has started, that it
//! stops, that it is stuck, and how it ended. A test runs this file under all interleavings of its callers.

use std::sync::Arc;

use crate::child::StopCause;
use crate::child_kind::{ChildReport, Report};
use crate::policy::is_put_off;
use crate::sync::{AtomicBool, Ordering, mpsc, point};

/// What the guardian is told: what the program wants of the root, and what the root says of itself.
pub(super) enum GuardianCommand {
    Stop(StopCause),
    Force,
    /// Show that the guardian has its turn.
    Answer,
    /// Report now, whatever is still there.
    GiveUp,
    Hear(Box<ChildReport>),
}

impl GuardianCommand {
    /// Whether the root reports its end.
    pub(super) fn is_the_end(&self) -> bool {
        matches!(self, Self::Hear(said) if matches!(said.report, Report::Ended { .. } | Report::Failed { .. }))
    }
}

/// Makes the guardian's queue.
pub(super) fn commands() -> Commands {
    let (queue, receiver) = mpsc::unbounded_channel();
    let waiting = Arc::new(WaitingCommands::default());
    (CommandSender { queue, waiting: Arc::clone(&waiting) }, CommandReceiver { queue: receiver, waiting })
}

/// Both ends of the guardian's queue.
pub(super) type Commands = (CommandSender, CommandReceiver);

/// Where commands are handed in.
#[derive(Clone)]
pub(super) struct CommandSender {
    queue: mpsc::UnboundedSender<GuardianCommand>,
    waiting: Arc<WaitingCommands>,
}

/// Where the guardian takes them out.
pub(super) struct CommandReceiver {
    queue: mpsc::UnboundedReceiver<GuardianCommand>,
    waiting: Arc<WaitingCommands>,
}

/// Which wishes wait in the queue.
#[derive(Default)]
struct WaitingCommands {
    /// A stop that a drain delay puts off.
    stop: AtomicBool,
    /// A stop that nothing puts off.
    stop_at_once: AtomicBool,
    force: AtomicBool,
    answer: AtomicBool,
    give_up: AtomicBool,
}

impl WaitingCommands {
    /// Whether this one waits. `None` says that it is no wish.
    fn place(&self, command: &GuardianCommand) -> Option<&AtomicBool> {
        match command {
            // The first one has the cause that counts.
            GuardianCommand::Stop(cause) if is_put_off(*cause) => Some(&self.stop),
            GuardianCommand::Stop(_) => Some(&self.stop_at_once),
            GuardianCommand::Force => Some(&self.force),
            GuardianCommand::Answer => Some(&self.answer),
            GuardianCommand::GiveUp => Some(&self.give_up),
            GuardianCommand::Hear(_) => None,
        }
    }
}

impl CommandSender {
    /// Hands in a command, unless an equal one waits. `false` says that the guardian is gone.
    pub(super) fn send(&self, command: GuardianCommand) -> bool {
        point();
        if self.waiting.place(&command).is_some_and(|waits| waits.swap(true, Ordering::AcqRel)) {
            return !self.queue.is_closed();
        }
        point();
        self.queue.send(command).is_ok()
    }
}

impl CommandReceiver {
    /// How many commands wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// The next command. `None` if there will never be one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no command is lost.
    pub(super) async fn recv(&mut self) -> Option<GuardianCommand> {
        let command = self.queue.recv().await?;
        // Before it is obeyed: what is asked for from now on is a wish of its own. It is read as well, so that the
        // guardian sees what the last caller had written that found the wish waiting.
        if let Some(waits) = self.waiting.place(&command) {
            waits.swap(false, Ordering::AcqRel);
        }
        point();
        Some(command)
    }
}

/// Whether the guardian has had a turn since it was last asked for one.
#[derive(Default)]
pub(super) struct GuardianAnswer(AtomicBool);

impl GuardianAnswer {
    /// Asks for an answer. `false` says that the guardian is gone.
    pub(super) fn ask(&self, guardian: &CommandSender) -> bool {
        // Before it is asked, so that no answer is lost.
        self.0.store(false, Ordering::Relaxed);
        point();
        guardian.send(GuardianCommand::Answer)
    }

    /// The guardian has its turn.
    pub(super) fn is_given(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether there is an answer to the last question.
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
