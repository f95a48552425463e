//! What waits its turn while the machine has something else in hand.

use super::child::ChildKey;
use super::requests::{CallId, Request};

/// Something that waits its turn.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// A child has ended by itself.
    Exit { key: ChildKey, generation: u32 },
    /// A restart has failed and is to be tried again, which counts.
    Retry { key: ChildKey, generation: u32 },
    /// The delay of a restart that has been counted is over.
    Due { key: ChildKey, generation: u32 },
    /// A caller wants something of one child.
    Call { call: CallId, request: Request },
}
