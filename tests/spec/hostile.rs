//! Code of users that panics, blocks its thread or looks at the tree wherever the library calls it: the rest of the
//! tree goes on, and its stop ends.

mod blocked_programs;
mod calls;
mod drops;
mod errors;
mod full_stderr;
mod given;
mod programs;
mod reports;
mod starts;
mod woken;
