//! A start that failed, and how an error is written down.
//!
//! The text of an error is a user's code: it may block, and it may panic. It is asked for once, by the supervisor of
//! the child that could not be started. From there the text goes up the tree beside the error, so that no other
//! supervisor waits for that code. The texts of the levels above are put together for a reader and for nothing else.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::child::{ChildPath, Exit, RefusedByStop, StartError};
use crate::panics::{catch, drop_quietly};

/// Of how many levels an error names each one. One from further down names the outermost ones, and the child with
/// which it began.
const LEVELS: u32 = 64;

/// How long a text may be, in bytes, before it leaves levels out.
const TEXT: usize = 4096;

/// Why something could not be started. A panic in the drop of the error goes no further.
#[derive(Clone, Debug)]
pub(crate) struct StartFailure {
    error: StartError,
    /// What the error said with which it began. `None` as long as it has not been asked.
    cause: Option<Arc<str>>,
    /// The child with which it began, and why.
    origin: Option<Origin>,
    /// How many levels the error names, from the outside in.
    levels: u32,
}

#[derive(Clone, Debug)]
struct Origin {
    path: ChildPath,
    error: Arc<StartError>,
}

impl StartFailure {
    /// A failure whose error has not been asked for its text.
    pub(crate) fn new(error: StartError) -> Self {
        Self { error, cause: None, origin: None, levels: 0 }
    }

    /// Asks the error for its text, unless that has been done. This may block.
    pub(crate) fn write_down(mut self) -> Self {
        if self.cause.is_none() {
            self.cause = Some(self.error.describe().into());
        }
        self
    }

    /// The failure of a supervisor that comes of this one of its child, which has been written down.
    pub(crate) fn of_child(mut self, path: &ChildPath) -> Self {
        let below = Arc::new(self.take());
        let origin = self.origin.take();
        let (source, levels) = match &origin {
            Some(Origin { path, error }) if self.levels >= LEVELS => {
                let origin = StartError::Child { path: path.clone(), source: Arc::clone(error) };
                (Arc::new(origin), 2)
            }
            _ => (Arc::clone(&below), self.levels + 1),
        };
        let origin = origin.or_else(|| Some(Origin { path: path.clone(), error: below }));
        let error = StartError::Child { path: path.clone(), source };
        Self { error, cause: self.cause.take(), origin, levels }
    }

    /// The whole text, from the outside in. It asks the error for nothing.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut error = &self.error;
        for level in 0..self.levels {
            let StartError::Child { path, source } = error else { break };
            match &self.origin {
                Some(origin) if text.len() > TEXT && level + 1 < self.levels => {
                    let _ = write!(text, "...: failed to start {}: ", origin.path);
                    break;
                }
                _ => {
                    let _ = write!(text, "failed to start {path}: ");
                }
            }
            error = source;
        }
        text.push_str(self.cause.as_deref().unwrap_or_default());
        text
    }

    #[cfg(test)]
    fn error(&self) -> &StartError {
        &self.error
    }

    pub(crate) fn into_error(mut self) -> StartError {
        self.take()
    }

    fn take(&mut self) -> StartError {
        std::mem::replace(&mut self.error, StartError::Stopped)
    }
}

impl Drop for StartFailure {
    fn drop(&mut self) {
        let error = self.take();
        let origin = self.origin.take();
        drop_quietly((error, origin));
    }
}

impl Exit {
    /// Makes an error and the chain of its sources an exit.
    pub fn failed(error: &(dyn Error + 'static)) -> Self {
        Self::Failed { error: chain(error) }
    }
}

impl StartError {
    /// The error and its sources on one line, from the outside in.
    pub fn describe(&self) -> String {
        chain(self)
    }
}

/// Writes an error and its sources on one line, from the outside in.
///
/// A source that the outer message already ends with is not repeated.
///
/// The text is the user's, and may panic.
fn chain(error: &(dyn Error + 'static)) -> String {
    catch(|| write_chain(error))
        .unwrap_or_else(|_| "(an error that panics when it is written down)".to_owned())
}

fn write_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        // It says nothing that the error above has not said.
        if inner.is::<RefusedByStop>() {
            break;
        }
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::child::ChildId;

    /// Counts how often it is asked for its text.
    #[derive(Debug, Default)]
    struct Counted(AtomicUsize);

    impl fmt::Display for Counted {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "text {}", self.0.fetch_add(1, Ordering::Relaxed) + 1)
        }
    }

    impl Error for Counted {}

    fn path(levels: usize) -> ChildPath {
        let id = ChildId::new("s").unwrap();
        (0..levels).fold(ChildPath::root(&id), |path, _| path.join(&id))
    }

    #[test]
    fn an_error_is_asked_for_its_text_once_on_its_whole_way() {
        let failure = StartFailure::new(StartError::new(Counted::default())).write_down().write_down();

        let above = failure.of_child(&path(2)).write_down().of_child(&path(1)).write_down();

        assert_eq!(above.text(), "failed to start s/s: failed to start s/s/s: text 1");
        let same = above.error().describe();
        assert_eq!(same, "failed to start s/s: failed to start s/s/s: text 2", "they say the same");
    }

    #[test]
    fn a_failure_from_far_below_takes_no_more_room_than_one_from_near_and_names_both_ends() {
        let bottom = path(1000);
        let cause = StartFailure::new(StartError::new(Counted::default())).write_down();
        let mut failure = cause.of_child(&bottom);

        for level in (1..1000).rev() {
            failure = failure.of_child(&path(level));
        }

        let text = failure.text();
        assert!(text.len() < 3 * TEXT, "{}", text.len());
        assert!(text.starts_with("failed to start s/s: ") && text.ends_with(": text 1"), "{text}");
        let (mut error, mut paths) = (failure.error(), Vec::new());
        while let StartError::Child { path, source } = error {
            paths.push(path.clone());
            error = source;
        }
        assert!(paths.len() <= 2 + LEVELS as usize, "{}", paths.len());
        assert_eq!((paths.first(), paths.last()), (Some(&path(1)), Some(&bottom)));
    }
}
