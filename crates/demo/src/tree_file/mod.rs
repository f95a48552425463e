//! Tree files: a supervision tree written down in TOML, or in JSON of the same shape.
//!
//! A file goes through three stages: its text becomes [`FileValue`](value::FileValue)s that know their lines
//! ([`source`], [`toml`], [`json`]), those become a checked [`TreeFile`] ([`supervisor`], [`task`],
//! [`process`] and what they need), and that becomes a tree ([`build`]). Whatever is wrong is found
//! before anything has been started, and said with the file, the line, the child and the key. What would fail here and
//! now, although the file is right, is found when it is asked for ([`foreseen`]).
//!
//! Absent on purpose: serde's derived deserialisation. Its errors do not know in which child of the
//! tree they arose.

mod attributes;
mod backoff;
mod budget;
mod build;
mod cgroup;
mod command;
mod culprit;
mod descriptors;
mod duration;
mod error;
mod foreseen;
mod health;
mod json;
mod listen;
mod locate;
mod log_file;
mod model;
mod outline;
mod picture;
mod process;
mod ready;
mod section;
mod signal;
mod source;
mod stop;
mod suggest;
mod supervisor;
mod task;
#[cfg(test)]
mod tests;
mod toml;
mod value;

use std::path::Path;

pub(crate) use duration::{parse as parse_duration, parse_positive as parse_positive_duration};
pub(crate) use error::FileError;
pub(crate) use foreseen::Foresight;
pub(crate) use model::TreeFile;

/// Enough for the deepest file that is accepted, in a build without optimisation.
const STACK: usize = 16 * 1024 * 1024;

/// Reads and checks a tree file.
///
/// # Errors
///
/// [`FileError`] for the first mistake.
pub(crate) fn read(file: &Path) -> Result<TreeFile, FileError> {
    let source = source::read(file)?;
    parse(file, &source)
}

/// The same, and looks at what would fail if the tree were started now.
///
/// # Errors
///
/// [`FileError`] for the first mistake.
pub(crate) fn examine(file: &Path) -> Result<(TreeFile, Vec<Foresight>), FileError> {
    let source = source::read(file)?;
    let examined = on_large_stack(file, || {
        let top = parse_values(file, &source)?;
        let tree = supervisor::read_root(file, &top)?;
        let foreseen = foreseen::below(&section::Field::top(file, &tree.id, &top), &tree.root);
        Ok((tree, foreseen))
    });
    let (tree, foreseen) = examined.map_err(|error| error.shown_in(&source.text))?;
    let shown = |it: Foresight| Foresight { failure: it.failure.shown_in(&source.text), ..it };
    Ok((tree, foreseen.into_iter().map(shown).collect()))
}

/// Checks the text of a tree file. `file` is its name, for messages.
fn parse(file: &Path, source: &source::Source) -> Result<TreeFile, FileError> {
    let parsed = on_large_stack(file, || supervisor::read_root(file, &parse_values(file, source)?));
    parsed.map_err(|error| error.shown_in(&source.text))
}

/// A tree in a tree in a tree takes its part of the stack, so a file is read on one that is large enough.
fn on_large_stack<T: Send>(
    file: &Path,
    read: impl FnOnce() -> Result<T, FileError> + Send,
) -> Result<T, FileError> {
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK);
        match reader.spawn_scoped(scope, read) {
            Ok(reader) => reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => Err(FileError::whole(file, error::Problem::NoThread(error))),
        }
    })
}

fn parse_values(file: &Path, source: &source::Source) -> Result<value::FileValue, FileError> {
    match source.format {
        source::FileFormat::Toml => toml::parse(file, &source.text),
        source::FileFormat::Json => json::parse(file, &source.text),
    }
}
