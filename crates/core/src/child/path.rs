//! Where a child stands in the tree.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ChildId, InvalidId};

/// Says where a child stands: the ids from the root down to it, joined by `/`, such as `root/workers/a`.
///
/// It compares with text: `event.path == "root/workers/a"`. Cloning is cheap, and so is a path below another one,
/// however deep it lies. The text is put together when it is first asked for.
#[derive(Clone)]
pub struct ChildPath(Arc<PathNode>);

struct PathNode {
    parent: Option<ChildPath>,
    id: ChildId,
    is_dynamic: bool,
    text: OnceLock<Box<str>>,
}

impl ChildPath {
    /// The path of a tree's root.
    pub fn root(id: &ChildId) -> Self {
        Self::new(None, id, false)
    }

    /// The path of a child below this one.
    #[must_use]
    pub fn join(&self, id: &ChildId) -> Self {
        Self::new(Some(self.clone()), id, self.is_dynamic())
    }

    /// The same, for one of many children that come and go: the log makes less of them.
    pub(crate) fn join_dynamic(&self, id: &ChildId) -> Self {
        Self::new(Some(self.clone()), id, true)
    }

    fn new(parent: Option<Self>, id: &ChildId, is_dynamic: bool) -> Self {
        Self(Arc::new(PathNode { parent, id: id.clone(), is_dynamic, text: OnceLock::new() }))
    }

    /// Whether this child, or one above it, is one of many that come and go: below a dynamic supervisor, or below a
    /// task.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.0.is_dynamic
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        match &self.0.parent {
            Some(_) => self.0.text.get_or_init(|| self.text()),
            None => self.id(),
        }
    }

    /// The last part: the child's own id.
    pub fn id(&self) -> &str {
        self.0.id.as_str()
    }

    pub(crate) fn child_id(&self) -> &ChildId {
        &self.0.id
    }

    /// How many supervisors stand above this child: 0 for the root.
    pub fn depth(&self) -> usize {
        self.upward().count() - 1
    }

    fn text(&self) -> Box<str> {
        let mut parts: Vec<&str> = self.upward().map(ChildPath::id).collect();
        parts.reverse();
        parts.join("/").into()
    }

    /// This path, the one above it, and so on up to the root.
    fn upward(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |path| path.0.parent.as_ref())
    }
}

/// One after the other and not by recursion, which thousands of levels would be too much for.
impl Drop for PathNode {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(ChildPath(place)) = parent {
            parent = Arc::into_inner(place).and_then(|mut place| place.parent.take());
        }
    }
}

impl PartialEq for ChildPath {
    fn eq(&self, other: &Self) -> bool {
        // Id by id, from the child upward: no text is made, and paths that share their upper part are compared below it
        // alone.
        let (mut mine, mut other) = (Some(self), Some(other));
        loop {
            match (mine, other) {
                (None, None) => return true,
                (Some(a), Some(b)) if Arc::ptr_eq(&a.0, &b.0) => return true,
                (Some(a), Some(b)) if a.0.id == b.0.id => {
                    (mine, other) = (a.0.parent.as_ref(), b.0.parent.as_ref());
                }
                (Some(_) | None, _) => return false,
            }
        }
    }
}

impl Eq for ChildPath {}

impl PartialOrd for ChildPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ChildPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ChildPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for ChildPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ChildPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut ids = text.split('/').map(ChildId::new);
        let root = ids.next().unwrap_or(Err(InvalidId::Empty)).map_err(D::Error::custom)?;
        ids.try_fold(Self::root(&root), |path, id| Ok(path.join(&id?)))
            .map_err(|id: InvalidId| D::Error::custom(id))
    }
}

impl fmt::Display for ChildPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ChildPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
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
