//! A tree's events, kept and waited for.

use std::fmt;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rootward_core::{Event, EventKind, Events, Lagged, NodeSnapshot, Supervisor, Tree, TreeBuilder, TreeRef};
use tokio::task::coop::unconstrained;

use super::backstop::{BACKSTOP, within_time};
use super::prospect::{Prospect, prospect};
use super::text::RecordLine;

/// A tree's events as far as they have been read, in order.
///
/// A wait looks at events behind the one that was found by the wait before it, so that two waits for the same find two
/// events. What has happened already is found at once. A wait that cannot succeed panics, with the place of the call
/// and the whole log in the message; [`Display`](fmt::Display) gives that text for assertions of one's own.
///
/// The log does not keep the tree. It reads while something is waited for or looked at: a test that does neither while
/// more events happen than the tree's [capacity](TreeBuilder::event_capacity) loses some, and the next look panics.
#[derive(Debug)]
pub struct EventLog {
    tree: TreeRef,
    events: Events,
    seen: Vec<Arc<Event>>,
    /// Behind the event that was found last.
    cursor: usize,
    backstop: Duration,
}

type Caller = &'static Location<'static>;

impl EventLog {
    /// Starts a tree with this root, and logs it from its first event on.
    ///
    /// # Panics
    ///
    /// If the description of the tree makes no sense, or a child cannot be started.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background.
    #[track_caller]
    pub fn start(root: Supervisor) -> impl Future<Output = (Tree, Self)> {
        let place = Location::caller();
        async move {
            let builder = root.into_tree().unwrap_or_else(|error| panic!("{place}: {error}"));
            let (tree, mut log) = Self::launch(builder);
            let backstop = log.backstop;
            match within_time(backstop, tree.started()).await {
                Some(Ok(())) => (tree, log),
                Some(Err(error)) => log.fail(place, &format!("the tree has not started: {error}")),
                None => log.fail(place, &format!("the tree has not started within {backstop:?}")),
            }
        }
    }

    /// Begins to start a tree that has been configured, and logs it from its first event on.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose timers are not enabled.
    pub fn launch(mut builder: TreeBuilder) -> (Tree, Self) {
        let events = builder.subscribe();
        let tree = builder.launch();
        let log = Self::new(&tree, events);
        (tree, log)
    }

    /// Logs a tree from now on, for an application that starts its tree itself.
    pub fn of(tree: &Tree) -> Self {
        Self::new(tree, tree.events())
    }

    fn new(tree: &Tree, events: Events) -> Self {
        let tree = tree.downgrade();
        Self { tree, events, seen: Vec::new(), cursor: 0, backstop: BACKSTOP }
    }

    /// Says how long a wait takes at most, by the system's clock. 30 s by default.
    #[must_use]
    pub fn backstop(mut self, backstop: Duration) -> Self {
        self.backstop = backstop;
        self
    }

