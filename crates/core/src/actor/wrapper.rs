//! The actor around the user's actor.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::user_actor::{ReportedEnd, UserActor};
use crate::child::{Exit, StartError};

/// Passes everything on to the user's actor, and notes how it ends.
///
/// It has the message type of the user's actor, so that all other code, and the user's actor too, takes it for that
/// actor.
pub(super) struct Wrapper<A: Actor>(pub(super) Arc<UserActor<A>>);

/// Why a state can be expected wherever ractor hands one out.
const THERE: &str = "an actor has its state from its start to its end";

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl<A: Actor> Actor for Wrapper<A> {
    type Msg = A::Msg;
    type State = ();
    type Arguments = A::Arguments;

    async fn pre_start(
        &self,
        myself: ActorRef<A::Msg>,
        arguments: A::Arguments,
    ) -> Result<(), ActorProcessingErr> {
        let Self(wrapped) = self;
        let error = match wrapped.run(async { wrapped.actor().pre_start(myself, arguments).await }).await {
            Ok(Ok(state)) => {
                *wrapped.state() = Some(state);
                return Ok(());
            }
            Ok(Err(error)) => StartError::Failed(Arc::from(error)),
            Err(panic) => StartError::Panicked(panic),
        };
        wrapped.say(ReportedEnd::NotStarted(error));
        Err("it could not start".into())
    }

    async fn post_start(&self, myself: ActorRef<A::Msg>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let Self(wrapped) = self;
        let mut state = wrapped.state();
        let state = state.as_mut().expect(THERE);
        wrapped.judge(async { wrapped.actor().post_start(myself, state).await }).await
    }

    async fn handle(
        &self,
        myself: ActorRef<A::Msg>,
        message: A::Msg,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let Self(wrapped) = self;
        let mut state = wrapped.state();
        let state = state.as_mut().expect(THERE);
        wrapped.judge(async { wrapped.actor().handle(myself, message, state).await }).await
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<A::Msg>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let Self(wrapped) = self;
        let mut state = wrapped.state();
        let state = state.as_mut().expect(THERE);
        wrapped.judge(async { wrapped.actor().handle_supervisor_evt(myself, event, state).await }).await
    }

    async fn post_stop(&self, myself: ActorRef<A::Msg>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let Self(wrapped) = self;
        wrapped.leave();
        let mut state = wrapped.state();
        let state = state.as_mut().expect(THERE);
        wrapped.judge(async { wrapped.actor().post_stop(myself, state).await }).await?;
        // Said here and nowhere else: an actor that was killed never comes to this point.
        wrapped.say(ReportedEnd::Ended(Exit::Normal));
        Ok(())
    }
}
