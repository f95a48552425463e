//! How a tree begins: everything is made in the order in which one part counts on another, and then the root begins.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::command::commands;
use super::guardian::{Guardian, RootListener};
use super::handle::{Controls, SharedTree, Tree};
use super::options::TreeOptions;
use super::report_writer::{ReportWriter, TreeProgress};
use super::root::Root;
use super::watchdog::{GuardianWatchdog, StopRequests};
use crate::child::{ChildKind, ChildPath, Shutdown, StartError, StopCause};
use crate::child_kind::{Launch, Reporter, StartChild, StartContext};
use crate::context::TreeContext;
use crate::event::{EventKind, TreeLog};
use crate::policy::ChildKey;
use crate::spawn::place;
use crate::spec::ChildSpec;
use crate::supervisor::{Supervisor, SupervisorStart};

const ROOT: ChildKey = ChildKey(0);

/// Makes a tree, and has its root begin. Nothing is waited for.
pub(super) fn launch(
    path: ChildPath,
    supervisor: &Supervisor,
    mut options: TreeOptions,
    context: TreeContext,
    log: Option<TreeLog>,
) -> Tree {
    let (sender, commands) = commands();
    let (progress_sender, progress) = watch::channel(TreeProgress::default());
    let root = Arc::new(Root::new(path.clone(), context.clone(), options.deadline));
    let writer = ReportWriter::new(path.clone(), context.clone(), Arc::clone(&root), progress_sender);
    let writer = Arc::new(writer);
    let watchdog = options.reported_at().map(|deadline| {
        let requests = StopRequests::new(deadline, context.clock().clone());
        GuardianWatchdog::new(Arc::clone(&writer), sender.clone(), requests, options.stop_on.clone())
    });
    let controls = Controls {
        guardian: sender.clone(),
        writer: Arc::downgrade(&writer),
        watchdog: watchdog.as_ref().map(Arc::downgrade).unwrap_or_default(),
    };
    root.emit(EventKind::Starting);
    let supervisor = match options.degraded.first_key_value() {
        Some((what, reason)) if options.refuse_degraded => refusing(supervisor, what, reason),
        _ => supervisor.clone(),
    };
    for (what, reason) in std::mem::take(&mut options.degraded) {
        root.emit(EventKind::Degraded { what: what.into(), reason });
    }
    let listener = Arc::new(RootListener { root: Arc::clone(&root), guardian: sender });
    let prepared = SupervisorStart::checked(supervisor).prepare(StartContext {
        path: path.clone(),
        incarnation: 1,
        shutdown: Shutdown::Infinity,
        reporter: Reporter::new(listener, ROOT, 1, Some(context.begin_activity())),
        tree: context.clone(),
        scope: Arc::clone(context.scope()),
    });
    root.is_supervised_by(prepared.handle());
    let (is_cancelled, deadline) = (options.stop_on.is_cancelled(), options.deadline);
    let mut guardian = Guardian::new(options, Arc::clone(&root), prepared.child(), writer, watchdog);
    // Before the root begins, which would be quicker than the guardian.
    if is_cancelled {
        guardian.ask(StopCause::Token);
    }
    let control = place(context.control()).clone();
    let tree = Tree::new(SharedTree { context, path, deadline, root, controls, progress, log });
    // Before any child runs, which may look for it.
    tree.is_found_by_children();
    prepared.begin();
    control.spawn(guardian.watch(commands));
    tree
}

/// A root in the place of another one that is not to be started: its only child, named after what is weaker than usual,
/// cannot be started.
fn refusing(root: &Supervisor, what: &'static str, reason: &str) -> Supervisor {
    Supervisor::new(root.id()).child(ChildSpec::new(what, RefusesToStart(reason.to_owned())))
}

/// Why a tree refuses to start.
struct RefusesToStart(String);

impl StartChild for RefusesToStart {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        drop(cx);
        Launch::Failed(StartError::new(io::Error::new(io::ErrorKind::Unsupported, self.0.clone())))
    }
}
