//! A start that failed, with its error written down.
//!
//! The text of an error is a user's code: it may block, and it may panic. It is asked for once, by the supervisor of the child that could not be
//! started. From there the text goes up the tree beside the error, so that no other supervisor waits for that code.

use std::sync::Arc;

use crate::child::{ChildPath, StartError};
use crate::panics::drop_quietly;

/// Of how many levels an error names each one. One from further down names the outermost ones, and the child with which it began.
const LEVELS: u32 = 64;

/// The same for its text, in bytes.
const TEXT: usize = 4096;

/// Why something could not be started, as an error and as text. A panic in the error's drop goes no further.
#[derive(Clone, Debug)]
pub(crate) struct StartFailure {
    error: StartError,
    /// `None` as long as nobody has read the error.
    text: Option<Arc<str>>,
    /// The child with which it began, for its supervisor and for everything above.
    origin: Option<Arc<Origin>>,
    /// How many levels stand between the two.
    levels: u32,
}

#[derive(Debug)]
struct Origin {
    error: StartError,
    text: Arc<str>,
}

impl StartFailure {
    /// A failure that has not been written down.
    pub(crate) fn new(error: StartError) -> Self {
        Self { error, text: None, origin: None, levels: 0 }
    }

    /// Asks the error for its text, unless that has been done. This may block.
    pub(crate) fn write_down(mut self) -> Self {
        if self.text.is_none() {
            self.text = Some(self.error.describe().into());
        }
        self
    }

    /// The failure of a supervisor that comes of this one of its child, which has been written down.
    pub(crate) fn of_child(mut self, path: &ChildPath) -> Self {
        let text = self.text();
        match self.origin.take() {
            None => {
                let text: Arc<str> = format!("failed to start {path}: {text}").into();
                let error = StartError::Child { path: path.clone(), source: Arc::new(self.take()) };
                let origin = Arc::new(Origin { error: error.clone(), text: Arc::clone(&text) });
                Self { error, text: Some(text), origin: Some(origin), levels: 1 }
            }
            Some(origin) => {
                let (below, levels) = match self.levels < LEVELS {
                    true => (self.take(), self.levels + 1),
                    false => (origin.error.clone(), 1),
                };
                let text = match text.len() < TEXT {
                    true => format!("failed to start {path}: {text}"),
                    false => format!("failed to start {path}: ...: {}", origin.text),
                };
                let error = StartError::Child { path: path.clone(), source: Arc::new(below) };
                Self { error, text: Some(text.into()), origin: Some(origin), levels }
            }
        }
    }

    /// The text. It is empty as long as it has not been written down.
    pub(crate) fn text(&self) -> Arc<str> {
        self.text.clone().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use std::error::Error;
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

        assert_eq!(&*above.text(), "failed to start s/s: failed to start s/s/s: text 1");
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
        assert!(text.len() < 2 * TEXT, "{}", text.len());
        assert!(text.starts_with("failed to start s/s: ") && text.ends_with(": text 1"), "{text}");
        let mut levels = 0;
        let mut error: &dyn Error = failure.error();
        let mut last_path = None;
        while let Some(below) = error.source() {
            let shared = error.downcast_ref::<Arc<StartError>>().map(|error| &**error);
            if let Some(StartError::Child { path, .. }) = error.downcast_ref().or(shared) {
                last_path = Some(path.clone());
            }
            (levels, error) = (levels + 1, below);
        }
        assert!(levels <= LEVELS + 2, "{levels}");
        assert_eq!(last_path.as_ref(), Some(&bottom));
    }
}
