//! The span in which a child's code runs.
//!
//! A span is the subscriber's code from its making to its last drop. All of it runs where the child's own code runs,
//! never on the thread of a supervisor, and a panic in it costs the span and nothing else. A subscriber that blocks
//! there blocks the child's thread, as a line would that the child logs itself.

use tracing::level_filters::LevelFilter;
use tracing::span::Entered;
use tracing::{Span, info_span};

use super::telemetry::TARGET;
use crate::child::{ChildKind, ChildPath};
use crate::panics::{catch, drop_quietly};

/// The span `child{path, incarnation, kind}` around everything that a child's code does, if the subscriber takes it.
///
/// Boxed, because a tree has a great many tasks and most programs read no spans: then this is a null pointer.
#[derive(Debug, Default)]
pub(crate) struct ChildSpan(Option<Box<Span>>);

/// The child's code runs inside its span for as long as this is there.
pub(crate) struct Inside<'a>(Option<Entered<'a>>);

impl ChildSpan {
    /// Makes the span, unless it has been made or there is no subscriber for it. Only where the child's own code is
    /// about to run.
    pub(crate) fn make(&mut self, path: &ChildPath, incarnation: u32, kind: ChildKind) {
        if self.0.is_none() && LevelFilter::current() >= LevelFilter::INFO {
            // Not below the span that happens to be entered here: a child's span stands on its own.
            let make = || info_span!(target: TARGET, parent: None, "child", %path, incarnation, %kind);
            // One that is not wanted, or cannot be made, is kept as well, so that it is not asked for again.
            self.0 = Some(Box::new(catch(make).unwrap_or_else(|_panic| Span::none())));
        }
    }

    pub(crate) fn enter(&self) -> Inside<'_> {
        match self.0.as_deref() {
            Some(span) if !span.is_disabled() => Inside(catch(|| span.enter()).ok()),
            Some(_) | None => Inside(None),
        }
    }
}

impl Drop for ChildSpan {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            drop_quietly(span);
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(entered) = self.0.take() {
            drop_quietly(entered);
        }
    }
}
