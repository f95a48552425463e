//! Plays a scenario, step by step.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until, timeout};

use crate::addressed::Addressed;
use crate::answer::{self, NO_PROCESS, OK};
use crate::build;
use crate::idle::Idle;
use crate::log::Entry;
use crate::page::Page;
use crate::scenario::{Id, Reason, Scenario, Step};
use crate::stage::{FOR_EVER, Stage};
use crate::world::World;

/// Plays a scenario and says what is to be printed.
pub(crate) async fn play(scenario: Scenario, idle: Idle) -> String {
    let burst = scenario.burst();
    let Scenario { name, root, definitions, steps } = scenario;
    let world = Arc::new(World::new(definitions));
    let mut stage = Stage::set(world, Arc::clone(&root.id), burst, idle).await;
    let mut page = Page::of(&name);

    let answer = stage.above().start_child(build::root(&stage.world, &root)).await;
    let entries = stage.rest().await;
    page.write(&stage, "STEP 0 init", &answer::to_init(answer), entries);
    for (number, line) in (1..).zip(steps) {
        let Ok((result, entries)) = timeout(FOR_EVER, take(&mut stage, &line.step)).await else {
            panic!("{name}: `{}` never ends", line.text);
        };
        page.write(&stage, &format!("STEP {number} {}", line.text), &result, entries);
    }
    page.end()
}

/// Takes one step and waits until nothing happens any more.
async fn take(stage: &mut Stage, step: &Step) -> (String, Vec<Entry>) {
    if let Step::Batch { supervisor, exits } = step {
        return batch(stage, supervisor, exits).await;
    }
    let result = perform(stage, step).await;
    (result, stage.rest().await)
}

/// Has several workers end before their supervisor hears of any of them.
///
/// On one thread and without a wait in between, the workers run in the order of their orders and their
/// supervisor after them.
///
/// # Panics
///
/// If the supervisor has done anything before the last of them had ended.
async fn batch(stage: &mut Stage, supervisor: &Id, exits: &[(Id, Reason)]) -> (String, Vec<Entry>) {
    if stage.supervisor(supervisor).is_none() {
        return (NO_PROCESS.into(), stage.rest().await);
    }
    let ordered: Vec<&Id> =
        exits.iter().filter(|(id, reason)| stage.world.order(id, *reason)).map(|(id, _)| id).collect();
    let entries = stage.rest().await;
    let first: Vec<&Id> = entries.iter().take(ordered.len()).map(|entry| &entry.id).collect();
    assert_eq!(first, ordered, "a supervisor ran in the middle of a batch");
    (OK.into(), entries)
}

async fn perform(stage: &Stage, step: &Step) -> String {
    match step {
        Step::Exit { id, reason } => match stage.world.order(id, *reason) {
            true => OK.into(),
            false => NO_PROCESS.into(),
        },
        Step::Sleep(time) => {
            sleep_until(Instant::now() + *time).await;
            OK.into()
        }
        Step::Stop => match stage.supervisor(stage.root()) {
            Some(_) => answer::to_terminate(stage.above().terminate_child(stage.root()).await).into(),
            None => NO_PROCESS.into(),
        },
        Step::Batch { supervisor, .. }
        | Step::StartChild { supervisor, .. }
        | Step::Spawn { supervisor, .. }
        | Step::Terminate { supervisor, .. }
        | Step::Restart { supervisor, .. }
        | Step::Delete { supervisor, .. }
        | Step::GetSpec { supervisor, .. }
        | Step::Which { supervisor }
        | Step::Count { supervisor } => match stage.supervisor(supervisor) {
            Some(handle) => Addressed { stage, id: supervisor, handle }.perform(step).await,
            None => NO_PROCESS.into(),
        },
    }
}
