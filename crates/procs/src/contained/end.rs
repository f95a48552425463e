//! How a program ended, and how that is known: from the record of its tree.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rootward_core::{
    ChildKind, Event, EventKind, Events, Exit, ExitClass, Outcome, StopReport, StopStep, Straggler, sibling,
};
use tokio::task::unconstrained;

/// How a program ended. Nothing is left of it, unless it is [`Outcome::Unreapable`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "it says how the program ended"]
pub struct ProgramEnd {
    /// Its exit code or the signal that ended it. [`Exit::Unknown`] if it never ran.
    pub exit: Exit,
    /// [`Outcome::AlreadyGone`] if it has ended by itself, [`Outcome::Graceful`] if it has gone when it was asked, and
    /// [`Outcome::Killed`] if it, or what it had left, was killed.
    pub outcome: Outcome,
    /// What was still there of its set after the program itself had gone, and what became of that.
    pub stragglers: Vec<Straggler>,
    /// The steps of its stop, in order and each with its time, SIGKILL included. Empty if there was no more than one.
    pub steps: Vec<StopStep>,
    /// How long its stop took, from the request until nothing was left. `None` if it has ended by itself.
    pub elapsed: Option<Duration>,
}

impl ProgramEnd {
    fn new(exit: Exit, outcome: Outcome, stragglers: Vec<Straggler>) -> Self {
        Self { exit, outcome, stragglers, steps: Vec::new(), elapsed: None }
    }

    /// Whether it has exited with code 0, or as its description counts as a success.
    pub fn success(&self) -> bool {
        self.exit.class() == ExitClass::Normal
    }

    /// Its exit code, if it has exited.
    pub fn code(&self) -> Option<i32> {
        if let Exit::Code(code) = self.exit.plain() { Some(*code) } else { None }
    }

    /// The number of the signal that ended it, if one has.
    pub fn signal(&self) -> Option<i32> {
        if let Exit::Signal { number, .. } = self.exit.plain() { Some(*number) } else { None }
    }
}

/// What is known of a program: the events of its tree, as far as they have been looked at.
#[derive(Debug)]
pub(super) struct Course {
    events: Events,
    pid: Option<u32>,
    end: Option<ProgramEnd>,
}

impl Course {
    /// These events, without the lines.
    pub(super) fn new(events: Events) -> Self {
        sibling::leave_out_output(&events);
        Self { events, pid: None, end: None }
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The end of a program whose tree has stopped.
    pub(super) fn end_by(&self, report: &StopReport) -> ProgramEnd {
        let never_ran = || ProgramEnd::new(Exit::Unknown, Outcome::AlreadyGone, Vec::new());
        let mut end = self.end.clone().unwrap_or_else(never_ran);
        if let Some(node) = report.unreapable().first() {
            end.outcome = Outcome::Unreapable;
            end.stragglers.clone_from(&node.stragglers);
        }
        let program = report.root.children.iter().find(|node| node.kind == ChildKind::Process);
        if let Some(node) = program.filter(|_| end.outcome != Outcome::AlreadyGone) {
            end.steps.clone_from(&node.steps);
            end.elapsed = Some(node.elapsed);
        }
        end
    }

    /// Looks at the events that have come, and waits for none.
    pub(super) fn catch_up(&mut self) {
        loop {
            let next = {
                let next = pin!(unconstrained(self.events.next()));
                next.poll(&mut Context::from_waker(Waker::noop()))
            };
            match next {
                Poll::Ready(Ok(Some(event))) => self.learn(&event),
                // Its lines have pushed out the beginning. Its end is the last that is lost.
                Poll::Ready(Err(_)) => {}
                Poll::Ready(Ok(None)) | Poll::Pending => return,
            }
        }
    }

    fn learn(&mut self, event: &Event) {
        if event.child_kind != ChildKind::Process {
            return;
        }
        if let EventKind::Started { pid } = event.what {
            self.pid = pid;
        } else if let EventKind::Exited { status, stragglers } = &event.what {
            self.ended(status.as_ref(), Outcome::AlreadyGone, stragglers);
        } else if let EventKind::Stopped { outcome, status, stragglers, .. } = &event.what {
            self.ended(status.as_ref(), *outcome, stragglers);
        }
    }

    fn ended(&mut self, status: Option<&Exit>, outcome: Outcome, stragglers: &[Straggler]) {
        let exit = status.cloned().unwrap_or(Exit::Unknown);
        self.end = Some(ProgramEnd::new(exit, outcome, stragglers.to_vec()));
    }
}
