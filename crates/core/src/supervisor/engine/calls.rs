//! Calls that have not been answered, and what they brought along.

use std::collections::HashMap;

use crate::child::{ChildId, ChildPath};
use crate::failure::StartFailure;
use crate::policy::{CallKey, ChildKey, Keeping, Policy, Traits};
use crate::spec::ChildSpec;
use crate::supervisor::call::{AnswerSender, CallRefusal, CallSuccess};
use crate::supervisor::entry::ChildEntry;
use crate::supervisor::outlook::Question;

/// The calls that have not been answered, and the children that they brought along.
pub(super) struct OpenCalls {
    next_call: u64,
    next_key: u64,
    open: HashMap<CallKey, AnswerSender>,
    offered: HashMap<ChildKey, ChildEntry>,
    /// Callers that wait until there is no child any more.
    quiet: Vec<AnswerSender>,
    /// Why the last start of a child failed, for the caller that asked for it.
    failures: HashMap<ChildKey, StartFailure>,
    /// What callers want to know when there is nothing left to do but to wait.
    questions: Vec<Question>,
}

/// A child that a call brought along.
type Offered = (ChildKey, ChildId, Traits);

impl OpenCalls {
    pub(super) fn new(children: usize) -> Self {
        let next_key = u64::try_from(children).unwrap_or(u64::MAX);
        Self {
            next_call: 0,
            next_key,
            open: HashMap::new(),
            offered: HashMap::new(),
            quiet: Vec::new(),
            failures: HashMap::new(),
            questions: Vec::new(),
        }
    }

    /// Notes why a start failed, if a caller may wait for it.
    pub(super) fn note_failure(&mut self, key: ChildKey, failure: &StartFailure) {
        if !self.open.is_empty() {
            self.failures.insert(key, failure.clone());
        }
    }

    /// Answers every caller that there is no supervisor any more. What they brought along comes back, to be dropped.
    #[must_use]
    pub(super) fn dismiss(&mut self) -> HashMap<ChildKey, ChildEntry> {
        for (_, answer) in self.open.drain() {
            answer.send(Err(CallRefusal::Stopping));
        }
        self.quiet();
        self.failures.clear();
        self.questions.clear();
        std::mem::take(&mut self.offered)
    }

    /// Keeps a question until there is nothing left to do but to wait.
    pub(super) fn ask(&mut self, question: Question) {
        // Callers that have given up waiting, and ask again.
        self.questions.retain(|question| !question.answer.is_closed());
        self.questions.push(question);
    }

    /// Takes out the questions that have not been answered.
    pub(super) fn questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions)
    }

    /// Whether a caller waits for an answer.
    pub(super) fn has_callers(&self) -> bool {
        !self.open.is_empty() || !self.questions.is_empty() || self.await_quiet()
    }

    /// Whether a caller waits until there is no child any more.
    pub(super) fn await_quiet(&self) -> bool {
        !self.quiet.is_empty()
    }

    /// There is no child any more.
    pub(super) fn quiet(&mut self) {
        for answer in self.quiet.drain(..) {
            answer.send(Ok(CallSuccess::Done));
        }
    }

    /// Keeps a caller that waits until there is no child any more.
    pub(super) fn wait_for_quiet(&mut self, answer: AnswerSender) {
        self.quiet.push(answer);
    }

    /// Keeps the caller of a call on its way through the machine.
    pub(super) fn open(&mut self, answer: AnswerSender) -> CallKey {
        let call = CallKey(self.next_call);
        self.next_call += 1;
        self.open.insert(call, answer);
        call
    }

    /// Keeps a child that a call brought along, until the machine has decided about it.
    pub(super) fn offer(
        &mut self,
        id: ChildId,
        spec: ChildSpec,
        policy: Policy,
        path: &ChildPath,
    ) -> Offered {
        let key = ChildKey(self.next_key);
        self.next_key += 1;
        let id = match policy.keeping {
            Keeping::Specs => id,
            // OTP rule 51.
            Keeping::Nothing { .. } => id.numbered(key.0),
        };
        let path = match policy.is_dynamic() {
            true => path.join_dynamic(&id),
            false => path.join(&id),
        };
        let entry = ChildEntry::new(spec, path);
        let traits = entry.traits();
        self.offered.insert(key, entry);
        (key, id, traits)
    }

    /// Takes out a child that a call brought along.
    pub(super) fn take_offered(&mut self, key: ChildKey) -> Option<ChildEntry> {
        self.offered.remove(&key)
    }

    /// Answers a call.
    pub(super) fn answer(&mut self, call: CallKey, answer: Result<CallSuccess, CallRefusal>) {
        if let Some(caller) = self.open.remove(&call) {
            caller.send(answer);
        }
        if self.open.is_empty() {
            self.failures.clear();
        }
    }

    /// Why the last start of a child failed.
    pub(super) fn failure(&mut self, key: ChildKey) -> Option<StartFailure> {
        self.failures.remove(&key)
    }
}