    /// Waits until something happens to the child with this path, such as `app/db`, and returns the event.
    ///
    /// ```
    /// # mod tokio { pub use ::tokio::*; pub use ::tokio::main as test; }
    /// # use rootward::testing::{EventLog, TestChild};
    /// # use rootward::{EventKind, Supervisor};
    /// # #[tokio::test(flavor = "current_thread")]
    /// # async fn main() {
    /// # let db = TestChild::new("db");
    /// # let (tree, mut log) = EventLog::start(Supervisor::new("app").child(db.spec())).await;
    /// db.fail("connection lost");
    /// log.wait_for("app/db", |what| matches!(what, EventKind::Restarting { attempt: 1, .. })).await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If that has not happened when the tree is over or the [backstop](Self::backstop) is reached.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        path: &str,
        fits: impl Fn(&EventKind) -> bool,
    ) -> impl Future<Output = Arc<Event>> {
        let fits = move |event: &Event| event.path == *path && fits(&event.what);
        self.wait(Location::caller(), format!("an event of `{path}`"), fits)
    }

    /// Waits until something happens, wherever in the tree, and returns the event.
    ///
    /// # Panics
    ///
    /// As [`wait_for`](Self::wait_for).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost.
    #[track_caller]
    pub fn wait_for_event(&mut self, fits: impl Fn(&Event) -> bool) -> impl Future<Output = Arc<Event>> {
        self.wait(Location::caller(), "an event".to_owned(), fits)
    }

    /// Waits until the child with this path has ended, was stopped, or could not be started, and returns the event.
    ///
    /// # Panics
    ///
    /// As [`wait_for`](Self::wait_for).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost.
    #[track_caller]
    pub fn ended(&mut self, path: &str) -> impl Future<Output = Arc<Event>> {
        let fits = move |event: &Event| event.path == *path && is_end(&event.what);
        self.wait(Location::caller(), format!("the end of `{path}`"), fits)
    }

    /// Waits until the child with this path runs and is ready, and returns what it looks like then.
    ///
    /// This asks for what is the case and not for an event: a child that is ready already is not waited for. A test
    /// that has made it end awaits its [end](Self::ended) first.
    ///
    /// # Panics
    ///
    /// If it cannot become ready any more: it is down and is not started again, a supervisor above it is, or the tree
    /// stops. If it has not become ready when the [backstop](Self::backstop) is reached, as when there is no such
    /// child.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost.
    #[track_caller]
    pub fn ready(&mut self, path: &str) -> impl Future<Output = NodeSnapshot> {
        let place = Location::caller();
        async move {
            let backstop = self.backstop;
            match within_time(backstop, self.become_ready(place, path)).await {
                Some(Ok(node)) => node,
                Some(Err(reason)) => self.fail(place, &format!("`{path}` does not become ready: {reason}")),
                None => {
                    let tree = self.tree.snapshot();
                    let state = match tree.map(|tree| prospect(&tree, path)) {
                        Some(Prospect::Open(state) | Prospect::Never(state)) => state,
                        Some(Prospect::Ready(_)) | None => "it may be by now".to_owned(),
                    };
                    self.fail(place, &format!("`{path}` is not ready after {backstop:?}: {state}"))
                }
            }
        }
    }

    /// All events that have happened so far, in order.
    ///
    /// # Panics
    ///
    /// If events were lost.
    #[track_caller]
    pub fn events(&mut self) -> &[Arc<Event>] {
        self.so_far(Location::caller())
    }

    /// How many events of the child with this path are such, so far.
    ///
    /// # Panics
    ///
    /// If events were lost.
    #[track_caller]
    pub fn count(&mut self, path: &str, fits: impl Fn(&EventKind) -> bool) -> usize {
        let events = self.so_far(Location::caller());
        events.iter().filter(|event| event.path == *path && fits(&event.what)).count()
    }

    /// Waits for an event behind the one that was found last.
    pub(super) async fn wait(
        &mut self,
        place: Caller,
        what: String,
        fits: impl Fn(&Event) -> bool,
    ) -> Arc<Event> {
        let backstop = self.backstop;
        match within_time(backstop, self.find(place, fits)).await {
            Some(Some(event)) => event,
            Some(None) => self.fail(place, &format!("the tree is over, and {what} was waited for")),
            None => self.fail(place, &format!("{what} was waited for {backstop:?} and has not come")),
        }
    }

    async fn find(&mut self, place: Caller, fits: impl Fn(&Event) -> bool) -> Option<Arc<Event>> {
        // The log's own cursor stays if the wait is given up: another one may look for something else.
        let mut cursor = self.cursor;
        loop {
            if let Some(found) = self.seen[cursor..].iter().position(|event| fits(event)) {
                self.cursor = cursor + found + 1;
                return Some(Arc::clone(&self.seen[cursor + found]));
            }
            cursor = self.seen.len();
            if !self.read(place).await {
                return None;
            }
        }
    }

    async fn become_ready(&mut self, place: Caller, path: &str) -> Result<NodeSnapshot, String> {
        loop {
            let mut prospect = self.prospect(path);
            if let Prospect::Never(_) = prospect {
                // An end can be seen before the supervisor has decided what follows from it.
                self.let_decide(path).await;
                prospect = self.prospect(path);
            }
            match prospect {
                Prospect::Ready(node) => return Ok(node),
                Prospect::Open(_) => {}
                Prospect::Never(reason) => return Err(reason),
            }
            if !self.read(place).await {
                return Err("the tree is over".to_owned());
            }
        }
    }

    fn prospect(&self, path: &str) -> Prospect {
        match self.tree.snapshot() {
            Some(tree) => prospect(&tree, path),
            None => Prospect::Never("the tree is gone".to_owned()),
        }
    }

    /// Waits until all supervisors above this path have dealt with everything that has happened.
    async fn let_decide(&self, path: &str) {
        let ends = path.char_indices().filter(|(_, letter)| *letter == '/').map(|(end, _)| end);
        for end in ends {
            if let Some(supervisor) = self.tree.supervisor(&path[..end]) {
                // A call is dealt with after everything that has happened before it. This one changes nothing.
                let _ = supervisor.delete_child("a-child-that-does-not-exist").await;
            }
        }
    }

    /// Reads one event. `false` says that there is none left.
    async fn read(&mut self, place: Caller) -> bool {
        match self.events.next().await {
            Ok(Some(event)) => self.seen.push(event),
            Ok(None) => return false,
            Err(Lagged { missed }) => self.has_lost(place, missed),
        }
        true
    }

    /// Reads what has happened so far. An error says that events were lost.
    fn read_on(&mut self) -> Result<(), Lagged> {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let polled = pin!(unconstrained(self.events.next())).as_mut().poll(&mut cx);
            match polled {
                Poll::Ready(next) => match next? {
                    Some(event) => self.seen.push(event),
                    None => return Ok(()),
                },
                Poll::Pending => return Ok(()),
            }
        }
    }

    fn so_far(&mut self, place: Caller) -> &[Arc<Event>] {
        if let Err(Lagged { missed }) = self.read_on() {
            self.has_lost(place, missed);
        }
        &self.seen
    }

    fn has_lost(&mut self, place: Caller, missed: u64) -> ! {
        let advice = "give the tree a larger `event_capacity`, or look at the log more often";
        self.fail(place, &format!("the log has lost {missed} events: {advice}"))
    }

    fn fail(&mut self, place: Caller, problem: &str) -> ! {
        // What is lost on the way is not what the test fails for.
        let _ = self.read_on();
        panic!("{place}: {problem}\n{self}")
    }
}

/// Whether an incarnation is over with this.
pub(super) fn is_end(what: &EventKind) -> bool {
    matches!(what, EventKind::Exited { .. } | EventKind::Stopped { .. } | EventKind::StartFailed { .. })
}

/// All events that have been read, one line each: number, time, path, incarnation, and what has happened.
impl fmt::Display for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "what has happened:")?;
        self.seen.iter().try_for_each(|event| writeln!(f, "{}", RecordLine(event)))
    }
}
