//! What a person sees: a line an event while the tree runs, and a summary at the end.

#[cfg(test)]
mod hostile;
mod lines;
mod names;
mod style;
mod summary;
mod time;

#[cfg(test)]
pub(crate) use hostile::{OneText, any_run, is_harmless, with_each_text};
pub(crate) use lines::{EventLines, notified};
pub(crate) use style::Style;
pub(crate) use summary::{farewell, summary, welcome};
