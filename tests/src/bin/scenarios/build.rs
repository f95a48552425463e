//! Definitions become specs and supervisors.
//!
//! The library finds the mistakes, except for values that its types cannot express. OTP looks at one
//! option after the other, so everything is described up to the first such value: a mistake that the
//! library finds in that part came before.

use std::sync::Arc;

use rootward::error::{SpecError, SpecProblem};
use rootward::{AutoShutdown, ChildSpec, DynamicSupervisor, Restart, Supervisor};

use crate::draft::Draft;
use crate::options::{ChildOptions, Layout, SupervisorOptions, Tag};
use crate::planned::{Planned, Rejection};
use crate::scenario::Definition;
use crate::world::World;

/// The root. It has no parent in OTP, so that its options as a child mean nothing.
pub(crate) fn root(world: &Arc<World>, definition: &Arc<Definition>) -> ChildSpec {
    planned(world, definition).restart(Restart::Temporary)
}

/// A child of a running supervisor with this auto-shutdown.
pub(crate) fn child(
    world: &Arc<World>,
    definition: &Arc<Definition>,
    auto_shutdown: AutoShutdown,
) -> Result<ChildSpec, Tag> {
    let Draft { described, mistake } = draft_child(world, definition);
    match mistake {
        // What is left to be found, the supervisor finds.
        None => Ok(described),
        Some(mistake) => {
            let alone = Supervisor::new("alone").auto_shutdown(auto_shutdown).child(described);
            Err(alone.check().err().map_or(mistake, |error| tag(&error)))
        }
    }
}

/// A supervisor with the children that it starts with.
pub(crate) fn supervisor(
    world: &Arc<World>,
    id: &str,
    options: &SupervisorOptions,
) -> Result<ChildSpec, Rejection> {
    let checked = |draft: Draft<Supervisor>| {
        let Draft { described, mistake } = draft;
        described.check().map_err(|error| tag(&error))?;
        mistake.map_or(Ok(described), Err)
    };
    let childless = checked(draft_supervisor(id, options)).map_err(Rejection::Flags)?;
    let definitions = world.children_of(id);
    let draft = definitions.iter().fold(Draft::new(childless), |draft, definition| {
        draft.add(draft_child(world, definition), Supervisor::child)
    });
    let supervisor = checked(draft).map_err(Rejection::Specs)?;
    match (options.layout, definitions) {
        (Ok(Layout::Simple), [_]) => Ok(dynamic(id, options)),
        (Ok(Layout::Simple), _) => Err(Rejection::Template),
        (Ok(Layout::Static(_)) | Err(_), _) => Ok(supervisor.into_child()),
    }
}

fn draft_supervisor(id: &str, options: &SupervisorOptions) -> Draft<Supervisor> {
    let SupervisorOptions { layout, intensity, period, auto_shutdown, .. } = *options;
    let limit = intensity.and_then(|restarts| period.map(|within| (restarts, within)));
    Draft::new(Supervisor::new(id))
        .with(layout, |supervisor, layout| match layout {
            Layout::Static(strategy) => supervisor.strategy(strategy),
            Layout::Simple => supervisor,
        })
        .with(limit, |supervisor, (restarts, within)| supervisor.intensity(restarts, within))
        .with(auto_shutdown, Supervisor::auto_shutdown)
}

/// A `simple_one_for_one` supervisor, whose options have been checked. Its template is applied when
/// instances are started.
fn dynamic(id: &str, options: &SupervisorOptions) -> ChildSpec {
    let mut supervisor = DynamicSupervisor::new(id).auto_shutdown(options.auto_shutdown.unwrap_or_default());
    if let (Ok(restarts), Ok(within)) = (options.intensity, options.period) {
        supervisor = supervisor.intensity(restarts, within);
    }
    supervisor.into_child()
}

fn draft_child(world: &Arc<World>, definition: &Arc<Definition>) -> Draft<ChildSpec> {
    let ChildOptions { restart, significant, shutdown } = *definition.what.as_child();
    Draft::new(planned(world, definition))
        .with(restart, ChildSpec::restart)
        .with(significant, ChildSpec::significant)
        .with(shutdown, |spec, shutdown| match shutdown {
            Some(shutdown) => spec.shutdown(shutdown),
            None => spec,
        })
}

fn planned(world: &Arc<World>, definition: &Arc<Definition>) -> ChildSpec {
    let (world, definition) = (Arc::clone(world), Arc::clone(definition));
    ChildSpec::new(&*Arc::clone(&definition.id), Planned { world, definition })
}

/// OTP's word for a mistake that the library found.
pub(crate) fn tag(error: &SpecError) -> Tag {
    match error.problem {
        SpecProblem::DuplicateId => "duplicate_child_name",
        SpecProblem::ZeroWindow => "invalid_period",
        SpecProblem::SignificantPermanent | SpecProblem::SignificantWithoutAutoShutdown => "bad_combination",
        SpecProblem::Id(_) | SpecProblem::Backoff(_) | SpecProblem::Child(_) | _ => "invalid_child_spec",
    }
}
