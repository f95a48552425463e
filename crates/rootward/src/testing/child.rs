//! A child that does as the test says.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rootward_core::{ChildSpec, Exit, TaskContext};
use tokio::sync::{Notify, watch};

use super::backstop::{BACKSTOP, within_time};

/// A task that stands in for a child of the application's, and does as the test says.
///
/// It runs until it is told to end or its supervisor asks it to stop. Clones tell the same child. What it is told is
/// done by the incarnation that runs, or by the next one if none does.
///
/// # Examples
///
/// ```
/// # mod tokio { pub use ::tokio::*; pub use ::tokio::main as test; }
/// use rootward::testing::{EventLog, TestChild};
/// use rootward::{Strategy, Supervisor};
///
/// #[tokio::test(flavor = "current_thread")]
/// async fn a_cache_is_started_again_together_with_its_database() {
///     let (db, cache) = (TestChild::new("db"), TestChild::new("cache"));
///     let app = Supervisor::new("app").strategy(Strategy::RestForOne).child(db.spec()).child(cache.spec());
///     let (_tree, _log) = EventLog::start(app).await;
///
///     db.fail("connection lost");
///
///     cache.started(2).await;
///     assert_eq!(db.starts(), 2);
/// }
/// # fn main() { a_cache_is_started_again_together_with_its_database() }
/// ```
#[derive(Clone)]
pub struct TestChild {
    id: String,
    starts: Starts,
    shared: Arc<TestChildState>,
}

#[derive(Clone, Copy)]
enum Starts {
    AtOnce,
    WhenTold,
}

#[derive(Default)]
struct TestChildState {
    commands: Mutex<VecDeque<ChildCommand>>,
    ordered: Notify,
    seen: watch::Sender<ChildCounts>,
}

enum ChildCommand {
    Ready,
    End(Exit),
    Panic(String),
}

#[derive(Clone, Copy, Default)]
struct ChildCounts {
    starts: u32,
    runs: bool,
    asked: bool,
    stops: Stops,
}

/// What it does when it is asked to stop.
#[derive(Clone, Copy, Default)]
enum Stops {
    #[default]
    AtOnce,
    After(Duration),
    WhenTold,
}

impl TestChild {
    /// A child that has started as soon as it runs.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), starts: Starts::AtOnce, shared: Arc::default() }
    }

    /// A child that has started when the test says [`ready`](Self::ready), every incarnation anew.
    pub fn service(id: impl Into<String>) -> Self {
        Self { starts: Starts::WhenTold, ..Self::new(id) }
    }

    /// The child, for a supervisor. It is restarted as [`ChildSpec::task`] or [`ChildSpec::service`] is, unless that is
    /// changed.
    pub fn spec(&self) -> ChildSpec {
        let shared = Arc::clone(&self.shared);
        let run = move |cx| play(cx, Arc::clone(&shared));
        match self.starts {
            Starts::AtOnce => ChildSpec::task(&self.id, run),
            Starts::WhenTold => ChildSpec::service(&self.id, run),
        }
    }

    // --- what it does ---

    /// Has it say that it is ready. One that was made by [`new`](Self::new) is that already.
    pub fn ready(&self) {
        self.command(ChildCommand::Ready);
    }

    /// Has it end as it should.
    pub fn finish(&self) {
        self.command(ChildCommand::End(Exit::Normal));
    }

    /// Has it end with this error.
    pub fn fail(&self, error: impl Into<String>) {
        self.command(ChildCommand::End(Exit::Failed { error: error.into() }));
    }

    /// Has it panic with this message.
    pub fn panic(&self, message: impl Into<String>) {
        self.command(ChildCommand::Panic(message.into()));
    }

    /// From now on it takes this time, by tokio's clock, to stop when it is asked to.
    pub fn stops_after(&self, time: Duration) {
        self.shared.seen.send_modify(|seen| seen.stops = Stops::After(time));
    }

    /// From now on it does not stop when it is asked to. It ends when it is told to, or when it is forced.
    pub fn ignores_stop(&self) {
        self.shared.seen.send_modify(|seen| seen.stops = Stops::WhenTold);
    }

    // --- what it has done ---

    /// How often it has been started.
    pub fn starts(&self) -> u32 {
        self.shared.seen.borrow().starts
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.shared.seen.borrow().runs
    }

    /// Waits until it has been started this often.
    ///
    /// # Panics
    ///
    /// If it has not within 30 s of the system's time.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[track_caller]
    pub fn started(&self, times: u32) -> impl Future<Output = ()> {
        self.see(Location::caller(), format!("start {times}"), move |seen| seen.starts >= times)
    }

    /// Waits until the incarnation that runs has been asked to stop.
    ///
    /// # Panics
    ///
    /// If it has not within 30 s of the system's time.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[track_caller]
    pub fn asked_to_stop(&self) -> impl Future<Output = ()> {
        self.see(Location::caller(), "the request to stop".to_owned(), |seen| seen.asked)
    }

    async fn see(&self, place: &Location<'_>, what: String, is_so: impl Fn(&ChildCounts) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        let seen = within_time(BACKSTOP, seen.wait_for(|seen| is_so(seen))).await.map(|_| ());
        seen.unwrap_or_else(|| {
            panic!("{place}: {what} of `{}` has not come within {BACKSTOP:?}: {self:?}", self.id)
        });
    }

    fn command(&self, command: ChildCommand) {
        self.shared.commands().push_back(command);
        self.shared.ordered.notify_one();
    }
}

impl TestChildState {
    fn commands(&self) -> MutexGuard<'_, VecDeque<ChildCommand>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> ChildCommand {
        loop {
            let command = self.commands().pop_front();
            match command {
                Some(command) => return command,
                None => self.ordered.notified().await,
            }
        }
    }

    /// Does as told until that is to end.
    async fn obey(&self, cx: &TaskContext) -> Exit {
        loop {
            match self.next().await {
                ChildCommand::Ready => cx.ready(),
                ChildCommand::End(exit) => return exit,
                ChildCommand::Panic(message) => panic!("{message}"),
            }
        }
    }

    /// Stops as it was told to, having been asked.
    async fn stop(&self) -> Exit {
        self.seen.send_modify(|seen| seen.asked = true);
        let stops = self.seen.borrow().stops;
        match stops {
            Stops::AtOnce => {}
            Stops::After(time) => wait(time).await,
            Stops::WhenTold => pending().await,
        }
        Exit::Normal
    }
}

async fn play(cx: TaskContext, shared: Arc<TestChildState>) -> Exit {
    let _runs = Runs::begin(&shared);
    tokio::select! {
        biased;
        exit = shared.obey(&cx) => return exit,
        () = cx.stopping() => {}
    }
    tokio::select! {
        biased;
        exit = shared.obey(&cx) => exit,
        exit = shared.stop() => exit,
    }
}

#[expect(clippy::disallowed_methods, reason = "to be slow is what the test wants")]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

/// There while an incarnation runs.
struct Runs<'a>(&'a TestChildState);

impl<'a> Runs<'a> {
    fn begin(shared: &'a TestChildState) -> Self {
        shared.seen.send_modify(|seen| {
            seen.starts += 1;
            (seen.runs, seen.asked) = (true, false);
        });
        Self(shared)
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.seen.send_modify(|seen| seen.runs = false);
    }
}

impl fmt::Debug for TestChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = *self.shared.seen.borrow();
        let mut debug = f.debug_struct("TestChild");
        debug.field("id", &self.id).field("starts", &seen.starts).field("runs", &seen.runs);
        debug.field("asked", &seen.asked).finish()
    }
}
