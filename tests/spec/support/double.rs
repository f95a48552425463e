//! Children of a kind of their own, of which every step is taken by the test.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rootward::child_kind::{
    KillHandle, Launch, Reporter, RunningChild, StartChild, StartContext, StopRequest,
};
use rootward::error::StartError;
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, Exit};

/// A child that does nothing by itself: the test says when it has started and when it has ended.
#[derive(Clone)]
pub(crate) struct Double {
    id: String,
    at_once: bool,
    panics_in: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    reporter: Option<Reporter>,
    calls: Vec<&'static str>,
    requests: VecDeque<StopRequest>,
}

impl Double {
    /// A child that has started when the test says so.
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), at_once: false, panics_in: "", state: Arc::default() }
    }

    /// A child that has started at once.
    pub(crate) fn running(id: &str) -> Self {
        Self { at_once: true, ..Self::new(id) }
    }

    /// A child whose code panics in this call, also `drop` and `name`.
    pub(crate) fn that_panics_in(mut self, call: &'static str) -> Self {
        self.panics_in = call;
        self
    }

    /// The child that stands for it in the tree.
    pub(crate) fn spec(&self) -> ChildSpec {
        ChildSpec::new(&self.id, self.clone())
    }

    /// Says that it has started.
    pub(crate) fn is_ready(&self) {
        self.state().reporter.as_ref().expect("it has been started").started(None);
    }

    /// Says that it is gone.
    pub(crate) fn ends(&self) {
        self.ends_with(Exit::Normal);
    }

    pub(crate) fn ends_with(&self, exit: Exit) {
        let reporter = self.state().reporter.take().expect("it has been started");
        reporter.ended(exit);
    }

    /// Says that it could not be started.
    pub(crate) fn cannot_start(&self) {
        let reporter = self.state().reporter.take().expect("it has been started");
        reporter.failed(error());
    }

    /// Lets go of the reporter without a word.
    pub(crate) fn falls_silent(&self) {
        drop(self.state().reporter.take());
    }

    /// What its supervisor has done with it: `start`, `stop`, `force`, `last kill`.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// The oldest request to stop that has not been looked at.
    pub(crate) fn request(&self) -> StopRequest {
        self.state().requests.pop_front().expect("it has been asked to stop")
    }

    /// Notes a call, and panics if it is the one in which this child panics.
    fn is_called(&self, call: &'static str) {
        self.state().calls.push(call);
        assert_ne!(self.panics_in, call, "a child panics");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }
}

impl StartChild for Double {
    fn kind(&self) -> ChildKind {
        ChildKind::Actor
    }

    fn start(&self, cx: StartContext) -> Launch {
        let kill = Arc::new(LastKill(self.clone()));
        cx.register_kill(&kill);
        self.state().reporter = Some(cx.reporter);
        self.is_called("start");
        let running = Running { double: self.clone(), _kill: kill };
        match self.at_once {
            true => Launch::running(running),
            false => Launch::starting(running),
        }
    }
}

/// What its supervisor holds.
struct Running {
    double: Double,
    /// Registered for as long as this is held.
    _kill: Arc<LastKill>,
}

impl RunningChild for Running {
    fn stop(&mut self, request: StopRequest) {
        self.double.state().requests.push_back(request);
        self.double.is_called("stop");
    }

    fn force(&mut self) {
        self.double.is_called("force");
    }

    fn force_name(&self) -> &'static str {
        assert_ne!(self.double.panics_in, "name", "a child panics");
        "force"
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        assert_ne!(self.double.panics_in, "drop", "a child panics");
    }
}

/// What the last kill reaches for.
struct LastKill(Double);

impl KillHandle for LastKill {
    fn kill(&self) {
        self.0.is_called("last kill");
    }
}

/// A child that is started by this function.
pub(crate) fn started_by(
    id: &str,
    start: impl Fn(StartContext) -> Launch + Send + Sync + 'static,
) -> ChildSpec {
    ChildSpec::new(id, StartedBy(start))
}

/// A child that can never be started.
pub(crate) fn broken(id: &str) -> ChildSpec {
    started_by(id, |_| Launch::Failed(error()))
}

/// A child that has nothing to run.
pub(crate) fn ignored(id: &str) -> ChildSpec {
    started_by(id, |_| Launch::Ignored)
}

struct StartedBy<F>(F);

impl<F: Fn(StartContext) -> Launch + Send + Sync + 'static> StartChild for StartedBy<F> {
    fn kind(&self) -> ChildKind {
        ChildKind::Actor
    }

    fn start(&self, cx: StartContext) -> Launch {
        (self.0)(cx)
    }
}

fn error() -> StartError {
    StartError::new(io::Error::other("out of order"))
}
