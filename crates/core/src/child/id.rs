//! The name of a child among its siblings.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a child among its siblings, as OTP's child id does.
///
/// An id is never empty and holds neither `/`, which separates the parts of a [`ChildPath`](crate::ChildPath), nor
/// control characters. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChildId(Arc<str>);

/// Says why a text is not a [`ChildId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("an id may not be empty")]
    Empty,
    /// The text holds a `/` or a control character.
    #[error("the id {id:?} holds {character:?}")]
    Character {
        /// The text that was refused.
        id: String,
        /// The first character that an id may not hold.
        character: char,
    },
}

impl ChildId {
    /// Checks a text and makes it an id.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if the text is empty or holds a `/` or a control character.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidId> {
        Self::check(id.as_ref())?;
        Ok(Self(Arc::from(id.as_ref())))
    }

    /// Like [`new`](Self::new), for a text that is shared already.
    pub(crate) fn shared(id: &Arc<str>) -> Result<Self, InvalidId> {
        Self::check(id)?;
        Ok(Self(Arc::clone(id)))
    }

    /// The same, for a text that has been checked.
    pub(crate) fn checked(id: &Arc<str>) -> Self {
        debug_assert!(Self::check(id).is_ok(), "the text has been checked");
        Self(Arc::clone(id))
    }

    fn check(id: &str) -> Result<(), InvalidId> {
        if id.is_empty() {
            return Err(InvalidId::Empty);
        }
        match id.chars().find(|c| *c == '/' || c.is_control()) {
            Some(character) => Err(InvalidId::Character { id: id.to_owned(), character }),
            None => Ok(()),
        }
    }

    /// This id with a number, for a child that was given none of its own.
    pub(crate) fn numbered(&self, number: u64) -> Self {
        Self(Arc::from(format!("{self}-{number}")))
    }

    /// The id that was made for a child without one of its own.
    pub(crate) fn numbered_as(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChildId {
    type Error = InvalidId;

    fn try_from(id: String) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl From<ChildId> for String {
    fn from(id: ChildId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for ChildId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for ChildId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_text_without_slashes_and_control_characters() {
        assert_eq!(ChildId::new("web-1 ü").unwrap().as_str(), "web-1 ü");
        assert_eq!(ChildId::new(""), Err(InvalidId::Empty));
        assert_eq!(ChildId::new("a/b"), Err(InvalidId::Character { id: "a/b".into(), character: '/' }));
        assert!(ChildId::new("a\nb").is_err());
    }
}
