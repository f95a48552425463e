//! What leaves do: by themselves, when they are made to, and when they are asked to stop.

use std::future::pending;
use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

use rootward::Exit;

use crate::clock::pass;
use crate::describe::{Answer, Conduct, Leaf, Member};
use crate::registry::{Deed, Presence, Registry};

/// Lives as the leaf is described, from its start to its end.
pub(crate) async fn live(
    leaf: Leaf,
    path: String,
    registry: Registry,
    stopping: impl Future<Output = ()>,
) -> Exit {
    let mut presence = registry.enter(&path);
    let _bang = (leaf.answer == Answer::PanicsInDrop).then(|| Bang);
    let heard = async {
        match leaf.answer {
            Answer::Refuses | Answer::Lingers(_) => pending().await,
            Answer::Obeys
            | Answer::Dawdles(_)
            | Answer::Fails
            | Answer::Panics
            | Answer::PanicsInDrop
            | Answer::Breeds
            | Answer::Throws => stopping.await,
        }
    };
    let deed = tokio::select! {
        biased;
        deed = ordered(&mut presence) => deed,
        () = heard => answer(&leaf, &path, &registry, &mut presence).await,
        deed = conduct(leaf.conduct) => deed,
    };
    perform(deed)
}

/// Panics without a word on stderr.
pub(crate) fn panics() -> ! {
    resume_unwind(Box::new("a leaf panics"))
}

pub(crate) fn error() -> io::Error {
    io::Error::other("a leaf fails")
}

async fn conduct(conduct: Conduct) -> Deed {
    match conduct {
        Conduct::Stays => pending().await,
        Conduct::Ends(time) => after(time, Deed::End).await,
        Conduct::Fails(time) => after(time, Deed::Fail).await,
        Conduct::Panics(time) => after(time, Deed::Panic).await,
    }
}

async fn answer(leaf: &Leaf, path: &str, registry: &Registry, presence: &mut Presence) -> Deed {
    match leaf.answer {
        Answer::Fails => Deed::Fail,
        Answer::Panics => Deed::Panic,
        Answer::Dawdles(time) => {
            tokio::select! {
                biased;
                deed = ordered(presence) => deed,
                () = pass(time) => Deed::End,
            }
        }
        Answer::Breeds => {
            breed(path, registry);
            Deed::End
        }
        Answer::Obeys | Answer::PanicsInDrop | Answer::Throws | Answer::Refuses | Answer::Lingers(_) => {
            Deed::End
        }
    }
}

/// Has its supervisor start another child, and does not wait for it: the supervisor may be waiting for this one to go.
fn breed(path: &str, registry: &Registry) {
    let Some((parent, _)) = path.rsplit_once('/') else { return };
    registry.start(parent, "y", Member::brood().spec("y", registry));
}

async fn ordered(presence: &mut Presence) -> Deed {
    match presence.deeds.recv().await {
        Some(deed) => deed,
        None => pending().await,
    }
}

async fn after(time: Duration, deed: Deed) -> Deed {
    if time.is_zero() {
        return deed;
    }
    pass(time).await;
    deed
}

fn perform(deed: Deed) -> Exit {
    match deed {
        Deed::End => Exit::Normal,
        Deed::Fail => Exit::failed(&error()),
        Deed::Panic => panics(),
    }
}

/// Panics when it is dropped.
struct Bang;

impl Drop for Bang {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panics();
        }
    }
}
