//! The source files of this workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file.
pub(super) struct Source {
    /// Relative to the workspace.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Source {
    pub(super) fn is_in(&self, directory: &str) -> bool {
        self.path.starts_with(directory)
    }

    /// Whether a directory of this name is on the way to it.
    pub(super) fn has_directory(&self, name: &str) -> bool {
        self.path.parent().is_some_and(|parent| parent.iter().any(|part| part == name))
    }

    /// Whether all of it is tests.
    pub(super) fn is_test(&self) -> bool {
        let name = self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        self.has_directory("tests") || name == "tests" || name.ends_with("_tests")
    }
}

/// Where the workspace is.
pub(super) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a member of a workspace")
}

/// All Rust files of all packages.
pub(super) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for directory in ["crates", "tests"] {
        collect(&workspace().join(directory), &mut found);
    }
    assert!(found.len() > 100, "the workspace is where it is looked for");
    found
}

/// The same, and those of the workspaces of their own: what measures and what compares.
pub(super) fn sources_everywhere() -> Vec<Source> {
    let mut found = sources();
    for directory in ["bench", "compare"] {
        collect(&workspace().join(directory), &mut found);
    }
    found
}

/// The page of the book that says which tests hold what others test.
pub(super) fn book() -> String {
    fs::read_to_string(workspace().join("docs/peers.md")).expect("the book has this page")
}

fn collect(directory: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("a directory can be read to its end").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let path = path.strip_prefix(workspace()).expect("it is in the workspace").to_owned();
            found.push(Source { path, text });
        }
    }
}
