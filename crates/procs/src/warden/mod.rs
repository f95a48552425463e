//! The warden: the process that starts programs on the tree's behalf, so that no descendant of them is ever lost.
//!
//! Four kinds of processes play together:
//!
//! ```text
//! supervisor ──► warden ──► reaper ──► program ──► its descendants
//!     └───────── a line to each ─┘
//! ```
//!
//! The **warden** is a child of the supervisor. It starts **reapers**, one for every process child and some to spare,
//! and the supervisor has a reaper start the program. A reaper adopts the orphans among its descendants, so that a
//! process that leaves the program's group, session or parent is still the reaper's to wait for. When the reaper has no
//! children any more, nothing is left; it says so, and is free for another program. It kills and reaps its descendants
//! when it is told to, when its line to the supervisor is cut, and when the supervisor is dead. If a reaper dies, its
//! descendants come to the warden, which ends them; if the warden dies as well, they come to the [init](crate::Init)
//! above the supervisor, if there is one.
//!
//! [`serve`] is the warden's own loop, [`reaper`] what a reaper does, [`client`] the supervisor's side of both,
//! [`pool`] the reapers it has to spare, and [`protocol`] what they say to each other.

pub(crate) mod cgroup;
mod client;
mod descendants;
mod descriptor_numbers;
mod error;
mod limits;
mod orphans;
mod pool;
mod program;
mod protocol;
mod reaped_set;
mod reaper;
mod reaper_table;
mod serve;
mod shared_client;
mod state;

pub use client::Warden;
pub(crate) use client::WardenClient;
pub(crate) use descendants::kill_with_descendants;
pub use error::WardenError;
pub(crate) use protocol::{Descriptor, FromWarden, LaunchOrder, REPLY};
pub(crate) use reaped_set::ReapedSet;
pub use serve::warden_main;
pub(crate) use serve::{end_instead_of_main, instead_of_main};
