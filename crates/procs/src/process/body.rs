//! What there is of one process, and what happens to it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rootward_core::{Ended, Exit, OutputSink, StartContext, StartError, Stream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep_until;

use super::output::{Pump, Written};
use super::probe::{Probe, ReadyError};
use super::rest::Rest;
use super::stragglers::Stragglers;
use crate::Signal;
use crate::launch::{Answer, Launched, Launcher, Launching, Order, SpawnError};
use crate::policy::{Input, Stage};
use crate::set::{Grip, Leash};
use crate::spec::Process;
use crate::sys::{self, Watched};

/// How long until a process that has ended and cannot be waited for is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// One incarnation of a process, with everything that belongs to it.
pub(super) struct Body {
    process: Arc<Process>,
    launcher: Arc<dyn Launcher>,
    grip: Arc<Grip>,
    sink: OutputSink,
    tasks: Handle,
    launching: Option<Launching>,
    leader: Option<Leader>,
    outputs: [Option<Pump>; 2],
    /// Which output is read next if there is something in both, so that neither has to wait for the other's end.
    turn: usize,
    probe: Probe,
    rest: Rest,
    wake_at: Option<Instant>,
    exit: Option<Exit>,
    /// Facts that came together with one that had to be told first.
    owed: [Option<Input>; 2],
    /// Why the start failed, if it did.
    failure: Option<StartError>,
}

/// A program that runs or has run.
struct Leader {
    watch: Watched,
    leash: Leash,
}

/// Something has happened.
enum News {
    Launched(Answer),
    Ended(Exit),
    Rest(Input),
    Woken,
    Checked(Result<(), Exit>),
    Readable(usize),
}

impl Body {
    pub(super) fn new(
        process: Arc<Process>,
        launcher: Arc<dyn Launcher>,
        (grip, stragglers): (Arc<Grip>, Arc<Mutex<Stragglers>>),
        cx: &StartContext,
    ) -> Self {
        Self {
            process,
            launcher,
            grip,
            sink: cx.output(),
            tasks: cx.task_runtime().clone(),
            launching: None,
            leader: None,
            outputs: [None, None],
            turn: 0,
            probe: Probe::default(),
            rest: Rest::new(stragglers),
            wake_at: None,
            exit: None,
            owed: [None; 2],
            failure: None,
        }
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.leader.as_ref().map(|leader| leader.leash.set().pid().unsigned_abs())
    }

    /// How far it has come, or `None` if nothing was ever done.
    pub(super) fn stage(&self) -> Option<Stage> {
        match (&self.launching, &self.leader, &self.exit) {
            (_, Some(_), Some(_)) => Some(Stage::Left),
            (_, Some(_), None) => Some(Stage::Alive),
            (Some(_), None, _) => Some(Stage::Launching),
            (None, None, _) => None,
        }
    }

    // --- orders ---

    pub(super) fn launch(&mut self) {
        let (process, grip) = (Arc::clone(&self.process), Arc::clone(&self.grip));
        let mut launching = self.launcher.launch(Order { process, grip });
        // What can be done at once is, whoever calls: the order goes out. Whoever waits for the answer asks again, and is woken.
        let mut nobody = Context::from_waker(Waker::noop());
        self.launching = Some(match launching.as_mut().poll(&mut nobody) {
            Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
            Poll::Pending => launching,
        });
    }

    pub(super) fn await_ready(&mut self) {
        if let (Some(ready), Some(pid)) = (self.process.readiness(), self.pid()) {
            self.probe.begin(ready, pid, &self.tasks);
        }
    }

    /// Sends a signal to the set, and sees to it that stopped processes notice.
    pub(super) fn signal(&mut self, signal: Signal) {
        // Whether it gets ready does not matter any more.
        self.probe.abandon();
        let Some(leader) = &self.leader else { return };
        let set = leader.leash.set();
        self.rest.about_to_signal(signal, set);
        if let Err(error) = set.signal(signal) {
            // Whoever has changed its user may be out of reach. It is waited for all the same.
            tracing::warn!(process.pid = set.pid(), %signal, %error, "a process group cannot be signalled");
        }
    }

    pub(super) fn wake_at(&mut self, at: Instant) {
        self.wake_at = Some(at);
    }

