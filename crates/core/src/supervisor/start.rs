//! How a supervisor is started.

use std::sync::Arc;

use super::engine::spawn;
use super::entry::ChildEntry;
use super::mailbox::{RunningSupervisor, SharedSupervisor, SupervisorMessage};
use super::view::SupervisorView;
use super::{Supervisor, SupervisorHandle};
use crate::child::{ChildKind, SpecError};
use crate::child_kind::{Launch, RunningChild, StartChild, StartContext};
use crate::iterative_drop::iteratively;
use crate::spec::ChildSpec;

/// Starts a supervisor, as a child of another one or as a root.
pub(crate) struct SupervisorStart {
    supervisor: Supervisor,
    /// The first mistake in it or below it, found when it was made. Each level is checked when it is made, and not the
    /// levels below it again, so that a deep tree is checked without recursion.
    flaw: Option<SpecError>,
}

/// A supervisor that has its actor and has not begun: it can be asked to stop before it begins.
pub(crate) struct PreparedSupervisor {
    shared: Arc<SharedSupervisor>,
}

impl SupervisorStart {
    /// The start of a supervisor that is to be the child of another one.
    pub(super) fn new(supervisor: Supervisor) -> Self {
        let flaw = supervisor.check().err();
        Self { supervisor, flaw }
    }

    /// The start of a supervisor that has been checked.
    pub(crate) fn checked(supervisor: Supervisor) -> Self {
        Self { supervisor, flaw: None }
    }

    /// Starts the actor, which starts no child before it is told to [begin](Prepared::begin).
    pub(crate) fn prepare(&self, cx: StartContext) -> PreparedSupervisor {
        let (policy, specs) = self.supervisor.parts();
        // The specs were checked before the tree was started.
        let entry = |spec: &ChildSpec| ChildEntry::new(spec.clone(), cx.path.join(&spec.checked_id()));
        // Every incarnation begins with the children of the description, and with no history: OTP rule 21.
        let view = SupervisorView::new(specs.iter().map(entry));
        let shared = SharedSupervisor::new(&cx, policy.auto_shutdown, view);
        spawn(Arc::clone(&shared), cx.reporter, policy);
        if let Some(address) = self.supervisor.address() {
            address.leads_to(SupervisorHandle::new(Arc::clone(&shared)));
        }
        PreparedSupervisor { shared }
    }
}

impl Supervisor {
    /// Makes this supervisor a child of another one, with the supervisor's id.
    ///
    /// Like any child it can be given a restart type and a shutdown; its default shutdown is
    /// [`Shutdown::Infinity`](crate::Shutdown::Infinity).
    pub fn into_child(self) -> ChildSpec {
        ChildSpec::supervisor(self.id().to_owned(), SupervisorStart::new(self))
    }
}

impl From<Supervisor> for ChildSpec {
    fn from(supervisor: Supervisor) -> Self {
        supervisor.into_child()
    }
}

impl PreparedSupervisor {
    pub(crate) fn handle(&self) -> SupervisorHandle {
        SupervisorHandle::new(Arc::clone(&self.shared))
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> Arc<SharedSupervisor> {
        Arc::clone(&self.shared)
    }

    /// What the parent holds.
    pub(crate) fn child(&self) -> Box<dyn RunningChild> {
        Box::new(RunningSupervisor { shared: Arc::clone(&self.shared) })
    }

    /// Has the children started.
    pub(crate) fn begin(&self) {
        self.shared.send(SupervisorMessage::Begin);
    }
}

impl StartChild for SupervisorStart {
    fn kind(&self) -> ChildKind {
        ChildKind::Supervisor
    }

    fn start(&self, cx: StartContext) -> Launch {
        let prepared = self.prepare(cx);
        prepared.begin();
        Launch::Starting { child: prepared.child() }
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        match &self.flaw {
            Some(flaw) => Err(flaw.below(path, self.supervisor.id())),
            None => Ok(()),
        }
    }
}

/// In turn and not by recursion: the specs below may lie thousands of levels deep.
impl Drop for SupervisorStart {
    fn drop(&mut self) {
        let specs = self.supervisor.take_children();
        iteratively(move || drop(specs));
    }
}
