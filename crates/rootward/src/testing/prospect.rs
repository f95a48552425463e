//! Whether a child is ready, may still become so, or never will.
//!
//! Pure: a snapshot goes in. What is open now is judged again after the next event.

use rootward_core::{ChildState, NodeSnapshot, TreeSnapshot};

/// What can be expected of a child.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    Ready(NodeSnapshot),
    /// It may still become ready. What it is doing now.
    Open(String),
    /// It will not become ready by itself, for this reason.
    Never(String),
}

/// What can be expected of the child with this path.
pub(super) fn prospect(tree: &TreeSnapshot, path: &str) -> Prospect {
    let root = &tree.root;
    let is_below = |node: &NodeSnapshot| {
        path.strip_prefix(node.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !is_below(root) {
        return Prospect::Never(format!("the root of this tree is `{}`", root.path));
    }
    let mut node = root;
    let mut never = None;
    while let Some(child) = node.children.iter().find(|child| is_below(child)) {
        if is_left_down(child, &node.children) {
            never = Some(format!("`{}` is down and is not started again", child.path));
        }
        node = child;
    }
    if node.path == *path && node.state == ChildState::Running {
        return Prospect::Ready(node.clone());
    }
    if matches!(root.state, ChildState::Stopping | ChildState::Down) {
        return Prospect::Never("the tree is stopping or has stopped".to_owned());
    }
    match never {
        Some(reason) => Prospect::Never(reason),
        None if node.path == *path => Prospect::Open(format!("it is {}", node.state)),
        None => Prospect::Open(format!("`{}` is {} and has no such child", node.path, node.state)),
    }
}

/// Whether a child has run and is down for good. A sibling that is on its way may take it along when it is restarted.
fn is_left_down(child: &NodeSnapshot, siblings: &[NodeSnapshot]) -> bool {
    let is_settled = |node: &NodeSnapshot| matches!(node.state, ChildState::Running | ChildState::Down);
    child.state == ChildState::Down && child.incarnation > 0 && siblings.iter().all(is_settled)
}
