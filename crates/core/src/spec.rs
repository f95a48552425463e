//! A child as a supervisor is given it: its id, how it starts, and what happens when it ends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::child::{ChildId, ChildKind, InvalidId, Restart, Shutdown, SpecError};
use crate::child_kind::{Launch, StartChild, StartContext};
use crate::panics::drop_quietly;
use crate::policy::{Backoff, Intensity, Traits, Tuning};

/// Describes a child of a supervisor (OTP's child specification).
///
/// | property | default |
/// | --- | --- |
/// | [`restart`](Self::restart) | [`Restart::Permanent`] |
/// | the same, of tasks and blocking work | [`Restart::Transient`] |
/// | the same, of work that runs once | [`Restart::Temporary`] |
/// | [`shutdown`](Self::shutdown) | five seconds of grace; [`Shutdown::Infinity`] for supervisors |
/// | [`significant`](Self::significant) | `false` |
/// | [`backoff`](Self::backoff) | none: restarts happen at once |
/// | [`intensity`](Self::intensity) | none of its own: the supervisor's counts |
/// | [`start_timeout`](Self::start_timeout) | none |
///
/// Nothing is checked here: a supervisor checks the specs of all its children when it is built, and says what is
/// wrong with which.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use rootward_core::{ChildSpec, Restart};
///
/// let ticker = ChildSpec::task("ticker", |cx| async move { cx.stopping().await })
///     .restart(Restart::Transient)
///     .shutdown(Duration::from_secs(1));
/// assert_eq!(ticker.id(), "ticker");
/// ```
#[derive(Clone)]
#[must_use = "a child spec does nothing until a supervisor has it"]
pub struct ChildSpec {
    id: Arc<str>,
    /// Asked once, so that a supervisor never has to ask code that is not the library's.
    kind: ChildKind,
    /// Whether it is started by code of the library's, which never blocks.
    is_own: bool,
    restart: Restart,
    shutdown: Shutdown,
    significant: bool,
    tuning: Option<Arc<Tuning>>,
    start: Arc<dyn StartChild>,
}

impl ChildSpec {
    /// Describes a child of any kind by the way it is started.
    ///
    /// This is how other kinds of children than tasks come into the tree. Processes and supervisors are made in this
    /// way, too.
    pub fn new(id: impl Into<String>, start: impl StartChild) -> Self {
        Self { is_own: false, ..Self::own(id, start) }
    }

    /// The same for a kind of child that this library brings along.
    pub(crate) fn own(id: impl Into<String>, start: impl StartChild) -> Self {
        // OTP rule 7.
        let kind = start.kind();
        let shutdown = match kind {
            ChildKind::Supervisor => Shutdown::Infinity,
            ChildKind::Process | ChildKind::Task | ChildKind::Actor => {
                Shutdown::Grace(Shutdown::DEFAULT_GRACE)
            }
        };
        Self::started_by(id.into(), kind, shutdown, Arc::new(Starter::new(start)))
    }

    /// Describes a supervisor of ours, which holds nothing but specs: each of those sees to it that its own drop does
    /// no harm, and a tree of thousands of levels is dropped by recursion.
    pub(crate) fn supervisor(id: String, start: impl StartChild) -> Self {
        Self::started_by(id, ChildKind::Supervisor, Shutdown::Infinity, Arc::new(start))
    }

    fn started_by(id: String, kind: ChildKind, shutdown: Shutdown, start: Arc<dyn StartChild>) -> Self {
        let (restart, significant, tuning) = (Restart::default(), false, None);
        let is_own = true;
        Self { id: Arc::from(id), kind, is_own, restart, shutdown, significant, tuning, start }
    }

    /// Says which exits lead to a restart.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Says how the child is stopped: a grace (a plain [`Duration`] will do), at once, or without limit.
    pub fn shutdown(mut self, shutdown: impl Into<Shutdown>) -> Self {
        self.shutdown = shutdown.into();
        self
    }

