//! The owner of one process: a ractor actor that has everything of it in its state, and decides everything about it.
//!
//! What the supervisor asks and what the sensors have seen comes through the actor's own mailbox. Each message is told to the
//! [`Life`] machine, and what that answers is done before the next message is looked at. Nothing in here waits: a process that
//! cannot be ended, a check that blocks and a pipe that stays open hold up no message.
//!
//! Absent on purpose: decisions, which are the machine's. And any use of ractor's links, names and exit reasons.

use std::sync::{Arc, Mutex};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{Exit, ExitClass, StartError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::check::Check;
use super::error::ReadyError;
use super::foreign::catch;
use super::member_sensors::{self, MemberSensor};
use super::members::{Found, Members};
use super::sensor::Sensor;
use super::stragglers::Stragglers;
use crate::Signal;
use crate::group::Census;
use crate::launch::SpawnError;
use crate::policy::{Action, Input, Life, Verdict};
use crate::set::{Ack, Grip, Leash, Set};
use crate::spec::Process;

/// The actor's behaviour. What it has is its [`Owner`].
pub(super) struct ProcessActor;

/// What the owner of a process is told.
pub(super) enum Message {
    /// The supervisor asks the process to stop.
    Stop,
    /// The supervisor's patience is over.
    Force,
    /// A sensor has seen something.
    Fact(Fact),
    /// Makes the owner panic, so that a test can see what becomes of the process.
    #[cfg(test)]
    Poison,
}

/// What a sensor has seen.
pub(super) enum Fact {
    /// How the start went.
    Launched(Result<Leash, SpawnError>),
    /// The process has written the line that says that it is ready.
    Ready,
    /// The readiness check ended like this, and nothing is left of it.
    Checked(Exit),
    /// The time has come for which the alarm was set.
    Time,
    /// The program has ended like this, and what it wrote before is in the record. If it was the last member of the set, this is
    /// [`Fact::Empty`] as well.
    Exited { exit: Exit, is_last: bool },
    /// A census is over.
    Counted(Census),
    /// Members have ended, or it is time to look again.
    Look,
    /// The sensor has let go of everything but outputs that another process holds open. If the program had been started, its set is
    /// empty, or the owner has said that it is over.
    Empty,
    /// The sensor has failed, and has let go of everything.
    Lost,
}

/// One incarnation of a process, with everything that belongs to it.
pub(super) struct Owner {
    pub(super) life: Life,
    /// Given back before the end is reported.
    pub(super) process: Option<Arc<Process>>,
    pub(super) ack: Ack,
    pub(super) grip: Arc<Grip>,
    pub(super) tasks: Handle,
    pub(super) leash: Option<Leash>,
    pub(super) members: Members,
    pub(super) sensing: Sensing,
    pub(super) member_sensor: Option<MemberSensor>,
    pub(super) check: Option<Check>,
    pub(super) alarm: Option<Alarm>,
    pub(super) exit: Option<Exit>,
    /// Why the start failed, if it did.
    pub(super) failure: Option<StartError>,
    pub(super) state: State,
}

/// What the owner of a process that is being started begins with.
pub(super) struct Beginning {
    pub(super) life: Life,
    pub(super) process: Arc<Process>,
    pub(super) tasks: Handle,
    pub(super) ack: Ack,
    pub(super) shared: Shared,
    /// Dropping it tells the sensor that it is over.
    pub(super) over: oneshot::Sender<()>,
}

/// What other threads reach of a process without its owner. Each is locked for as long as it takes to read or to kill.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// Kills the set.
    pub(super) grip: Arc<Grip>,
    /// Says what is left of the set.
    pub(super) stragglers: Arc<Mutex<Stragglers>>,
}

/// How far the owner has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Owning,
    /// The machine has come to its end, and nothing of the set is left.
    Finished(Verdict),
    /// The handling of a message has panicked, and the sensor has not let go of the set yet.
    Failing,
    /// The handling of a message or a sensor has panicked, and the sensor has let go of the set.
    Failed,
    /// The supervisor has been told, or will be when the set has been killed.
    Ended,
}

