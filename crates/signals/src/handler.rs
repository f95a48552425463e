//! What an application registers for a signal, and what that is told.

use std::pin::Pin;

use rootward_core::SignalAction;

use crate::Signal;

/// What a handler is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalReceived {
    /// The signal that arrived.
    pub signal: Signal,
    /// What it means for the tree.
    pub action: SignalAction,
    /// How often it has arrived. More than once only if handlers were busy meanwhile: equal signals that wait for
    /// their handlers are one.
    pub times: u32,
}

/// What a handler has to await.
type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What an application registers for a signal.
pub(crate) enum Handler {
    Plain(Box<dyn FnMut(&SignalReceived) + Send>),
    Async(Box<dyn FnMut(SignalReceived) -> Handling + Send>),
}

impl Handler {
    pub(crate) fn from_async<F>(mut handler: impl FnMut(SignalReceived) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Async(Box::new(move |received| Box::pin(handler(received)) as _))
    }
}
