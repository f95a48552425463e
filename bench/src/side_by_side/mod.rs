//! All metrics of all subjects in turn, and the page about them.
