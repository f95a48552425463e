//! Children of which one piece of code misbehaves: it panics, it blocks its thread, it looks at the tree.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread;

use rootward::child_kind::{
    KillHandle, Launch, Reporter, RunningChild, StartChild, StartContext, StopRequest,
};
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, Exit, Tree};

use super::{Blocked, Flag};

/// What a piece of hostile code does.
pub(crate) type Deed = Arc<dyn Fn() + Send + Sync>;

/// It panics.
pub(crate) fn panics() -> Deed {
    Arc::new(|| panic!("hostile code panics"))
}

/// It blocks its thread until the test lets it go.
pub(crate) fn blocks(blocked: &Blocked) -> Deed {
    let blocked = blocked.clone();
    Arc::new(move || blocked.stay())
}

/// A way to look at a tree for code that is described before there is one.
#[derive(Clone, Default)]
pub(crate) struct Lookout {
    tree: Arc<OnceLock<Tree>>,
    has_looked: Flag,
}

impl Lookout {
    /// From now on there is something to be seen.
    pub(crate) fn sees(&self, tree: &Tree) {
        let _ = self.tree.set(tree.clone());
    }

    /// Whether it has looked, and has come back from it.
    pub(crate) fn has_looked(&self) -> bool {
        self.has_looked.is_raised()
    }

    /// It looks at the tree in every way there is.
    pub(crate) fn looks(&self) -> Deed {
        let lookout = self.clone();
        Arc::new(move || {
            let Some(tree) = lookout.tree.get() else { return };
            let _ = (tree.snapshot(), tree.events(), tree.is_stopping());
            for path in ["root", "root/jobs", "root/inner", "root/host"] {
                if let Some(supervisor) = tree.supervisor(path) {
                    let _ = (supervisor.count_children(), supervisor.which_children());
                    let _ = (supervisor.child_spec("a"), supervisor.is_running());
                }
            }
            lookout.has_looked.raise();
        })
    }
}

/// Does its deed when it is dropped, unless that would end the test's process.
pub(crate) struct WhenDropped(pub(crate) Deed);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        if !thread::panicking() {
            (self.0)();
        }
    }
}

/// Does something for each of these at the same time, because each takes as long as a deadline.
pub(crate) fn for_each<T: Copy + Send + Sync + fmt::Debug>(all: &[T], act: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = all.iter().map(|one| (one, scope.spawn(move || act(*one)))).collect();
        let failed: Vec<_> =
            threads.into_iter().filter_map(|(one, thread)| thread.join().err().map(|_| one)).collect();
        assert!(failed.is_empty(), "{failed:?}");
    });
}

/// Where a hostile child does its deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    Hold,
    Stop,
    Kill,
    Force,
    ForceName,
    StopSignal,
    /// When its supervisor drops what it holds of it.
    Drop,
    /// When the last kill reaches it.
    LastKill,
    /// When its spec is dropped.
    Spec,
}

/// A child of a kind of its own that ends when it is asked to, but for the deed that it does in one place first. One
/// that does it when it is forced does not listen before.
pub(crate) struct Hostile {
    place: Place,
    deed: Deed,
    stays: bool,
    _captured: Option<WhenDropped>,
}

impl Hostile {
    pub(crate) fn child(id: &str, place: Place, deed: Deed) -> ChildSpec {
        let captured = (place == Place::Spec).then(|| WhenDropped(Arc::clone(&deed)));
        ChildSpec::new(id, Self { place, deed, stays: false, _captured: captured })
    }

    /// One that does not end, whatever it is asked.
    pub(crate) fn that_stays(id: &str, place: Place, deed: Deed) -> ChildSpec {
        ChildSpec::new(id, Self { place, deed, stays: true, _captured: None })
    }
}

impl StartChild for Hostile {
    fn kind(&self) -> ChildKind {
        ChildKind::Actor
    }

    fn start(&self, cx: StartContext) -> Launch {
        let deed = |place| (self.place == place).then(|| Arc::clone(&self.deed));
        if let Some(deed) = deed(Place::Start) {
            deed();
        }
        let kill = Arc::new(LastKill(deed(Place::LastKill)));
        cx.register_kill(&kill);
        Launch::running(Running {
            place: self.place,
            deed: Arc::clone(&self.deed),
            stays: self.stays,
            reporter: Some(cx.reporter),
            _kill: kill,
            _dropped: deed(Place::Drop).map(WhenDropped),
        })
    }
}

/// What its supervisor holds.
struct Running {
    place: Place,
    deed: Deed,
    stays: bool,
    reporter: Option<Reporter>,
    /// Registered for as long as this is held.
    _kill: Arc<LastKill>,
    _dropped: Option<WhenDropped>,
}

impl Running {
    fn comes_to(&self, place: Place) {
        if self.place == place {
            (self.deed)();
        }
    }

    fn ends(&mut self, exit: Exit) {
        if self.stays {
            return;
        }
        if let Some(reporter) = self.reporter.take() {
            reporter.ended(exit);
        }
    }
}

impl RunningChild for Running {
    fn stop(&mut self, _: StopRequest) {
        self.comes_to(Place::Stop);
        if self.place != Place::Force {
            self.ends(Exit::Normal);
        }
    }

    fn hold(&mut self) {
        self.comes_to(Place::Hold);
    }

    fn kill(&mut self) {
        self.comes_to(Place::Kill);
        self.ends(Exit::Aborted);
    }

    fn force(&mut self) {
        self.comes_to(Place::Force);
        self.ends(Exit::Aborted);
    }

    fn force_name(&self) -> &'static str {
        self.comes_to(Place::ForceName);
        "force"
    }

    fn stop_signal(&self) -> Option<Cow<'static, str>> {
        self.comes_to(Place::StopSignal);
        None
    }
}

/// What the last kill reaches for.
struct LastKill(Option<Deed>);

impl KillHandle for LastKill {
    fn kill(&self) {
        if let Some(deed) = &self.0 {
            deed();
        }
    }
}
