//! Threads that come into being when they are first needed, and stay.

use std::io;
use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use nix::sys::signal::SigSet;

/// A thread that does jobs, one after the other.
///
/// The queue has no bound of its own. What bounds it are its users: each incarnation of a process hands in one start,
/// and the next one follows the end of that; and what counts members waits for its count before it asks for another.
pub(crate) struct Worker<J: 'static> {
    name: &'static str,
    work: fn(&Receiver<J>),
    jobs: Mutex<Option<Sender<J>>>,
}

impl<J: Send> Worker<J> {
    /// A thread of this name that does this, once it is needed.
    pub(crate) const fn new(name: &'static str, work: fn(&Receiver<J>)) -> Self {
        Self { name, work, jobs: Mutex::new(None) }
    }

    /// Gives the thread a job. Fails, and gives the job back, if there is no thread and none can be started.
    pub(crate) fn give(&self, job: J) -> Result<(), (J, io::Error)> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match &*jobs {
            Some(sender) => match sender.send(job) {
                Ok(()) => return Ok(()),
                // The thread has ended, which only a bug can bring about.
                Err(SendError(job)) => job,
            },
            None => job,
        };
        match self.start() {
            Ok(sender) => {
                // The receiver is alive: the thread that has it waits for this.
                let _ = sender.send(job);
                *jobs = Some(sender);
                Ok(())
            }
            Err(error) => Err((job, error)),
        }
    }

    fn start(&self) -> io::Result<Sender<J>> {
        let (sender, receiver) = mpsc::channel();
        let work = self.work;
        thread::Builder::new().name(self.name.to_owned()).spawn(move || {
            // The host's signals are for the host's threads. Blocking them all cannot fail.
            let _ = SigSet::all().thread_block();
            work(&receiver);
        })?;
        Ok(sender)
    }
}
