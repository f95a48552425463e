//! The actor around the user's actor.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::held::{Held, Word};
use crate::child::{Exit, StartError};

/// Passes everything on to the user's actor, and notes how it ends.
///
/// It has the message type of the user's, so that it is the user's actor to everybody else, itself included.
pub(super) struct Guarded<A: Actor>(pub(super) Arc<Held<A>>);

/// Why a state can be expected wherever ractor hands one out.
const THERE: &str = "an actor has its state from its start to its end";

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl<A: Actor> Actor for Guarded<A> {
    type Msg = A::Msg;
    type State = ();
    type Arguments = A::Arguments;

    async fn pre_start(
        &self,
        myself: ActorRef<A::Msg>,
        arguments: A::Arguments,
    ) -> Result<(), ActorProcessingErr> {
        let Self(held) = self;
        let error = match held.run(async { held.actor().pre_start(myself, arguments).await }).await {
            Ok(Ok(state)) => {
                *held.state() = Some(state);
                return Ok(());
            }
            Ok(Err(error)) => StartError::Failed(Arc::from(error)),
            Err(panic) => StartError::Panicked(panic),
        };
        held.say(Word::NotStarted(error));
        Err("it could not start".into())
    }

    async fn post_start(&self, myself: ActorRef<A::Msg>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let Self(held) = self;
        let mut state = held.state();
        let state = state.as_mut().expect(THERE);
        held.judge(async { held.actor().post_start(myself, state).await }).await
    }

    async fn handle(
        &self,
        myself: ActorRef<A::Msg>,
        message: A::Msg,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let Self(held) = self;
        let mut state = held.state();
        let state = state.as_mut().expect(THERE);
        held.judge(async { held.actor().handle(myself, message, state).await }).await
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<A::Msg>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let Self(held) = self;
        let mut state = held.state();
        let state = state.as_mut().expect(THERE);
        held.judge(async { held.actor().handle_supervisor_evt(myself, event, state).await }).await
    }

    async fn post_stop(&self, myself: ActorRef<A::Msg>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let Self(held) = self;
        held.leave();
        let mut state = held.state();
        let state = state.as_mut().expect(THERE);
        held.judge(async { held.actor().post_stop(myself, state).await }).await?;
        // Said here and nowhere else: an actor that was killed never comes to this point.
        held.say(Word::Ended(Exit::Normal));
        Ok(())
    }
}
