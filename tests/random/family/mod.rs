//! Tasks with children: what they are described by, what they do, and what is promised of them.
//!
//! Random trees know their children beforehand, and these come and go as tasks want it. So they have a language and
//! judges of their own, and fewer promises.

mod describe;
mod judge;
mod live;
mod tell;

pub(crate) use describe::{Family, any_family};
pub(crate) use judge::judge;
pub(crate) use tell::tell;
