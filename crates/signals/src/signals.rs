//! How the application says which signals it wants to be attended to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rootward_core::{Tree, TreeSnapshot};
use tokio::runtime::Handle;

use crate::handler::Handler;
use crate::handler_registry::SignalHandlers;
use crate::handler_threads::{HandlerThreads, HandlerWork};
use crate::last_kill::LastKill;
use crate::policy::SignalRules;
use crate::snapshot_show::{ShowSnapshot, SnapshotShow};
use crate::sys;
use crate::system_signals::InheritedSignals;
use crate::{
    AddedHandler, Hangup, Listening, Signal, SignalError, SignalReceived, SignalSource, SignalsGuard,
};

/// Describes how signals act upon a tree.
///
/// | signal | what it does | unless |
/// | --- | --- | --- |
/// | the first SIGINT, SIGTERM or SIGHUP | asks the tree to stop, or joins a stop that is under way | |
/// | the second | forces: every remaining grace ends now | it is a SIGTERM or SIGHUP within a second of the last one that counted, or a SIGINT within a tenth of a second of the last SIGINT: then it belongs to the same request |
/// | the third | one last kill, then [`SignalsGuard::exit_requested`] resolves with 128 + its number | the same |
/// | SIGUSR1 | shows the snapshot, if there is [a function to show it](Self::on_snapshot) | |
/// | SIGTSTP, SIGCONT | suspend the processes and the program, and have them go on, if [that is wanted](Self::suspend_children) | |
///
/// With [`Hangup::Reload`], SIGHUP is for handlers alone.
///
/// The first signal counts as the request to stop even if the tree has been stopping already for another reason: a user
/// who presses Ctrl-C just then wants the program to end, and need not have seen that it does.
///
/// # A good guest
///
/// No signal's disposition is changed before [`listen`](Self::listen) or [`attach`](Self::attach) is called,
/// and only those of SIGINT, SIGTERM, SIGHUP, of signals for which something is registered, and of a SIGPIPE that would
/// end the program. SIGQUIT (Ctrl-\\) stays the last way out, unless it is among the [signals that
/// stop](Self::stop_signals). What the program
/// was started with stays in force: a SIGHUP or SIGINT that is ignored [is left alone](Self::heed_ignored), and a
/// signal that is blocked is let through on the library's own thread and on no other. When the last guard has been
/// dropped each signal does again what it did before.
///
/// # Examples
///
/// ```
/// use rootward_core::{ChildSpec, Supervisor};
/// use rootward_signals::{Signal, SignalSource, Signals};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
/// let tree = Supervisor::new("root").child(worker).start().await?;
/// let (signals, source) = SignalSource::channel(); // without this line: the process's own signals
/// let guard = Signals::new()
///     .source(source)
///     .on(Signal::TERM, |received| println!("{} means {:?}", received.signal, received.action))
///     .attach(&tree)?;
///
/// signals.send(Signal::TERM);
///
/// tokio::select! {
///     report = tree.wait() => assert!(report.clean),
///     status = guard.exit_requested() => std::process::exit(status.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "signals are attended to only once they are attached to a tree"]
pub struct Signals {
    source: SignalSource,
    hangup: Hangup,
    stop_signals: BTreeSet<Signal>,
    suspend: bool,
    inherited: InheritedSignals,
    handlers: SignalHandlers,
    show_snapshot: Option<ShowSnapshot>,
    handler_timeout: Option<Duration>,
    handler_runtime: Option<Handle>,
}

/// How long a stop waits for its handlers unless the application says otherwise.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(5);

impl Signals {
    /// The usual meaning for SIGINT, SIGTERM and SIGHUP, and nothing else.
    pub fn new() -> Self {
        Self {
            source: SignalSource::default(),
            hangup: Hangup::default(),
            stop_signals: BTreeSet::new(),
            suspend: false,
            inherited: InheritedSignals::default(),
            handlers: SignalHandlers::new(),
            show_snapshot: None,
            handler_timeout: Some(HANDLER_TIMEOUT),
            handler_runtime: None,
        }
    }