/// How far the sensor has come.
#[derive(Debug)]
pub(super) enum Sensing {
    /// It waits for what happens, and can be told that it is over.
    On(oneshot::Sender<()>),
    /// It has been told.
    Ending,
    /// It has let go of everything.
    Through,
}

impl Actor for ProcessActor {
    type Msg = Message;
    type State = Owner;
    type Arguments = (Owner, Sensor);

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        (owner, sensor): (Owner, Sensor),
    ) -> Result<Owner, ActorProcessingErr> {
        Handle::current().spawn(sensor.sense(myself));
        Ok(owner)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        owner: &mut Owner,
    ) -> Result<(), ActorProcessingErr> {
        if catch(|| owner.hear(message, &myself)).is_err() {
            owner.fail();
        }
        match owner.state {
            State::Owning | State::Failing => {}
            State::Finished(_) | State::Failed | State::Ended => myself.stop(None),
        }
        Ok(())
    }

    /// The last that the actor does.
    async fn post_stop(&self, _: ActorRef<Message>, owner: &mut Owner) -> Result<(), ActorProcessingErr> {
        owner.end();
        Ok(())
    }
}

impl Owner {
    pub(super) fn new(beginning: Beginning) -> Self {
        let Beginning { life, process, tasks, ack, shared: Shared { grip, stragglers }, over } = beginning;
        Self {
            life,
            process: Some(process),
            ack,
            grip,
            tasks,
            leash: None,
            members: Members::new(stragglers),
            sensing: Sensing::On(over),
            member_sensor: None,
            check: None,
            alarm: None,
            exit: None,
            failure: None,
            state: State::Owning,
        }
    }

    fn hear(&mut self, message: Message, myself: &ActorRef<Message>) {
        match message {
            message if self.state != State::Owning => self.hear_after_failure(message),
            Message::Stop => self.tell(Input::Stop, myself),
            Message::Force => self.tell(Input::Force, myself),
            Message::Fact(fact) => self.learn(fact, myself),
            #[cfg(test)]
            Message::Poison => panic!("a test poisoned the owner of this process"),
        }
    }

    /// Tells the machine what has happened, and does what it wants.
    fn tell(&mut self, input: Input, myself: &ActorRef<Message>) {
        for action in self.life.step(input, Instant::now().into_std()) {
            self.perform(action, myself);
        }
    }

    fn learn(&mut self, fact: Fact, myself: &ActorRef<Message>) {
        match fact {
            Fact::Launched(Ok(leash)) => {
                self.leash = Some(leash);
                self.tell(Input::Launched, myself);
            }
            Fact::Launched(Err(error)) => {
                self.sensing = Sensing::Through;
                self.failure = Some(StartError::new(error));
                self.tell(Input::LaunchFailed, myself);
            }
            Fact::Ready => self.tell(Input::Ready, myself),
            Fact::Checked(exit) => self.checked(exit, myself),
            Fact::Time => self.tell(Input::Timer, myself),
            Fact::Exited { exit, is_last } => {
                self.exit = Some(exit);
                if is_last {
                    self.sensing = Sensing::Through;
                }
                self.tell(Input::Exited, myself);
                if is_last {
                    self.empty(myself);
                }
            }
            Fact::Counted(census) => self.counted(census, myself),
            Fact::Look => self.look(myself),
            Fact::Empty => self.empty(myself),
            Fact::Lost => {
                self.sensing = Sensing::Through;
                self.fail();
            }
        }
    }

    fn perform(&mut self, action: Action, myself: &ActorRef<Message>) {
        match action {
            Action::Launch => {} // The supervisor's call has begun it, before there was an owner.
            Action::AwaitReady => self.await_ready(myself),
            Action::EndCheck => self.check.iter().for_each(Check::abort),
            Action::ReportStarted => self.ack.started(self.pid()),
            Action::Signal(signal) => self.signal(signal),
            Action::WakeAt(at) => self.alarm = Some(Alarm::at(at, myself)),
            Action::Survey => self.survey(myself),
            Action::Finish(verdict) => self.state = State::Finished(verdict),
        }
    }

