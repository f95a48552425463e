//! The ractor actor of a supervisor.
//!
//! It gets one message, which says that it may begin. From then on it waits for the mail that belongs to the supervisor's state,
//! where it survives the actor.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::coop::cooperative;

use super::engine::Turn;
use super::keeper::{Keeper, Shared};

/// Says that the actor may begin.
pub(super) struct Begin;

/// Ractor drops it after the actor's state and after everything else that it does for the actor: the actor's task ends with it.
pub(super) struct SupervisorActor {
    pub(super) _keeper: Keeper,
}

impl Actor for SupervisorActor {
    type Msg = Begin;
    type State = Arc<Shared>;
    type Arguments = Arc<Shared>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Begin>,
        shared: Arc<Shared>,
    ) -> Result<Arc<Shared>, ActorProcessingErr> {
        Ok(shared)
    }

    async fn handle(
        &self,
        myself: ActorRef<Begin>,
        Begin: Begin,
        shared: &mut Arc<Shared>,
    ) -> Result<(), ActorProcessingErr> {
        loop {
            let turn = shared.engine().turn();
            match turn {
                Turn::More => tokio::task::yield_now().await,
                // Mail that never ends must not keep others from their turn either.
                Turn::Rest => cooperative(shared.inbox().arrival()).await,
                Turn::Stopping => cooperative(shared.inbox().arrival_or_call(shared)).await,
                Turn::Finished => break,
            }
        }
        myself.stop(None);
        Ok(())
    }
}