    /// Registers a handler for a signal.
    ///
    /// SIGKILL and SIGSTOP cannot be caught; SIGSEGV, SIGBUS, SIGFPE and SIGILL are not, because a handler that
    /// returned would have the kernel send them again without end. [`listen`](Self::listen) refuses them.
    ///
    /// Any number of handlers may listen for a signal. All of them see it, in the order in which they were
    /// registered, and before the tree is touched. But a handler that hangs takes nothing away: a stop waits for its
    /// handlers no longer than the [timeout](Self::handler_timeout), and a force or a leave does not wait for any. A
    /// handler that panics does not keep the others from seeing the signal; the event
    /// [`HandlerFailed`](rootward_core::EventKind::HandlerFailed) has the panic.
    ///
    /// Handlers run one after the other on a thread of their own and may block. Only the signal that stops the tree has
    /// its handlers called on a second thread if those of another signal keep it waiting for a tenth of a second. A
    /// handler that has something to await is [async](Self::on_async), or spawns it (they run [inside a
    /// runtime](Self::handler_runtime)) and does not keep the stop waiting. A signal that arrives again while handlers
    /// are busy and an equal one waits for its own is one with it: [`SignalReceived::times`] counts them.
    pub fn on(self, signal: Signal, handler: impl FnMut(&SignalReceived) + Send + 'static) -> Self {
        self.with(signal, Handler::Plain(Box::new(handler)))
    }

    /// Registers a handler for a signal that has something to await: it takes a service out of a registry, or says
    /// good-bye to a peer.
    ///
    /// It is a handler as any other ([`on`](Self::on)): it is called in its turn, the next one when its future is over,
    /// and the stop waits for it. Unlike one that blocks, it ends in any case: a future that takes longer than the
    /// [timeout](Self::handler_timeout) is dropped, and the event
    /// [`HandlerFailed`](rootward_core::EventKind::HandlerFailed) says so. What it awaits is driven by the [runtime for
    /// handlers](Self::handler_runtime).
    ///
    /// # Examples
    ///
    /// ```
    /// # use rootward_signals::{Signal, Signals};
    /// # async fn leave_registry() {}
    /// let signals = Signals::new().on_async(Signal::TERM, |_| async { leave_registry().await });
    /// ```
    pub fn on_async<F>(
        self,
        signal: Signal,
        handler: impl FnMut(SignalReceived) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.with(signal, Handler::from_async(handler))
    }

    fn with(self, signal: Signal, handler: Handler) -> Self {
        // Nothing listens yet that could refuse it.
        let _ = self.handlers.register(signal, handler).map(AddedHandler::keep);
        self
    }

    /// What adds handlers, and takes them away, while signals are heard: for parts of a program that come and go.
    ///
    /// An `Application` of the crate `rootward` provides it to its tree.
    pub fn handlers(&self) -> SignalHandlers {
        self.handlers.clone()
    }

    /// Registers the function that shows the tree's snapshot on SIGUSR1, such as `|snapshot| eprintln!("{snapshot}")`.
    ///
    /// Without it SIGUSR1 is left alone. The snapshot that SIGUSR1 asks for is taken and shown on a thread of its own,
    /// after the handlers of SIGUSR1 have been called: a function that hangs holds up no handler and no stop. What is
    /// asked for meanwhile is shown once, when it returns. A panic in it is an event,
    /// [`HandlerFailed`](rootward_core::EventKind::HandlerFailed). A stop signal that shows the snapshot first waits
    /// for the function, and not if one is being shown.
    pub fn on_snapshot(mut self, show: impl FnMut(&TreeSnapshot) + Send + 'static) -> Self {
        self.show_snapshot = Some(Box::new(show));
        self
    }

    /// Says what SIGHUP does. The default is [`Hangup::Stop`].
    pub fn hangup(mut self, hangup: Hangup) -> Self {
        self.hangup = hangup;
        self
    }

    /// Says which signals stop the tree beside SIGINT, SIGTERM and SIGHUP. The default is none.
    ///
    /// They count as SIGTERM does. Before the first of them stops the tree, the snapshot is shown, if there is [a
    /// function to show it](Self::on_snapshot) and it is not busy; the stop waits for that as for a handler.
    /// [`Signal::QUIT`] is Ctrl-\\, and the stop signal of some container images; without this it stays the last way
    /// out.
    pub fn stop_signals(mut self, signals: impl IntoIterator<Item = Signal>) -> Self {
        self.stop_signals = signals.into_iter().collect();
        self
    }

    /// Says whether SIGTSTP and SIGCONT concern the process children as well. The default is `false`: SIGTSTP suspends
    /// the program alone, and its children go on.
    ///
    /// If it is `true`, SIGTSTP [suspends the processes](Tree::suspend_processes), and then the program as it would
    /// without this: not where no shell could have it go on. When the program goes on, so do they, and SIGCONT has them
    /// go on in any case. They get SIGSTOP, which no program ignores. Time in which the program was suspended is not
    /// held against a child: graces, timeouts of starts and delays of restarts go on for what was lost.
    ///
    /// With a [channel](SignalSource::channel) as the source, the program is not suspended.
    pub fn suspend_children(mut self, suspend: bool) -> Self {
        self.suspend = suspend;
        self
    }

