//! Steps that ask a supervisor for something.
//!
//! Where OTP's `simple_one_for_one` has no match in the library, which starts children from any spec
//! and gives them ids, the driver stands between: it applies the template, and knows which id an
//! instance has got.

use std::sync::Arc;

use rootward::{ChildSpec, SupervisorHandle};

use crate::answer::{self, NOT_FOUND, OK, SIMPLE, START_FAILED};
use crate::build;
use crate::options::Tag;
use crate::scenario::{Definition, Id, Step};
use crate::stage::Stage;

/// A running supervisor of which something is asked.
pub(crate) struct Addressed<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) id: &'a Id,
    pub(crate) handle: SupervisorHandle,
}

impl Addressed<'_> {
    pub(crate) async fn perform(&self, step: &Step) -> String {
        match step {
            Step::StartChild { child, .. } => self.start_child(child).await,
            Step::Spawn { id, .. } => self.spawn(id).await,
            Step::Terminate { id, .. } => self.terminate(id).await.into(),
            Step::Restart { id, .. } => answer::to_restart(self.handle.restart_child(id).await),
            Step::Delete { id, .. } => answer::to_delete(self.handle.delete_child(id).await).into(),
            Step::GetSpec { id, .. } => match self.spec(id) {
                Some(spec) => answer::to_get_spec(&spec),
                None => NOT_FOUND.into(),
            },
            Step::Which { .. } => {
                let children = self.stage.world.in_order(self.id, self.handle.which_children());
                children.iter().fold(OK.into(), |line, (id, child)| {
                    format!("{line} {id}:{}:{}", answer::state(child.state), answer::kind(child.kind))
                })
            }
            Step::Count { .. } => {
                let count = self.handle.count_children();
                // OTP counts the template, and the library the children.
                let specs = if self.is_simple() { 1 } else { count.specs };
                let (active, supervisors, workers) = (count.active, count.supervisors, count.workers);
                format!("{OK} specs={specs} active={active} supervisors={supervisors} workers={workers}")
            }
            Step::Exit { .. } | Step::Batch { .. } | Step::Sleep(_) | Step::Stop => {
                unreachable!("this is not asked of a supervisor")
            }
        }
    }

    async fn start_child(&self, child: &Arc<Definition>) -> String {
        if self.is_simple() {
            // OTP expects arguments for the template's start function, which fails when it is given a
            // spec instead.
            return START_FAILED.into();
        }
        match self.describe(child) {
            Ok(spec) => answer::to_start(self.handle.start_child(spec).await),
            Err(tag) => format!("error {tag}"),
        }
    }

    async fn spawn(&self, id: &Id) -> String {
        let Some(template) = self.template() else {
            // OTP expects a spec, and is given arguments instead.
            return "error invalid_child_spec".into();
        };
        let instance = Definition {
            id: Arc::clone(id),
            parent: Some(Arc::clone(self.id)),
            ..Definition::clone(&template)
        };
        match self.describe(&Arc::new(instance)) {
            Ok(spec) => answer::to_start(self.handle.start_child(spec).await),
            Err(tag) => format!("error {tag}"),
        }
    }

    async fn terminate(&self, id: &Id) -> &'static str {
        if !self.is_simple() {
            return answer::to_terminate(self.handle.terminate_child(id).await);
        }
        // OTP takes a process here: it knows none of that name, or it is told of one that may be gone.
        let Some(instance) = self.instance(id) else { return SIMPLE };
        match answer::to_terminate(self.handle.terminate_child(&instance).await) {
            NOT_FOUND if !self.stage.world.is_alive(id) => OK,
            answer => answer,
        }
    }

    fn spec(&self, id: &Id) -> Option<ChildSpec> {
        let Some(template) = self.template() else { return self.handle.child_spec(id) };
        let instance = self.instance(id);
        if let Some(spec) = instance.as_ref().and_then(|instance| self.handle.child_spec(instance)) {
            return Some(spec);
        }
        // OTP answers with the template when it is given the template's id or a process that is gone.
        let is_gone = instance.is_some() && !self.stage.world.is_alive(id);
        if is_gone || *id == template.id { self.describe(&template).ok() } else { None }
    }

    /// The id that the library gave to a process, which may be gone, that was once spawned under some
    /// `simple_one_for_one`.
    fn instance(&self, id: &Id) -> Option<String> {
        let world = &self.stage.world;
        world.spawned_by(id)?;
        world.path(id).map(|path| path.id().to_owned())
    }

    fn template(&self) -> Option<Arc<Definition>> {
        self.stage.world.template(self.id)
    }

    fn is_simple(&self) -> bool {
        self.template().is_some()
    }

    fn describe(&self, child: &Arc<Definition>) -> Result<ChildSpec, Tag> {
        build::child(&self.stage.world, child, self.stage.world.auto_shutdown(self.id))
    }
}
