//! A child whose starts come out as the scenario has planned.

use std::fmt;
use std::sync::Arc;

use rootward::ChildSpec;
use rootward::child_kind::{Launch, StartChild, StartContext};
use rootward::error::StartError;
use rootward::snapshot::ChildKind;

use crate::build;
use crate::options::Tag;
use crate::scenario::{Definition, Outcome, What};
use crate::worker::work;
use crate::world::{Birth, World};

/// Starts a task or a supervisor when it is the plan that the start succeeds.
pub(crate) struct Planned {
    pub(crate) world: Arc<World>,
    pub(crate) definition: Arc<Definition>,
}

/// Says why a start failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// It was the plan.
    Planned,
    /// The supervisor's own options make no sense.
    Flags(Tag),
    /// The supervisor's children make no sense.
    Specs(Tag),
    /// A `simple_one_for_one` supervisor has exactly one template.
    Template,
}

impl StartChild for Planned {
    fn kind(&self) -> ChildKind {
        match self.definition.what {
            What::Worker(_) => ChildKind::Task,
            What::Supervisor(_) => ChildKind::Supervisor,
        }
    }

    fn start(&self, cx: StartContext) -> Launch {
        let birth = self.world.begin(&self.definition, &cx.path);
        match birth.outcome {
            Outcome::Fails => refused(Rejection::Planned),
            Outcome::Ignored => Launch::Ignored,
            Outcome::Runs => match self.real(birth) {
                Ok(spec) => spec.start(cx),
                Err(rejection) => refused(rejection),
            },
        }
    }
}

impl Planned {
    /// What is really started.
    fn real(&self, birth: Birth) -> Result<ChildSpec, Rejection> {
        let world = Arc::clone(&self.world);
        match &self.definition.what {
            What::Worker(options) => {
                let reaction = options.reaction;
                let run = move |cx| work(Arc::clone(&world), birth.clone(), reaction, cx);
                Ok(ChildSpec::task(&*self.definition.id, run))
            }
            // Its children are looked at when it is started, as OTP does, and not when the tree is
            // described.
            What::Supervisor(options) => build::supervisor(&world, &self.definition.id, options),
        }
    }
}

fn refused(rejection: Rejection) -> Launch {
    Launch::Failed(StartError::Failed(Arc::new(rejection)))
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned => f.write_str("it was the plan"),
            Self::Flags(tag) | Self::Specs(tag) => f.write_str(tag),
            Self::Template => f.write_str("a simple_one_for_one supervisor has exactly one template"),
        }
    }
}

impl std::error::Error for Rejection {}
