//! The span in which a child's code runs.

use tracing::span::Entered;
use tracing::{Span, info_span};

use super::telemetry::TARGET;
use crate::child::{ChildKind, ChildPath};

/// The span `child{path, incarnation, kind}` around everything that a child's code does, if anybody reads spans.
///
/// Boxed, because a tree has a great many tasks and most programs read no spans: one that is off is a null pointer.
#[derive(Debug)]
pub(crate) struct ChildSpan(Option<Box<Span>>);

impl ChildSpan {
    pub(crate) fn new(path: &ChildPath, incarnation: u32, kind: ChildKind) -> Self {
        // Not below whatever runs when the child happens to be started: it lives longer than that.
        let span = info_span!(target: TARGET, parent: None, "child", %path, incarnation, %kind);
        Self((!span.is_disabled()).then(|| Box::new(span)))
    }

    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        self.0.as_ref().map(|span| span.enter())
    }
}
