//! The root signal actor of a rootward tree: signals become meaning in one place.
//!
//! A signal arrives, the handlers that the application registered for it are called, and then it acts upon
//! the tree: the first SIGINT, SIGTERM or SIGHUP asks it to stop, the second forces it, and the third says
//! that the program may leave. [`Signals`] describes all that; [`Signals::attach`] makes it so for one tree,
//! and [`SignalsGuard::exit_requested`] hands the third signal to the application.
//!
//! Inside, `policy` decides and knows nothing of clocks and runtimes; the actor carries out what it decides;
//! a listener feeds the actor; and a thread calls the handlers, so that foreign code can hold up
//! neither the tree nor the next signal.
//!
//! Absent on purpose: `exit`. Leaving is the application's business. And any change of a signal's disposition
//! before the application asks for it, or after the last guard has been dropped. In process 1 the crate for processes
//! notes the signals that stop a program from before `main` on: its handlers do what the default does there, which is
//! nothing, and are gone when a tree is launched.

mod actor;
mod catch_panics;
mod die_by_signal;
mod error;
mod guard;
mod handler;
mod handler_registry;
mod handler_threads;
mod last_kill;
mod listening;
mod policy;
#[doc(hidden)]
pub mod sibling;
mod signal_thread;
mod signals;
mod snapshot_show;
mod source;
mod sys;
mod system_signals;
#[cfg(test)]
mod tests;

pub use die_by_signal::die_by_signal;
pub use error::SignalError;
pub use guard::SignalsGuard;
pub use handler::SignalReceived;
pub use handler_registry::{AddedHandler, SignalHandlers};
pub use listening::Listening;
pub use policy::Hangup;
pub use rootward_core::{Signal, UnknownSignal};
pub use signals::Signals;
pub use source::{SignalSender, SignalSource};
