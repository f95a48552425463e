//! Tells the owner of a process that a time has come.
//!
//! It is waited for in steps: a step that ends late says how much of that time this program did not run.

use std::time::Instant;

use ractor::ActorRef;
use rootward_core::sibling::sleep_in_steps;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::message::{Fact, OwnerMessage};

/// A time that has been set. It is forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct Alarm(AbortHandle);

impl Alarm {
    /// Has the owner told when this time has come.
    pub(super) fn at(at: Instant, owner: &ActorRef<OwnerMessage>) -> Self {
        Self(Handle::current().spawn(wait(at, owner.clone())).abort_handle())
    }
}

async fn wait(at: Instant, owner: ActorRef<OwnerMessage>) {
    // An owner that is gone does not need it.
    let tell = |fact| drop(owner.cast(OwnerMessage::Fact(fact)));
    sleep_in_steps(at, |lost| tell(Fact::TimeLost(lost))).await;
    tell(Fact::Time);
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.abort();
    }
}
