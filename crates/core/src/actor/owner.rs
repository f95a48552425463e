//! The task beside an actor: it starts the actor, passes on what the supervisor wants, and reports when really all of
//! it is gone.

use std::panic::resume_unwind;
use std::sync::Arc;

use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorRef};
use tokio::task::JoinError;

use super::orders::ActorOrders;
use super::registration::AddressRegistration;
use super::user_actor::{ReportedEnd, UserActor};
use super::wrapper::Wrapper;
use crate::child::{ChildKind, ChildPath, Exit, Panic, StartError};
use crate::child_kind::Reporter;
use crate::detector::{AtWork, Doing, WorkerId};
use crate::event::ChildSpan;
use crate::panics::catch;

/// What an owner needs besides the actor.
pub(super) struct ActorOwner<M> {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) orders: ActorOrders,
    pub(super) registration: Option<AddressRegistration<M>>,
    pub(super) worker: WorkerId,
}

/// Lives an incarnation of an actor from its start to its report.
pub(super) async fn own_actor<A: Actor>(
    make: impl FnOnce() -> (A, A::Arguments),
    owner: ActorOwner<A::Msg>,
    reporter: Reporter,
) {
    let ActorOwner { path, incarnation, orders, registration, worker } = owner;
    let at_work = AtWork::on(worker, Doing::Poll);
    let mut span = ChildSpan::default();
    span.make(&path, incarnation, ChildKind::Actor);
    let inside = span.enter();
    let (actor, arguments) = match catch(make) {
        Ok(made) => made,
        Err(panic) => return reporter.failed(StartError::Panicked(panic)),
    };
    drop((inside, at_work));
    let wrapped = Arc::new(UserActor::new(actor, orders.clone(), registration.clone(), worker, span));

    let wrapper = Wrapper(Arc::clone(&wrapped));
    // Unnamed and unlinked: a name is global, and a link would end the actor when its supervisor's actor ends.
    let mut start = Box::pin(Wrapper::spawn(None, wrapper, arguments));
    let started = tokio::select! {
        biased;
        started = &mut start => Some(started),
        () = orders.to_force() => None,
    };
    let dropped = catch(move || drop(start));

    match started {
        Some(Ok((actor, task))) => {
            if let Some(registration) = &registration {
                registration.take(actor.clone());
                // The supervisor clears the registration too when it asks the actor to stop, but may have done so too
                // early.
                if orders.stop.is_cancelled() {
                    registration.leave();
                }
            }
            reporter.started(None);
            let joined = attend(&actor, task, &orders).await;
            wrapped.leave();
            let exit = match wrapped.take_reported_end() {
                Some(ReportedEnd::Ended(exit)) => exit,
                // Killed or aborted, by the supervisor or by other code.
                Some(ReportedEnd::NotStarted(_)) | None => Exit::Aborted,
            };
            reporter.ended(and_then(and_then(exit, joined), give_back(wrapped)));
        }
        Some(Err(_)) => {
            let error = match wrapped.take_reported_end() {
                Some(ReportedEnd::NotStarted(error)) => error,
                // Other code killed it before it had started.
                Some(ReportedEnd::Ended(_)) | None => StartError::Ended(Exit::Aborted),
            };
            reporter.failed(instead_of(error, give_back(wrapped)));
        }
        None => reporter.ended(and_then(and_then(Exit::Aborted, dropped), give_back(wrapped))),
    }
}

/// Passes the supervisor's orders on until the actor's task has been joined.
async fn attend<M: ractor::Message>(
    actor: &ActorRef<M>,
    mut task: JoinHandle<()>,
    orders: &ActorOrders,
) -> Result<(), Panic> {
    let joined = tokio::select! {
        biased;
        joined = &mut task => return without_abort(joined),
        () = orders.to_force() => None,
        () = orders.stop.cancelled() => {
            actor.stop(None);
            tokio::select! {
                biased;
                joined = &mut task => Some(joined),
                () = orders.to_force() => None,
            }
        }
    };
    if let Some(joined) = joined {
        return without_abort(joined);
    }
    actor.kill();
    // The actor takes a kill at its next await, and ractor then tells the actors that it is linked to. An actor that
    // does not take it there and then is aborted, which it cannot miss.
    tokio::task::yield_now().await;
    task.abort();
    without_abort(task.await)
}

/// What is left of a task's end when its abort is no news.
fn without_abort(joined: Result<(), JoinError>) -> Result<(), Panic> {
    match joined.map_err(JoinError::try_into_panic) {
        Ok(()) | Err(Err(_)) => Ok(()),
        // The user's callbacks do not panic that far: it was a message, or something else that ractor dropped.
        Err(Ok(payload)) => catch(|| resume_unwind(payload)),
    }
}

/// Drops what the incarnation consisted of. Its task has been joined, and nothing else holds any of it.
fn give_back<A: Actor>(wrapped: Arc<UserActor<A>>) -> Result<(), Panic> {
    let wrapped =
        Arc::into_inner(wrapped).expect("an actor whose task has been joined is wrapped by its owner alone");
    wrapped.give_back()
}

/// An end, and what came of dropping what had ended.
fn and_then(exit: Exit, dropped: Result<(), Panic>) -> Exit {
    match dropped {
        Ok(()) => exit,
        Err(panic) => exit.and_then_panicked(panic),
    }
}

/// The same for a start that failed: a panic hides an ordinary error.
fn instead_of(error: StartError, dropped: Result<(), Panic>) -> StartError {
    match (error, dropped) {
        (error, Ok(())) | (error @ StartError::Panicked(_), Err(_)) => error,
        (_, Err(panic)) => StartError::Panicked(panic),
    }
}
