//! The keeper of one process: carries out what the actor decides, and outlives it.

use std::collections::VecDeque;

use ractor::concurrency::JoinHandle;
use ractor::{ActorRef, SpawnErr};
use rootward_core::Reporter;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::actor::Message;
use super::body::Body;
use crate::policy::{Action, Input, Life, Rules, Verdict};

/// Owns one incarnation of a process, from its start to the report of its end.
pub(super) struct Keeper {
    mind: Mind,
    rules: Rules,
    body: Body,
    /// Taken for the last word.
    reporter: Option<Reporter>,
}

/// Who decides.
pub(super) enum Mind {
    Actor(Actor),
    /// The actor has failed.
    Own {
        life: Life,
        orders: VecDeque<Action>,
    },
}

/// The actor, as its keeper knows it.
pub(super) struct Actor {
    mailbox: ActorRef<Message>,
    /// Ends if the actor fails.
    orders: UnboundedReceiver<Action>,
    joined: JoinHandle<Result<JoinHandle<()>, SpawnErr>>,
}

impl Keeper {
    pub(super) fn new(actor: Actor, rules: Rules, body: Body, reporter: Reporter) -> Self {
        Self { mind: Mind::Actor(actor), rules, body, reporter: Some(reporter) }
    }

    /// Stays until nothing is left. Once.
    pub(super) async fn keep(&mut self) {
        let verdict = self.live().await;
        if let Mind::Actor(actor) = &mut self.mind {
            actor.end().await;
        }
        self.body.finish().await;
        self.report(verdict);
        self.body.leave_outputs();
    }

    /// Carries out orders and tells facts until nothing is left.
    async fn live(&mut self) -> Verdict {
        loop {
            tokio::select! {
                // What has been decided is done before anything else is looked at.
                biased;
                order = self.mind.order() => match order {
                    Some(Action::Finish(verdict)) => return verdict,
                    Some(order) => self.obey(order),
                    None => self.take_over(),
                },
                fact = self.body.next() => self.mind.tell(fact),
            }
        }
    }

    fn obey(&mut self, order: Action) {
        match order {
            Action::Launch => self.body.launch(),
            Action::AwaitReady => self.body.await_ready(),
            Action::ReportStarted => {
                if let Some(reporter) = &self.reporter {
                    reporter.started(self.body.pid());
                }
            }
            Action::Signal(signal) => self.body.signal(signal),
            Action::WakeAt(at) => self.body.wake_at(at),
            Action::Survey => self.body.survey(),
            Action::Finish(_) => unreachable!("a finish ends the keeper's loop"),
        }
    }

    /// Decides itself from now on, because the actor has failed: whatever there is has to go.
    fn take_over(&mut self) {
        let now = Instant::now().into_std();
        let (life, orders) = match self.body.stage() {
            Some(stage) => Life::salvaged(self.rules.clone(), stage, now),
            None => (Life::new(self.rules.clone()), vec![Action::Finish(Verdict::NotLaunched)]),
        };
        self.mind = Mind::Own { life, orders: orders.into() };
    }

    fn report(&mut self, verdict: Verdict) {
        let Some(reporter) = self.reporter.take() else { return };
        match verdict {
            Verdict::NotLaunched | Verdict::NotReady => reporter.failed(self.body.failure()),
            Verdict::Ended => reporter.ended(self.body.ended()),
        }
    }
}

impl Drop for Keeper {
    /// The runtime is shut down, or the keeper panics: the process goes, and the supervisor hears of it after that.
    fn drop(&mut self) {
        if let (Some(reporter), Some(leash)) = (self.reporter.take(), self.body.abandon()) {
            leash.bury(move |exit| reporter.ended(exit));
        }
    }
}

impl Mind {
    /// The next thing to be done, or `None` if there is nobody who could say. Cancel safe.
    async fn order(&mut self) -> Option<Action> {
        match self {
            Self::Actor(actor) => actor.orders.recv().await,
            Self::Own { orders, .. } => match orders.pop_front() {
                Some(order) => Some(order),
                None => std::future::pending().await,
            },
        }
    }

    fn tell(&mut self, fact: Input) {
        match self {
            // If it has failed, its orders have ended, and that is what comes next.
            Self::Actor(actor) => drop(actor.mailbox.cast(Message::Fact(fact))),
            Self::Own { life, orders } => orders.extend(life.step(fact, Instant::now().into_std())),
        }
    }
}

impl Actor {
    pub(super) fn new(
        mailbox: ActorRef<Message>,
        orders: UnboundedReceiver<Action>,
        joined: JoinHandle<Result<JoinHandle<()>, SpawnErr>>,
    ) -> Self {
        Self { mailbox, orders, joined }
    }

    pub(super) fn mailbox(&self) -> &ActorRef<Message> {
        &self.mailbox
    }

    /// Waits until the actor is gone, with its state.
    async fn end(&mut self) {
        if let Ok(Ok(joined)) = (&mut self.joined).await {
            // However it ended, it has.
            let _ = joined.await;
        }
    }
}
