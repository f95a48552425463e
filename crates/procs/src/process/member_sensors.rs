//! The sensors of what is left of a set: one that has the members counted, and one that waits for their ends.
//!
//! There is neither for a program that leaves no other member, as most do. Like the sensor of the process they tell its
//! owner what they have seen, and decide nothing.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::message::{Fact, ListNumber, OwnerMessage};
use crate::set::ProcessSet;
use crate::sys::{self, Watched};

/// How long until members are looked at again. The end of a member is an event, but that one leaves its group is not.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A sensor that is at work. It is ended when this is dropped.
#[derive(Debug)]
pub(super) struct MemberSensor(AbortHandle);

/// Has the members of a set counted, and the owner told.
pub(super) fn count(set: &ProcessSet, round: ListNumber, owner: &ActorRef<OwnerMessage>) -> MemberSensor {
    let (listed, owner) = (set.list_members(), owner.clone());
    spawn(async move {
        // Without an answer they could not be counted.
        let listed = listed.await.ok().flatten();
        tell(&owner, Fact::Counted(round, listed));
    })
}

/// Has the owner told when all members with these descriptors have ended, and every [`LOOK_AGAIN`].
pub(super) fn watch(
    pidfds: Vec<Arc<OwnedFd>>,
    round: ListNumber,
    owner: &ActorRef<OwnerMessage>,
) -> MemberSensor {
    let owner = owner.clone();
    spawn(async move {
        let watched: io::Result<Vec<Watched>> = pidfds.into_iter().map(sys::watch).collect();
        // Without a member that can be watched, only time passes.
        let mut members = watched.ok().filter(|members| !members.is_empty());
        loop {
            let ended = timeout(LOOK_AGAIN, all_have_ended(members.as_deref())).await;
            if ended.is_ok() {
                members = None;
            }
            tell(&owner, Fact::Look(round));
        }
    })
}

fn spawn(sensor: impl Future<Output = ()> + Send + 'static) -> MemberSensor {
    MemberSensor(Handle::current().spawn(sensor).abort_handle())
}

fn tell(owner: &ActorRef<OwnerMessage>, fact: Fact) {
    // An owner that is gone has left the set to `KillOnDrop`.
    let _ = owner.cast(OwnerMessage::Fact(fact));
}

/// Waits for ever if there is no member. Cancel safe.
async fn all_have_ended(members: Option<&[Watched]>) {
    let Some(members) = members else { return std::future::pending().await };
    for member in members {
        if member.readable().await.is_err() {
            // The runtime shuts down.
            std::future::pending().await
        }
    }
}

impl Drop for MemberSensor {
    fn drop(&mut self) {
        self.0.abort();
    }
}
