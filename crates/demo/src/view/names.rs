//! How a child is called in a line: by its id, indented by its depth, as it would stand in an outline.

use std::collections::BTreeMap;

use crate::safe::safe;

/// Remembers which ids are clear, and how wide the column of names has become.
#[derive(Debug)]
pub(super) struct Names {
    /// The path that an id stands for, or `None` if there are several.
    paths: BTreeMap<String, Option<String>>,
    width: usize,
}

/// The column is never narrower, so that the first lines stand under each other, and never wider.
const WIDTHS: std::ops::RangeInclusive<usize> = 18..=40;

impl Names {
    pub(super) fn new() -> Self {
        Self { paths: BTreeMap::new(), width: *WIDTHS.start() }
    }

    /// The name of a child, as wide as the column.
    pub(super) fn column(&mut self, path: &str) -> String {
        let name = self.name(path);
        self.width = self.width.max(name.chars().count()).min(*WIDTHS.end());
        format!("{name:width$}", width = self.width)
    }

    fn name(&mut self, path: &str) -> String {
        let id = path.rsplit('/').next().unwrap_or(path);
        let known = self.paths.entry(id.to_owned()).or_insert_with(|| Some(path.to_owned()));
        if known.as_deref() != Some(path) {
            *known = None;
        }
        // An id that several children have says nothing without the path.
        let label = if known.is_some() { id } else { path };
        format!("{:indent$}{}", "", safe(label), indent = 2 * path.matches('/').count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_called_by_its_id_as_long_as_that_is_clear() {
        let mut names = Names::new();

        assert_eq!(names.column("a/x"), "  x               ");
        assert_eq!(names.column("b/x"), "  b/x             ");
        assert_eq!(names.column("a/x"), "  a/x             ");
        assert_eq!(names.column("a/y"), "  y               ");
    }
}