    /// Says whether SIGHUP, SIGINT and SIGQUIT are heard also if the program was started with them ignored. The default
    /// is `false`: they stay ignored, whatever is registered for them. `nohup` has SIGHUP ignored, and a shell has
    /// SIGINT and SIGQUIT ignored in what a script starts in the background.
    pub fn heed_ignored(mut self, heed: bool) -> Self {
        self.inherited.heed_ignored = heed;
        self
    }

    /// Says whether SIGCHLD is caught if the program was started with it ignored. The default is `false`. As long as it
    /// is ignored, the kernel keeps no exit status of the program's own children.
    pub fn reapable_children(mut self, reapable: bool) -> Self {
        self.inherited.reapable_children = reapable;
        self
    }

    /// Says how long the signal that stops the tree waits for its handlers, from its arrival on. When they have not
    /// come to an end by then the stop begins without them. A handler that is [async](Self::on_async) is dropped when
    /// it has taken so long. One that is not async and has run so long is an event
    /// ([`HandlerFailed`](rootward_core::EventKind::HandlerFailed)), keeps its thread until it returns, and is not
    /// called meanwhile; handlers of other signals are called on another thread. There are four threads more at most:
    /// then all wait until one of these handlers returns. The default is 5 s; `None` means as long as it takes.
    pub fn handler_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.handler_timeout = timeout.into();
        self
    }

    /// Says on which runtime a `tokio::spawn` in a handler ends up. The default is the one in which listening
    /// begins.
    pub fn handler_runtime(mut self, runtime: Handle) -> Self {
        self.handler_runtime = Some(runtime);
        self
    }

    /// Says where signals come from. The default is [`SignalSource::system`].
    pub fn source(mut self, source: SignalSource) -> Self {
        self.source = source;
        self
    }

    /// Begins to listen, and keeps what arrives until it is [attached](Listening::attach) to a tree.
    ///
    /// A program that listens before it launches its tree has no moment at which a signal could end it with
    /// half a tree behind it.
    ///
    /// # Errors
    ///
    /// [`SignalError`] if a signal cannot be listened for, or if the system refuses one of the threads: one that hears
    /// the process's signals, two for the handlers if there are any, one that shows snapshots if there is a
    /// function for that, and one for the last kill.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, unless a [runtime for handlers](Self::handler_runtime) is given.
    pub fn listen(self) -> Result<Listening, SignalError> {
        let signals = self.signals();
        let snapshot = self.show_snapshot.is_some();
        let rules =
            SignalRules { hangup: self.hangup, stop: self.stop_signals, snapshot, suspend: self.suspend };
        let runtime = self.handler_runtime.unwrap_or_else(Handle::current);
        let Self { handlers, show_snapshot, handler_timeout, .. } = self;
        let show_snapshot = show_snapshot.map(SnapshotShow::new);
        let plan = HandlerWork { handlers: handlers.clone(), show_snapshot, runtime, limit: handler_timeout };
        let handler_threads = Arc::new(HandlerThreads::new(plan));
        if snapshot {
            handler_threads.start()?;
        }
        let last_kill = LastKill::prepare().map_err(SignalError::Thread)?;
        let source = self.source.open(&signals, self.inherited)?;
        // The registry does not keep the thread.
        let thread = Arc::downgrade(&handler_threads);
        let start = move || thread.upgrade().map_or(Ok(()), |thread| thread.start());
        let heard = source.heard();
        let is_of_process = heard.is_some();
        handlers.are_called_by(start, heard)?;
        if is_of_process {
            sys::replay_early();
        }
        Ok(Listening { source, rules, handlers, handler_threads, handler_timeout, last_kill })
    }

    /// Begins to listen, and has every signal act upon this tree as long as the guard is held.
    ///
    /// When this returns, no signal is lost any more.
    ///
    /// # Errors
    ///
    /// As [`listen`](Self::listen).
    ///
    /// # Panics
    ///
    /// As [`listen`](Self::listen).
    pub fn attach(self, tree: &Tree) -> Result<SignalsGuard, SignalError> {
        Ok(self.listen()?.attach(tree))
    }

    /// The signals to listen for: those that have a meaning by themselves. Those of handlers come with them.
    fn signals(&self) -> Vec<Signal> {
        let mut signals = BTreeSet::from([Signal::INT, Signal::TERM, Signal::HUP]);
        signals.extend(&self.stop_signals);
        if self.show_snapshot.is_some() {
            signals.insert(Signal::USR1);
        }
        if self.suspend {
            signals.extend([Signal::TSTP, Signal::CONT]);
        }
        signals.into_iter().collect()
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals")
            .field("source", &self.source)
            .field("handlers", &self.handlers)
            .field("shows_snapshots", &self.show_snapshot.is_some())
            .finish_non_exhaustive()
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self::new()
    }
}
