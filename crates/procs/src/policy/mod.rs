//! What is decided about a process, as pure functions of what has happened and the time.
//!
//! Nothing in here knows tokio, ractor, the kernel or a clock: the shell in [`process`](crate::process) translates.

mod health;
mod ladder;
mod life;
mod life_io;
mod lines;
mod notify;
mod retry;
mod rotation;
mod visible;

pub(crate) use health::{Checkup, Finding, HealthRules, Look, Watchdog, together};
pub(crate) use ladder::{Ask, Ladder, Way};
pub use ladder::{Recipient, Step};
pub(crate) use life::Life;
pub(crate) use life_io::{Action, LifeEnd, LifeInput, LifeRules, LifeWaits, Readiness};
pub(crate) use lines::{Line, LineSplitter, Piece};
pub(crate) use notify::Told;
pub(crate) use retry::{FailureClass, NextAttempt, Retry};
pub(crate) use rotation::{Filled, Rotation, WriteStep};
pub use visible::visible_text;
