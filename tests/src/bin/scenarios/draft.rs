//! A description up to its first mistake.

use crate::options::Tag;

/// What has been described so far, and the first value that could not be expressed.
pub(crate) struct Draft<T> {
    pub(crate) described: T,
    pub(crate) mistake: Option<Tag>,
}

impl<T> Draft<T> {
    pub(crate) fn new(described: T) -> Self {
        Self { described, mistake: None }
    }

    /// Describes one thing more, unless there has been a mistake.
    pub(crate) fn with<V>(self, value: Result<V, Tag>, describe: impl FnOnce(T, V) -> T) -> Self {
        match (self.mistake, value) {
            (Some(_), _) => self,
            (None, Ok(value)) => Self::new(describe(self.described, value)),
            (None, Err(tag)) => Self { described: self.described, mistake: Some(tag) },
        }
    }

    /// Adds a part as far as it has been described, unless there has been a mistake.
    pub(crate) fn add<P>(self, part: Draft<P>, add: impl FnOnce(T, P) -> T) -> Self {
        match self.mistake {
            Some(_) => self,
            None => Self { described: add(self.described, part.described), mistake: part.mistake },
        }
    }
}
