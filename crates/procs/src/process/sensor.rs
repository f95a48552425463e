//! The sensor of one process: a task that waits for what happens to it, and tells the process's owner.
//!
//! It owns what is waited for: the answer of the launcher, the set's notification descriptor, and the pipes to which
//! the process writes. What the process wrote goes into the tree's record from here, before the end of the process is
//! told. The sensor decides nothing, and sends no signal. It ends when the set is empty: when the notification
//! descriptor has said so, or when the owner has found out and says so.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use rootward_core::Exit;
use rootward_core::pace::Pacer;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::launching::{Running, take_in};
use super::message::{Fact, OwnerMessage};
use super::newline::Newline;
use super::notices::{Notices, NotifyEffect};
use super::outputs::{LineSinks, Outputs};
use super::probe::MembersOfSet;
use super::start_log::StartLog;
use crate::launch::Launching;
use crate::set::ProcessSet;
use crate::spec::Process;
use crate::sys::{Watched, WhichLook};

/// How long until a process that has ended and cannot be waited for is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// What a sensor begins with.
pub(super) struct Sensor {
    pub(super) process: Arc<Process>,
    pub(super) launching: Launching,
    pub(super) lines: LineSinks,
    /// Hears what the process says of itself, if it has a way to.
    pub(super) notices: Option<Box<Notices>>,
    /// Hears that it is ready, if it says so by a newline.
    pub(super) newline: Option<Box<Newline>>,
    /// What is known of the start, if the process has a way to say that it is ready.
    pub(super) log: Option<Arc<StartLog>>,
    pub(super) pacer: Pacer,
    /// Resolves when the owner has found the set empty, has failed, or is gone.
    pub(super) is_over: oneshot::Receiver<()>,
}

/// Tells the owner what has happened. If it is dropped before the sensor has let go of everything, it tells the owner
/// that the sensor has failed.
struct SensorReporter {
    owner: ActorRef<OwnerMessage>,
    through: bool,
}

impl Sensor {
    /// Watches until the set is empty, and reads what is still to be read.
    pub(super) async fn sense(self, owner: ActorRef<OwnerMessage>) {
        let mut line = SensorReporter { owner, through: false };
        let pacer = self.pacer.clone();
        if let Some(outputs) = self.sense_until_empty(&mut line).await {
            let _real_time = pacer.hold();
            // In a box, because it is rare and every process would have to carry it.
            Box::pin(outputs.read_to_the_end()).await;
        }
    }

    /// What is still to be read when everything else has been let go, if there is something.
    async fn sense_until_empty(self, line: &mut SensorReporter) -> Option<Outputs> {
        let Self { process, launching, lines, notices, mut newline, log, mut is_over, .. } = self;
        let started = tokio::select! {
            biased;
            _ = &mut is_over => None,
            answer = launching => Some(take_in(answer, process.command(), lines).await),
        };
        // Dropped here, so that the supervisor has the last reference and drops the values that a user's readiness
        // check holds.
        drop(process);
        let Running { set, notify_fd, stdin: _stdin, terminal: _terminal, mut outputs } = match started {
            Some(Ok((owned_set, running))) => {
                line.tell(Fact::Launched(Ok(owned_set)));
                running
            }
            Some(Err(error)) => return line.end(Fact::Launched(Err(error)), None),
            None => return line.end(Fact::Empty, None),
        };

        let members = MembersOfSet(Arc::downgrade(&set));
        let exit = loop {
            tokio::select! {
                // Looks for the end first, however much there is to read. What is left in the pipes is read after this
                // loop.
                biased;
                _ = &mut is_over => break None,
                exit = exited(&set, &notify_fd) => break Some(exit),
                () = something_to_hear(&notices) => {
                    line.hear(WhichLook::Usual, &notices, &members);
                    tokio::task::yield_now().await;
                }
                () = newline_to_hear(&newline) => {
                    line.hear_newline(WhichLook::Usual, &mut newline, &log);
                    tokio::task::yield_now().await;
                }
                output = outputs.readable() => {
                    if outputs.read(output) {
                        line.tell(Fact::Ready);
                    }
                    // However much there is to read, another task gets its turn now.
                    tokio::task::yield_now().await;
                }
                output = outputs.settled() => {
                    if outputs.show(output) {
                        line.tell(Fact::Ready);
                    }
                }
            }
        };
        // Most programs leave no other member.
        let is_last = set.is_empty() == Some(true);
        // What was said before the end may be there without the runtime having heard of it.
        line.hear(WhichLook::Last, &notices, &members);
        line.hear_newline(WhichLook::Last, &mut newline, &log);
        drop((notices, newline, log));
        if outputs.read_what_is_there() {
            line.tell(Fact::Ready);
        }
        let end = match exit {
            Some(exit) if is_last => Fact::Exited { exit, is_last },
            Some(exit) => {
                line.tell(Fact::Exited { exit, is_last });
                Self::sense_members(&set, &notify_fd, &mut outputs, &mut is_over).await;
                outputs.read_what_is_there();
                Fact::Empty
            }
            None => Fact::Empty,
        };
        // What was written is in the file when the end is told.
        outputs.flush().await;
        // The notification descriptor may be watched for another set as soon as this one is released.
        drop((set, notify_fd));
        line.end(end, Some(outputs))
    }

