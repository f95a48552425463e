//! What an application wants of signals.

use std::time::Duration;

use rootward_core::TreeSnapshot;
use rootward_signals::{Hangup, Signal, SignalHandlers, SignalReceived, SignalSource};

use super::Application;

impl Application {
    /// Registers a handler for a signal, beside what the signal does by itself. See
    /// [`Signals::on`](rootward_signals::Signals::on).
    ///
    /// A `tokio::spawn` in the handler ends up on the task runtime. What comes and goes while the program runs has its
    /// handlers by [`signal_handlers`](Self::signal_handlers).
    pub fn on_signal(self, signal: Signal, handler: impl FnMut(&SignalReceived) + Send + 'static) -> Self {
        self.change_signals(|signals| signals.on(signal, handler))
    }

    /// Registers a handler for a signal that has something to await. See [`Signals::on_async`].
    ///
    /// [`Signals::on_async`]: rootward_signals::Signals::on_async
    pub fn on_signal_async<F>(
        self,
        signal: Signal,
        handler: impl FnMut(SignalReceived) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.change_signals(|signals| signals.on_async(signal, handler))
    }

    /// Has SIGHUP read the configuration again, in place of stopping the tree: [`Hangup::Reload`] and a
    /// [handler](Self::on_signal) in one. With the feature `systemd` a service manager that is
    /// notified is told when it begins and when it is over.
    ///
    /// If the function panics, the other handlers and the program go on.
    pub fn on_reload(self, mut reload: impl FnMut(&SignalReceived) + Send + 'static) -> Self {
        let teller = self.reload_teller.clone();
        self.hangup(Hangup::Reload).on_signal(Signal::HUP, move |received| teller.tell(|| reload(received)))
    }

    /// What adds handlers while the program runs, and takes them away again.
    ///
    /// A task of the tree finds it as well: `cx.provided::<SignalHandlers>()`.
    ///
    /// # Examples
    ///
    /// ```
    /// use rootward::signal::SignalHandlers;
    /// use rootward::{Application, ChildSpec, Signal, Supervisor};
    ///
    /// let cache = ChildSpec::task("cache", |cx| async move {
    ///     let handlers = cx.provided::<SignalHandlers>().expect("an application provides it");
    ///     // Called as long as this incarnation of the task runs.
    ///     let _handler = handlers.add(Signal::USR2, |_| println!("the cache is emptied"));
    ///     cx.stopping().await
    /// });
    /// let application = Application::new(Supervisor::new("root").child(cache));
    /// ```
    pub fn signal_handlers(&self) -> SignalHandlers {
        self.signals.handlers()
    }

    /// Says how long the signal that stops the tree waits for its handlers. The default is 5 s. See
    /// [`Signals::handler_timeout`](rootward_signals::Signals::handler_timeout).
    pub fn handler_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        let timeout = timeout.into();
        self.change_signals(|signals| signals.handler_timeout(timeout))
    }

    /// Registers the function that shows the tree's snapshot on SIGUSR1.
    pub fn on_snapshot(self, show: impl FnMut(&TreeSnapshot) + Send + 'static) -> Self {
        self.change_signals(|signals| signals.on_snapshot(show))
    }

    /// Says what SIGHUP does.
    pub fn hangup(self, hangup: Hangup) -> Self {
        self.change_signals(|signals| signals.hangup(hangup))
    }

    /// Says which signals stop the tree beside SIGINT, SIGTERM and SIGHUP. Before the first of them stops the tree, it
    /// shows the snapshot. See [`Signals::stop_signals`](rootward_signals::Signals::stop_signals).
    ///
    /// The default is SIGQUIT, which is Ctrl-\\ and the stop signal of some container images. If the program is process
    /// 1, or has an init above it that is, SIGRTMIN+3 and SIGPWR are among them, too: container managers send them.
    pub fn stop_signals(mut self, signals: impl IntoIterator<Item = Signal>) -> Self {
        self.stop_signals = Some(signals.into_iter().collect());
        self
    }

    /// Says whether SIGTSTP and SIGCONT concern the process children as well. The default is `false`. See
    /// [`Signals::suspend_children`](rootward_signals::Signals::suspend_children).
    pub fn suspend_children(self, suspend: bool) -> Self {
        self.change_signals(|signals| signals.suspend_children(suspend))
    }

    /// Says whether SIGHUP, SIGINT and SIGQUIT are heard also if the program was started with them ignored. See
    /// [`Signals::heed_ignored`](rootward_signals::Signals::heed_ignored).
    pub fn heed_ignored(self, heed: bool) -> Self {
        self.change_signals(|signals| signals.heed_ignored(heed))
    }

    /// Says where signals come from, if not from the system.
    pub fn signal_source(self, source: SignalSource) -> Self {
        self.change_signals(|signals| signals.source(source))
    }
}
