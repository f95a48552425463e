//! The ractor actor of a supervisor: it owns the engine, and each message is a fact for it.
//!
//! Absent on purpose: ractor's links, names, `kill`, `stop_and_wait` and exit reasons. None of them waits for what it
//! ends. The `ActorRef` stays in this module.

use std::sync::{Arc, OnceLock};

use ractor::{Actor, ActorProcessingErr, ActorRef, ActorRuntime};

use super::engine::{Engine, Plan, Progress};
use super::link::ChildLink;
use super::message::Message;
use crate::panics::drop_quietly;
use crate::spawn::place;

/// Ractor drops it after the actor's state and after everything else that it does for the actor: with it goes the
/// actor's hold on the link, which acknowledges the supervisor.
struct SupervisorActor {
    link: OnceLock<Arc<ChildLink>>,
}

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl Actor for SupervisorActor {
    type Msg = Message;
    type State = Engine;
    type Arguments = Plan;

    async fn pre_start(&self, _: ActorRef<Message>, plan: Plan) -> Result<Engine, ActorProcessingErr> {
        let link = ChildLink::new(Arc::clone(&plan.shared));
        let _ = self.link.set(Arc::clone(&link));
        Ok(Engine::new(plan, link))
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        engine: &mut Engine,
    ) -> Result<(), ActorProcessingErr> {
        if engine.take(message) == Progress::Finished {
            myself.stop(None);
        }
        Ok(())
    }
}

/// Starts the actor of a supervisor. Its mailbox is open when this returns.
pub(super) fn spawn(plan: Plan) {
    let shared = Arc::clone(&plan.shared);
    let control = place(shared.tree.control());
    let _inside = control.enter();
    // Neither named nor linked: a name is global and a link kills, and both would be ractor's business and not ours.
    let actor = SupervisorActor { link: OnceLock::new() };
    match ActorRuntime::spawn_instant(None, actor, plan) {
        Ok((actor, _)) => shared.runs_as(actor),
        // Only a name can clash, and there is none. The plan has been dropped, and its reporter has said so.
        Err(error) => drop_quietly(error),
    }
}
