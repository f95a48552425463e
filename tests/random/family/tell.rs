//! Tells the story of a family.

use std::sync::Arc;
use std::time::Duration;

use rootward::event::Events;
use rootward::{Event, Supervisor, Tree};

use super::describe::{Deed, Family};
use super::live::{Notes, spec};
use crate::clock::{beside, give_way, pass, within};

/// What there is to judge.
pub(crate) struct Told {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) wrong: Vec<String>,
    pub(super) present: usize,
}

/// After so much time whatever has not happened never will.
const NEVER: Duration = Duration::from_secs(600);

/// How long a stop may take before it is forced.
const PATIENCE: Duration = Duration::from_secs(40);

/// Tells the story of a family.
///
/// # Errors
///
/// What has never come to an end.
pub(crate) async fn tell(family: Family) -> Result<Told, String> {
    let notes = Notes::default();
    let children = family.tasks.iter().enumerate().map(|(n, person)| spec(&format!("t{n}"), person, &notes));
    let root = Supervisor::new("root").intensity(3, Duration::from_secs(1)).children(children);
    let mut builder = root.into_tree().map_err(|error| error.to_string())?.deadline(None);
    let reader = beside(read(builder.subscribe()));
    let tree = builder.launch();
    for deed in &family.deeds {
        act(*deed, &tree).await;
    }
    tree.request_stop();
    if within(PATIENCE, tree.wait()).await.is_none() {
        tree.force();
    }
    within(NEVER, tree.wait_gone()).await.ok_or("everything is gone in the end")?;
    drop(tree);
    let events = within(NEVER, reader).await.ok_or("the record has an end")?;
    let events = events.map_err(|_| "the reader keeps up")?;
    Ok(Told { events, wrong: notes.wrong(), present: notes.present() })
}

async fn act(deed: Deed, tree: &Tree) {
    let child = |n: usize| Some((tree.root()?, format!("t{n}")));
    match deed {
        Deed::GiveWay => give_way().await,
        Deed::Pass(time) => pass(time).await,
        Deed::Stop => tree.request_stop(),
        Deed::Force => tree.force(),
        Deed::Terminate(n) => {
            if let Some((root, id)) = child(n) {
                drop(beside(async move { root.terminate_child(&id).await }));
            }
        }
        Deed::Restart(n) => {
            if let Some((root, id)) = child(n) {
                drop(beside(async move { root.restart_child(&id).await }));
            }
        }
    }
}

async fn read(mut events: Events) -> Vec<Arc<Event>> {
    let mut record = Vec::new();
    while let Some(event) = events.next().await.expect("the reader keeps up") {
        record.push(event);
    }
    record
}
