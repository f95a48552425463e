//! Where signals come from: the system, or a channel for tests and for programs that have their own way to
//! hear them.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::signal_thread::SignalThread;
use crate::system_signals::{CaughtSignals, InheritedSignals, SystemSignals};
use crate::{Signal, SignalError};

/// Where the root signal actor hears its signals.
///
/// The default is [`system`](Self::system).
#[derive(Debug)]
pub struct SignalSource(SourceKind);

#[derive(Debug)]
enum SourceKind {
    System,
    Channel(mpsc::Receiver<Signal>),
}

/// Sends signals to the other end of [`SignalSource::channel`].
#[derive(Clone, Debug)]
pub struct SignalSender(mpsc::Sender<Signal>);

/// How many signals of a channel may wait to be heard. The kernel keeps one of a kind.
const CHANNEL: usize = 64;

impl SignalSource {
    /// The signals that the system delivers to this process.
    ///
    /// Each of them is caught as long as something listens for it, and then does again what it did before. Handlers
    /// that the program has for it by other means, such as `tokio::signal`, still hear it.
    ///
    /// They are heard on a thread of the library's own, which lets them through if whatever started the program has
    /// blocked them. Tasks that block every thread of the caller's runtime take no signal away.
    pub fn system() -> Self {
        Self(SourceKind::System)
    }

    /// Signals that a [`SignalSender`] sends. The process's own are left alone.
    ///
    /// They are heard on the runtime in which they are attached to a tree, by its clock: a test that has paused the
    /// clock decides how much time passes between two of them.
    pub fn channel() -> (SignalSender, Self) {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        (SignalSender(sender), Self(SourceKind::Channel(receiver)))
    }

    /// Begins to listen for all of these signals. None that arrives after this is lost.
    pub(crate) fn open(
        self,
        signals: &[Signal],
        inherited: InheritedSignals,
    ) -> Result<OpenSource, SignalError> {
        match self.0 {
            SourceKind::System => {
                let thread = SignalThread::start(signals).map_err(SignalError::Thread)?;
                let system = {
                    let _entered = thread.runtime().enter();
                    SystemSignals::listen(signals, inherited)?
                };
                Ok(OpenSource::System(system, thread))
            }
            SourceKind::Channel(receiver) => Ok(OpenSource::Channel(receiver)),
        }
    }
}

impl Default for SignalSource {
    fn default() -> Self {
        Self::system()
    }
}

impl SignalSender {
    /// Acts as if the signal had reached the process, and returns at once. Nothing happens if the other end is gone,
    /// or if 64 signals wait to be heard there.
    pub fn send(&self, signal: Signal) {
        let _ = self.0.try_send(signal);
    }
}

/// Where signals are heard.
#[derive(Debug)]
pub(crate) enum OpenSource {
    /// On a thread of the library's own.
    System(SystemSignals, SignalThread),
    /// On the caller's runtime, and by its clock.
    Channel(mpsc::Receiver<Signal>),
}

/// The process's signals, as they are held by what hears them.
#[derive(Debug)]
pub(crate) struct ProcessSignals {
    pub(crate) signals: Arc<CaughtSignals>,
    pub(crate) thread: SignalThread,
}

/// Hears one signal after the other.
#[derive(Debug)]
pub(crate) enum SignalReceiver {
    System(SystemSignals),
    Channel(mpsc::Receiver<Signal>),
}

impl OpenSource {
    /// Which signals of the process are heard here.
    pub(crate) fn heard(&self) -> Option<Arc<CaughtSignals>> {
        match self {
            Self::System(system, _) => Some(Arc::clone(system.heard())),
            Self::Channel(_) => None,
        }
    }

    /// What hears, and what it holds of the process's signals.
    pub(crate) fn split(self) -> (SignalReceiver, Option<ProcessSignals>) {
        match self {
            Self::System(system, thread) => {
                let signals = Arc::clone(system.heard());
                (SignalReceiver::System(system), Some(ProcessSignals { signals, thread }))
            }
            Self::Channel(receiver) => (SignalReceiver::Channel(receiver), None),
        }
    }
}

impl SignalReceiver {
    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        match self {
            Self::System(system) => system.next().await,
            // Without a sender nothing will ever come, which is nothing unusual for a signal.
            Self::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => pending().await,
            },
        }
    }
}