    // --- readiness ---

    fn await_ready(&mut self, myself: &ActorRef<Message>) {
        let ready = self.process.as_ref().and_then(|process| process.readiness());
        if let (Some(ready), Some(pid)) = (ready, self.pid()) {
            self.check = Check::begin(ready, pid, &self.tasks, myself.clone());
        }
    }

    fn checked(&mut self, exit: Exit, myself: &ActorRef<Message>) {
        self.check = None;
        self.members.note_check(None);
        self.tell(Input::CheckOver, myself);
        if exit.class() == ExitClass::Normal {
            self.tell(Input::Ready, myself);
        } else {
            self.failure = Some(StartError::new(ReadyError::Refused { program: self.program(), reason: exit }));
            self.tell(Input::NeverReady, myself);
        }
    }

    // --- the set ---

    fn signal(&mut self, signal: Signal) {
        let Some(leash) = &self.leash else { return };
        self.members.about_to_signal(signal, leash.set());
        // A process that has changed its user may be out of reach. It is waited for all the same, and the report names it if it stays.
        let _ = leash.set().signal(signal);
    }

    /// Looks for other members, because the program has ended.
    fn survey(&mut self, myself: &ActorRef<Message>) {
        self.members.left_alone();
        self.count(myself);
    }

    /// Has the members counted, unless it is certain that there are none.
    fn count(&mut self, myself: &ActorRef<Message>) {
        if let Some(set) = self.set_to_be_watched() {
            match set.is_empty() {
                Some(true) => self.over(),
                Some(false) | None => self.member_sensor = Some(member_sensors::count(&set, myself)),
            }
        }
    }

    fn counted(&mut self, census: Census, myself: &ActorRef<Message>) {
        let Some(set) = self.set_to_be_watched() else { return };
        let found = self.members.counted(census, &set);
        match found {
            Found::Empty => self.over(),
            Found::Unsure => self.count(myself),
            Found::Members | Found::Zombies => {
                self.member_sensor = Some(member_sensors::watch(self.members.pidfds(), myself));
            }
        }
        if found == Found::Members {
            self.tell(Input::Inhabited, myself);
        }
    }

    fn look(&mut self, myself: &ActorRef<Message>) {
        let Some(set) = self.set_to_be_watched() else { return };
        if self.members.look(&set) {
            self.count(myself);
        }
    }

    /// The set, unless the sensor knows that it is empty or is about to.
    fn set_to_be_watched(&self) -> Option<Arc<Set>> {
        let is_watched = matches!(self.sensing, Sensing::On(_));
        self.leash.as_ref().filter(|_| is_watched).map(|leash| Arc::clone(leash.set()))
    }

    /// Has the sensor let go: no member is left. It reads what they have written before it says so.
    pub(super) fn over(&mut self) {
        self.member_sensor = None;
        self.sensing = match std::mem::replace(&mut self.sensing, Sensing::Through) {
            Sensing::On(over) => {
                // A sensor that has let go already has said so.
                let _ = over.send(());
                Sensing::Ending
            }
            sensing @ (Sensing::Ending | Sensing::Through) => sensing,
        };
    }

    fn empty(&mut self, myself: &ActorRef<Message>) {
        self.sensing = Sensing::Through;
        self.member_sensor = None;
        if let Some(leash) = &self.leash {
            self.members.dismiss(leash.set());
        }
        self.tell(Input::Empty, myself);
        if self.state == State::Owning && self.check.is_some() {
            // Should the supervisor's deadline come while the check is waited for, it is known what is waited for.
            self.members.note_check(Some(self.check_name()));
        }
    }

    // --- what it is ---

    pub(super) fn pid(&self) -> Option<u32> {
        self.leash.as_ref().map(|leash| leash.set().pid().unsigned_abs())
    }

    pub(super) fn program(&self) -> String {
        let program = self.process.as_ref().map(|process| process.command().program.to_string_lossy());
        program.unwrap_or_default().into_owned()
    }

    pub(super) fn check_name(&self) -> String {
        format!("the readiness check of `{}`", self.program())
    }
}
