//! What the guardian is told, and the queue in which that waits.
//!
//! The queue has no bound of its own and needs none. A wish of the program waits in it once, however often it is
//! repeated, and the root has a handful of things to say of itself in its whole life: that it has started, that it
//! stops, that it is stuck, and how it ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use crate::child::StopCause;
use crate::child_kind::{ChildReport, Report};
use crate::policy::is_put_off;
use crate::sync::point;

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
    /// The next command. `None` if there will never be one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no command is lost.
    pub(super) async fn recv(&mut self) -> Option<GuardianCommand> {
        let command = self.queue.recv().await?;
        // Before it is obeyed: what is asked for from now on is a wish of its own.
        if let Some(waits) = self.waiting.place(&command) {
            waits.store(false, Ordering::Release);
        }
        point();
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wish_that_is_repeated_a_million_times_waits_once() {
        let (sender, mut receiver) = commands();

        for _ in 0..1_000_000 {
            sender.send(GuardianCommand::Stop(StopCause::Api));
            sender.send(GuardianCommand::Force);
            sender.send(GuardianCommand::GiveUp);
            sender.send(GuardianCommand::Answer);
        }

        assert_eq!(receiver.queue.len(), 4);
        assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Api))));
        assert!(matches!(receiver.recv().await, Some(GuardianCommand::Force)));
    }

    #[tokio::test]
    async fn a_wish_that_is_being_dealt_with_may_be_repeated() {
        let (sender, mut receiver) = commands();
        sender.send(GuardianCommand::Stop(StopCause::Api));
        assert!(receiver.recv().await.is_some());

        sender.send(GuardianCommand::Stop(StopCause::Api));

        assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Api))));
    }

    #[tokio::test]
    async fn of_two_stops_that_wait_the_first_has_the_cause() {
        let (sender, mut receiver) = commands();

        sender.send(GuardianCommand::Stop(StopCause::Signal("SIGTERM")));
        sender.send(GuardianCommand::Stop(StopCause::Api));

        assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Signal("SIGTERM")))));
        assert!(receiver.queue.is_empty());
    }

    #[tokio::test]
    async fn a_stop_that_is_not_put_off_is_heard_beside_one_that_is() {
        let (sender, mut receiver) = commands();

        sender.send(GuardianCommand::Stop(StopCause::Api));
        sender.send(GuardianCommand::Stop(StopCause::Uncontained));

        assert!(receiver.recv().await.is_some());
        assert!(matches!(receiver.recv().await, Some(GuardianCommand::Stop(StopCause::Uncontained))));
    }

    #[test]
    fn a_guardian_that_is_gone_is_told_nothing() {
        let (sender, receiver) = commands();
        assert!(sender.send(GuardianCommand::Answer));

        drop(receiver);

        assert!(!sender.send(GuardianCommand::Answer), "it waits for ever");
        assert!(!sender.send(GuardianCommand::Force));
    }
}
