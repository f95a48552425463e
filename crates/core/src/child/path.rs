//! Where a child stands in the tree.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ChildId;

/// Says where a child stands: the ids from the root down to it, joined by `/`, such as `root/workers/a`.
///
/// Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChildPath(Arc<str>);

impl ChildPath {
    /// The path of a tree's root.
    pub fn root(id: &ChildId) -> Self {
        Self(Arc::from(id.as_str()))
    }

    /// The path of a child below this one.
    #[must_use]
    pub fn join(&self, id: &ChildId) -> Self {
        let mut path = String::with_capacity(self.0.len() + 1 + id.as_str().len());
        path.push_str(&self.0);
        path.push('/');
        path.push_str(id.as_str());
        Self(Arc::from(path))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: the child's own id.
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// How many supervisors stand above this child: 0 for the root.
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }
}

impl fmt::Display for ChildPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChildPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for ChildPath {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for ChildPath {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_every_level_from_the_root() {
        let root = ChildPath::root(&ChildId::new("root").unwrap());
        let leaf = root.join(&ChildId::new("workers").unwrap()).join(&ChildId::new("a").unwrap());

        assert_eq!(leaf, "root/workers/a");
        assert_eq!((leaf.id(), leaf.depth()), ("a", 2));
        assert_eq!((root.id(), root.depth()), ("root", 0));
    }
}
