//! The ractor actor of a supervisor.
//!
//! Its mailbox holds one message, which says that there is mail: the mail itself belongs to the supervisor's state, where it
//! survives the actor.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::engine::Turn;
use super::keeper::Shared;

/// Says that there is mail.
pub(super) struct Wake;

pub(super) struct SupervisorActor;

impl Actor for SupervisorActor {
    type Msg = Wake;
    type State = Arc<Shared>;
    type Arguments = Arc<Shared>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Wake>,
        shared: Arc<Shared>,
    ) -> Result<Arc<Shared>, ActorProcessingErr> {
        Ok(shared)
    }

    async fn handle(
        &self,
        myself: ActorRef<Wake>,
        Wake: Wake,
        shared: &mut Arc<Shared>,
    ) -> Result<(), ActorProcessingErr> {
        let turn = shared.engine().turn();
        match turn {
            Turn::More => shared.wake(),
            Turn::Rest => {}
            Turn::Finished => myself.stop(None),
        }
        Ok(())
    }
}