    /// Waits until no member is left of a set whose program has ended.
    async fn sense_members(
        set: &ProcessSet,
        notify_fd: &Watched,
        outputs: &mut Outputs,
        is_over: &mut oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                biased;
                _ = &mut *is_over => return,
                () = emptied(set, notify_fd) => return,
                output = outputs.readable() => {
                    outputs.read(output);
                    tokio::task::yield_now().await;
                }
                output = outputs.settled() => { outputs.show(output); }
            }
        }
    }
}

impl SensorReporter {
    fn tell(&self, fact: Fact) {
        // An owner that is gone has left the set to `KillOnDrop`.
        let _ = self.owner.cast(OwnerMessage::Fact(fact));
    }

    /// Hears what the process has said of itself.
    fn hear(&self, look: WhichLook, notices: &Option<Box<Notices>>, members: &MembersOfSet) {
        if let Some(notices) = notices {
            notices.read(look, members, |heard| match heard {
                NotifyEffect::Ready => self.tell(Fact::Ready),
                NotifyEffect::Extend(by) => self.tell(Fact::Extend(by)),
            });
        }
    }

    /// Hears that the process is ready, or that it will not say so. There is nothing more to hear then.
    fn hear_newline(&self, look: WhichLook, newline: &mut Option<Box<Newline>>, log: &Option<Arc<StartLog>>) {
        let Some(said) = newline.as_ref().and_then(|newline| newline.read(look)) else { return };
        *newline = None;
        if said {
            self.tell(Fact::Ready);
        } else if let Some(log) = log {
            log.note_error("it has closed the descriptor without a newline".to_owned());
        }
    }

    /// Tells the last fact, and answers what is still to be read.
    fn end(&mut self, fact: Fact, outputs: Option<Outputs>) -> Option<Outputs> {
        self.through = true;
        self.tell(fact);
        outputs.filter(Outputs::are_open)
    }
}

impl Drop for SensorReporter {
    fn drop(&mut self) {
        if !self.through {
            self.tell(Fact::Lost);
        }
    }
}

/// Waits until the process may have said something of itself. Cancel safe.
async fn something_to_hear(notices: &Option<Box<Notices>>) {
    match notices {
        Some(notices) => notices.readable().await,
        None => std::future::pending().await,
    }
}

/// Waits until the process may have said that it is ready. Cancel safe.
async fn newline_to_hear(newline: &Option<Box<Newline>>) {
    match newline {
        Some(newline) => newline.readable().await,
        None => std::future::pending().await,
    }
}

/// Waits until the program has ended. Cancel safe.
pub(super) async fn exited(set: &ProcessSet, notify_fd: &Watched) -> Exit {
    loop {
        let Ok(mut ready) = notify_fd.readable().await else {
            // The runtime shuts down.
            return std::future::pending().await;
        };
        match set.exited() {
            Some(exit) => return exit,
            None if set.will_notify() => ready.clear_ready(),
            // It has ended, but a debugger traces it and has not let go, or its reaper has been killed.
            None => sleep_until(Instant::now() + TRY_AGAIN).await,
        }
    }
}

/// Waits until a set whose notification descriptor is readable says that it is empty. Cancel safe.
async fn emptied(set: &ProcessSet, notify_fd: &Watched) {
    loop {
        if set.is_empty() == Some(true) {
            return;
        }
        if !set.will_notify() {
            return std::future::pending().await;
        }
        match notify_fd.readable().await {
            // The set reads its messages first, and only then is the readiness cleared, so that no new message is
            // missed.
            Ok(mut ready) => {
                if set.is_empty() != Some(true) && set.will_notify() {
                    ready.clear_ready();
                }
            }
            Err(_) => return std::future::pending().await,
        }
    }
}
