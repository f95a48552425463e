//! What an application's own tests need: a log of events to wait on, children that do as told, crashes, and time.
//!
//! ```
//! # mod tokio { pub use ::tokio::*; pub use ::tokio::main as test; }
//! use rootward::report::Ending;
//! use rootward::testing::{EventLog, crash};
//! use rootward::{ChildSpec, Supervisor};
//!
//! fn app() -> Supervisor {
//!     Supervisor::new("app").child(ChildSpec::service("db", |cx| async move {
//!         cx.ready();
//!         cx.stopping().await;
//!     }))
//! }
//!
//! #[tokio::test(flavor = "current_thread")]
//! async fn the_database_is_started_again_when_it_crashes() {
//!     let (tree, mut log) = EventLog::start(app()).await;
//!
//!     crash(&tree, "app/db").await;
//!
//!     assert_eq!(log.ready("app/db").await.incarnation, 2);
//!     assert_eq!(tree.stop().await.ending, Ending::Clean);
//! }
//! # fn main() { the_database_is_started_again_when_it_crashes() }
//! ```
//!
//! # Waiting
//!
//! A test that waits for a time is slow on a fast machine and fails on a slow one. Everything here waits for what
//! happens. What never happens ends the test all the same: every wait has a backstop, which is 30 s of the system's
//! time, whatever a test has done to tokio's clock. Then it panics with the place of the call and with everything that
//! has happened.
//!
//! # Time
//!
//! Tasks follow tokio's clock, and so do graces, deadlines, backoffs, restart intensities and start timeouts. Under
//! `#[tokio::test(start_paused = true)]` an hour of them takes no time.
//!
//! A process knows nothing of that clock. While a process starts, until it is ready, and from the time at which it is
//! asked to stop or ends until all of it is gone, a paused clock runs no faster than the system's, so that no grace and
//! no timeout is over before the process has had its time. While it just runs, the clock is free: an hour of a task's
//! timers passes beside it. [`real_time`] holds it for longer.
//!
//! The restart intensity of a process that ends by itself again and again is counted by the paused clock, which may
//! have jumped meanwhile: what happens within five seconds need not be within five seconds of that clock. A test of
//! such a limit holds the clock with [`real_time`], or makes the time of the intensity long. The clock is to be paused
//! before a process is started or stopped, and not in between.
//!
//! Blocking work ([`ChildSpec::blocking`](crate::ChildSpec::blocking)) stops a paused clock altogether for as long as
//! it runs: that is how tokio deals with threads.

mod backstop;
mod child;
mod crash;
mod log;
mod prospect;
mod text;
mod time;

pub use backstop::within;
pub use child::TestChild;
pub use crash::crash;
pub use log::EventLog;
pub use time::{RealTime, real_time};
