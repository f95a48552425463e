//! Tells the owner of a process that a time has come.

use std::time::Instant;

use ractor::ActorRef;
use rootward_core::sibling::sleep_awake_until;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::message::{Fact, OwnerMessage};

/// A time that has been set. It is forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct Alarm(AbortHandle);

impl Alarm {
    /// Has the owner told when this time has come.
    pub(super) fn at(at: Instant, owner: &ActorRef<OwnerMessage>) -> Self {
        let owner = owner.clone();
        let timer = Handle::current().spawn(async move {
            sleep_awake_until(at).await;
            // An owner that is gone does not need it.
            let _ = owner.cast(OwnerMessage::Fact(Fact::Time));
        });
        Self(timer.abort_handle())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.abort();
    }
}
