//! Nothing is left behind: programs that misbehave, each in every way in which it can come to its end, at every
//! containment level, as the user of these tests and as one without privileges.
//!
//! The tests keep their own record. Every process of a misbehaving program reports its process id and its time of birth
//! to the test, and mentions the test's register in its command line, so that processes that were too late to report
//! are found, too. Nothing that the program under test says is believed.

mod alone;
mod bomb;
mod cgroup_gone;
mod early;
mod ends;
mod helpers;
mod inherits;
mod matrix;
mod names;
mod namespaces;
mod patience;
mod place;
mod precedence;
mod record;
mod scene;
mod shortage;
mod supervisor;
mod users;
