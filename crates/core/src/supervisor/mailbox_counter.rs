//! How many messages are in a supervisor's mailbox or on their way into it.
//!
//! ractor does not tell. The supervisor decides when its mailbox is empty, so that it has heard everything first that
//! has happened. A test runs this file under all interleavings of its callers.

use crate::sync::{AtomicUsize, Ordering};

/// Counts the messages of one mailbox.
#[derive(Debug)]
pub(crate) struct MailboxCounter(AtomicUsize);

impl MailboxCounter {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// A message is about to be sent. Said before it is in the mailbox, so that the actor never sees fewer messages
    /// than it has.
    pub(crate) fn sends(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// The message could not be sent.
    pub(crate) fn has_not_sent(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// The actor has taken a message out of the mailbox. Answers whether more are in there or on their way.
    pub(crate) fn took_one(&self) -> bool {
        self.0.fetch_sub(1, Ordering::AcqRel) > 1
    }
}