    pub(super) fn survey(&mut self) {
        self.rest.survey();
    }

    // --- facts ---

    /// Waits for the next fact. Cancel safe.
    pub(super) async fn next(&mut self) -> Input {
        loop {
            let [owed, later] = self.owed;
            if let Some(owed) = owed {
                self.owed = [later, None];
                return owed;
            }
            match self.news().await {
                News::Launched(answer) => {
                    self.launching = None;
                    if let Some(fact) = self.launched(answer) {
                        return fact;
                    }
                }
                News::Ended(exit) => {
                    self.exit = Some(exit);
                    // Most programs leave nobody. Then there is no need for a look at who is left.
                    let is_last =
                        self.leader.as_ref().is_some_and(|it| it.leash.set().is_known_to_be_empty());
                    let empty = is_last.then_some(Input::Empty);
                    if self.drain() {
                        self.owed = [Some(Input::Exited), empty];
                        return Input::Ready;
                    }
                    self.owed = [empty, None];
                    return Input::Exited;
                }
                News::Rest(fact) => {
                    if fact == Input::Empty {
                        self.drain();
                    }
                    return fact;
                }
                News::Woken => {
                    self.wake_at = None;
                    return Input::Timer;
                }
                News::Checked(Ok(())) => return Input::Ready,
                News::Checked(Err(reason)) => {
                    self.failure =
                        Some(StartError::new(ReadyError::Refused { program: self.program(), reason }));
                    return Input::NeverReady;
                }
                News::Readable(output) => {
                    if self.read(output) {
                        return Input::Ready;
                    }
                    // However much there is to read, it is somebody else's turn now.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn news(&mut self) -> News {
        let Self { launching, leader, outputs, turn, probe, sink, rest, wake_at, exit, .. } = self;
        let running = leader.as_ref().filter(|_| exit.is_none());
        tokio::select! {
            // The end before what was written, however much that is; what is left of it is read then.
            biased;
            answer = answer(launching) => News::Launched(answer),
            exit = ended(running) => News::Ended(exit),
            news = news_of(rest, leader.as_ref()) => News::Rest(news),
            () = time_has_come(*wake_at) => News::Woken,
            answer = probe.answer() => News::Checked(answer),
            output = either_to_read(outputs, *turn, sink) => News::Readable(output),
        }
    }

    fn launched(&mut self, answer: Answer) -> Option<Input> {
        match answer {
            Ok(launched) => match self.take_in(launched) {
                Ok(()) => Some(Input::Launched),
                Err((leash, error)) => {
                    self.undo(leash, error);
                    None
                }
            },
            Err(error) => {
                self.failure = Some(StartError::new(error));
                Some(Input::LaunchFailed)
            }
        }
    }

    /// Begins to watch a program that runs.
    fn take_in(&mut self, launched: Launched) -> Result<(), (Leash, io::Error)> {
        let Launched { leash, watch, stdout, stderr } = launched;
        let pump = |pipe: Option<OwnedFd>, stream| pipe.map(|pipe| Pump::new(pipe, stream)).transpose();
        let watched = watch
            .map_or_else(|| sys::watch(leash.set().bell()), Ok)
            .and_then(|watch| Ok((watch, [pump(stdout, Stream::Stdout)?, pump(stderr, Stream::Stderr)?])));
        match watched {
            Ok((watch, outputs)) => {
                self.outputs = outputs;
                // Its first line may be the one, and is read before the machine has asked for it.
                self.probe = self.process.readiness().map(Probe::of_lines).unwrap_or_default();
                self.leader = Some(Leader { watch, leash });
                Ok(())
            }
            Err(error) => Err((leash, error)),
        }
    }

    /// Ends a program that runs and cannot be watched. The start has failed when nothing of it is left.
    fn undo(&mut self, leash: Leash, error: io::Error) {
        let (gone, receiver) = oneshot::channel();
        let error = SpawnError::new(self.process.command(), error);
        leash.bury(move |_| {
            // Nobody waits for it any more if the runtime is gone.
            let _ = gone.send(());
        });
        self.launching = Some(Box::pin(async move {
            // If the one who buries is gone as well, nothing better can be said.
            let _ = receiver.await;
            Err(error)
        }));
    }

    /// Reads some of an output. `true` says that the process is ready.
    fn read(&mut self, output: usize) -> bool {
        let Self { outputs, probe, sink, .. } = self;
        self.turn = 1 - output;
        let mut ready = false;
        if let Some(pump) = &mut outputs[output] {
            pump.read(|written| ready |= write(written, probe, sink));
            outputs[output].take_if(|pump| pump.has_ended());
        }
        ready
    }

    /// Reads all that the outputs hold. `true` says that the process is ready.
    fn drain(&mut self) -> bool {
        let Self { outputs, probe, sink, .. } = self;
        let mut ready = false;
        for output in outputs {
            if let Some(pump) = output {
                pump.drain(|written| ready |= write(written, probe, sink));
            }
            output.take_if(|pump| pump.has_ended());
        }
        ready
    }

    // --- the end ---

    /// Gives back everything, now that nothing is left of the set.
    pub(super) async fn finish(&mut self) {
        self.probe.end().await;
        self.grip.let_go();
        if let Some(Leader { watch, leash }) = self.leader.take() {
            // The bell may be watched for another set as soon as this one is released.
            drop(watch);
            leash.release();
        }
    }

    /// Has what is left of the outputs read in the background: somebody who has left the set still holds the pipes.
    pub(super) fn leave_outputs(&mut self) {
        for pump in self.outputs.iter_mut().filter_map(Option::take) {
            Handle::current().spawn(pump.drain_on(self.sink.clone()));
        }
    }

    /// How it ended, and who was left behind.
    pub(super) fn ended(&mut self) -> Ended {
        let exit = self.exit.take().unwrap_or(Exit::Unknown);
        Ended::new(exit).with_stragglers(self.rest.stragglers())
    }

    /// Why the start failed.
    pub(super) fn failure(&mut self) -> StartError {
        self.failure.take().unwrap_or_else(|| {
            let within = self.process.get_ready_timeout();
            StartError::new(ReadyError::TimedOut { program: self.program(), within })
        })
    }

    /// Hands over the responsibility for whatever runs, because the keeper is about to be dropped.
    pub(super) fn abandon(&mut self) -> Option<Leash> {
        self.leader.take().map(|leader| leader.leash)
    }

    fn program(&self) -> String {
        self.process.command().program.to_string_lossy().into_owned()
    }
}

/// Makes lines events. `true` says that one of them tells that the process is ready.
fn write(written: Written<'_>, probe: &mut Probe, sink: &OutputSink) -> bool {
    let ready = probe.sees_lines() && written.any(|line| probe.sees(line));
    written.to(sink);
    ready
}

async fn answer(launching: &mut Option<Launching>) -> Answer {
    match launching {
        Some(launching) => launching.await,
        None => std::future::pending().await,
    }
}

async fn ended(leader: Option<&Leader>) -> Exit {
    let Some(Leader { watch, leash }) = leader else { return std::future::pending().await };
    loop {
        let Ok(mut rung) = watch.readable().await else {
            // The runtime shuts down.
            return std::future::pending().await;
        };
        match leash.set().exited() {
            Some(exit) => return exit,
            None if leash.set().will_ring() => rung.clear_ready(),
            // It has ended, but somebody traces it and has not let go, or its reaper has been killed.
            None => sleep_until(tokio::time::Instant::now() + TRY_AGAIN).await,
        }
    }
}

async fn news_of(rest: &mut Rest, leader: Option<&Leader>) -> Input {
    match leader {
        Some(leader) => rest.news(leader.leash.set(), &leader.watch).await,
        None => std::future::pending().await,
    }
}

async fn time_has_come(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn either_to_read(outputs: &[Option<Pump>; 2], first: usize, sink: &OutputSink) -> usize {
    let output = either_readable(outputs, first).await;
    if let Some(pump) = &outputs[output] {
        pump.room(sink).await;
    }
    output
}

async fn either_readable(outputs: &[Option<Pump>; 2], first: usize) -> usize {
    let second = 1 - first;
    tokio::select! {
        biased;
        () = readable(&outputs[first]) => first,
        () = readable(&outputs[second]) => second,
    }
}

async fn readable(output: &Option<Pump>) {
    match output {
        Some(pump) => pump.readable().await,
        None => std::future::pending().await,
    }
}
