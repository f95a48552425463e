//! The size of the terminals that children have of their own (`tty = true`): that of the demo's.

use std::sync::OnceLock;

use rootward::process::Terminal;

static SIZE: OnceLock<Terminal> = OnceLock::new();

/// The size for a child that is to have one.
pub(crate) fn size() -> &'static Terminal {
    SIZE.get_or_init(Terminal::new)
}

/// Whether a child is to have one.
pub(crate) fn are_wanted() -> bool {
    SIZE.get().is_some()
}

/// Gives all of them the size that the demo's terminal has now.
pub(crate) fn fit() {
    if let Some(size) = SIZE.get() {
        // One that is closing needs none.
        let _ = size.fit();
    }
}
