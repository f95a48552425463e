//! Where signals come from: the system, or a channel for tests and for programs that have their own way to
//! hear them.

use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;

use tokio::signal::unix;
use tokio::sync::mpsc;

use crate::Signal;

/// Where the root signal actor hears its signals.
///
/// The default is [`system`](Self::system).
#[derive(Debug)]
pub struct SignalSource(Kind);

#[derive(Debug)]
enum Kind {
    System,
    Channel(mpsc::Receiver<Signal>),
}

/// Sends signals to the other end of [`SignalSource::channel`].
#[derive(Clone, Debug)]
pub struct SignalSender(mpsc::Sender<Signal>);

/// How many signals of a channel may wait to be heard. The kernel keeps one of a kind.
const CHANNEL: usize = 64;

/// Says why the root signal actor does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The system refused to deliver a signal to this program.
    #[error("cannot listen for {signal}")]
    Listen {
        /// The signal that was refused.
        signal: Signal,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A thread that signals need could not be started.
    #[error("cannot start a thread for signals")]
    Thread(#[source] io::Error),
}

impl SignalSource {
    /// The signals that the system delivers to this process.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// Signals that a [`SignalSender`] sends. The process's own are left alone.
    pub fn channel() -> (SignalSender, Self) {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        (SignalSender(sender), Self(Kind::Channel(receiver)))
    }

    /// Begins to listen for all of these signals. None that arrives after this is lost.
    pub(crate) fn open(self, signals: &[Signal]) -> Result<Ear, SignalError> {
        match self.0 {
            Kind::System => {
                let streams = signals.iter().map(|signal| listen(*signal)).collect::<Result<_, _>>()?;
                Ok(Ear::System(streams))
            }
            Kind::Channel(receiver) => Ok(Ear::Channel(receiver)),
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

/// Hears one signal after the other.
#[derive(Debug)]
pub(crate) enum Ear {
    System(Vec<(Signal, unix::Signal)>),
    Channel(mpsc::Receiver<Signal>),
}

impl Ear {
    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        match self {
            Self::System(streams) => first_of(streams).await,
            // Without a sender nothing will ever come, which is nothing unusual for a signal.
            Self::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => pending().await,
            },
        }
    }
}

fn listen(signal: Signal) -> Result<(Signal, unix::Signal), SignalError> {
    match unix::signal(signal.kind()) {
        Ok(stream) => Ok((signal, stream)),
        Err(source) => Err(SignalError::Listen { signal, source }),
    }
}

/// Waits for whichever stream has something first, and asks all of them in turn so that each wakes this task.
async fn first_of(streams: &mut [(Signal, unix::Signal)]) -> Signal {
    poll_fn(|cx| {
        for (signal, stream) in &mut *streams {
            // The stream's `Option` is a leftover of tokio's: it never ends.
            if stream.poll_recv(cx).is_ready() {
                return Poll::Ready(*signal);
            }
        }
        Poll::Pending
    })
    .await
}