    /// Makes the child one whose end matters to its supervisor's [`AutoShutdown`](crate::AutoShutdown).
    pub fn significant(mut self, significant: bool) -> Self {
        self.significant = significant;
        self
    }

    /// Puts restarts off, the longer the more of them there have been in a row. By default they happen at once, as in
    /// OTP.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.tune().backoff = Some(backoff);
        self
    }

    /// Limits the restarts of this child, in addition to those of its supervisor. If either limit is exceeded the
    /// supervisor gives up. By default there is no such limit, as in OTP.
    pub fn intensity(mut self, max_restarts: u32, within: Duration) -> Self {
        self.tune().intensity = Some(Intensity { max_restarts, within });
        self
    }

    /// Limits the time that a start may take. A child that has not started by then is ended, and its start has failed.
    /// By default there is no limit, as in OTP.
    ///
    /// It matters for children that start in the background: processes with a readiness rule, services, actors, and
    /// supervisors.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.tune().start_timeout = Some(timeout);
        self
    }

    /// The id, as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the child is.
    pub fn kind(&self) -> ChildKind {
        self.kind
    }

    /// Whether it is started by code of the library's.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// The id in the form that is shared, if it is one.
    pub(crate) fn child_id(&self) -> Result<ChildId, InvalidId> {
        ChildId::shared(&self.id)
    }

    /// The same, of a spec that has been checked.
    pub(crate) fn checked_id(&self) -> ChildId {
        ChildId::checked(&self.id)
    }

    /// Which exits lead to a restart.
    pub fn restart_type(&self) -> Restart {
        self.restart
    }

    /// How the child is stopped.
    pub fn shutdown_type(&self) -> Shutdown {
        self.shutdown
    }

    /// Whether the child's end matters to its supervisor's [`AutoShutdown`](crate::AutoShutdown).
    pub fn is_significant(&self) -> bool {
        self.significant
    }

    /// The same child with a number for an id.
    pub(crate) fn renamed(mut self, number: usize) -> Self {
        self.id = Arc::from(number.to_string());
        self
    }

    fn tune(&mut self) -> &mut Tuning {
        Arc::make_mut(self.tuning.get_or_insert_default())
    }

    /// What a supervisor's machine has to know of the child.
    pub(crate) fn traits(&self) -> Traits {
        Traits {
            restart: self.restart,
            shutdown: self.shutdown,
            significant: self.significant,
            tuning: self.tuning.clone(),
        }
    }

    pub(crate) fn tuning(&self) -> Option<&Arc<Tuning>> {
        self.tuning.as_ref()
    }

    pub(crate) fn starter(&self) -> &Arc<dyn StartChild> {
        &self.start
    }
}

/// A spec starts what it describes, so that another kind of child can be made around it.
impl StartChild for ChildSpec {
    fn kind(&self) -> ChildKind {
        self.kind
    }

    fn start(&self, cx: StartContext) -> Launch {
        self.start.start(cx)
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        self.start.check(path)
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .finish_non_exhaustive()
    }
}

/// Starts a child as what is inside does, and lets no panic of its drop get any further.
///
/// The last spec of a child is dropped wherever it happens to be: by a supervisor, by the report writer, by a caller.
/// What a user's closure has captured is dropped with it, and a panic of that must not be the end of any of these.
struct Starter<S>(Option<S>);

impl<S: StartChild> Starter<S> {
    fn new(start: S) -> Self {
        Self(Some(start))
    }

    fn inside(&self) -> &S {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<S: StartChild> StartChild for Starter<S> {
    fn kind(&self) -> ChildKind {
        self.inside().kind()
    }

    fn start(&self, cx: StartContext) -> Launch {
        self.inside().start(cx)
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        self.inside().check(path)
    }
}

impl<S> Drop for Starter<S> {
    fn drop(&mut self) {
        drop_quietly(self.0.take());
    }
}
