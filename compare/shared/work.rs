//! What the worker does in each scenario, and the log that the driver reads. Nothing here supervises.
//!
//! Every program includes this file as a module. It is no user code of any library, and its lines are not counted.

use std::ffi::OsString;
use std::fmt;
use std::fs::OpenOptions;
use std::future::pending;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The worker does one step each time this has passed.
pub const TICK: Duration = Duration::from_millis(20);
/// How long the worker has to flush, and how long the store has after SIGTERM.
pub const GRACE: Duration = Duration::from_secs(1);
/// By when the whole stop is to be over.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// More restarts than this within [`WINDOW`] are the end of the program.
pub const RESTARTS: u32 = 5;
pub const WINDOW: Duration = Duration::from_secs(10);

/// How long the flush takes that the worker does when it is asked to stop.
const FLUSH: Duration = Duration::from_millis(100);
/// So many incarnations fail in a burst. The one after them would be healthy.
const BURST: u32 = 20;
/// The step in which the worker does what its scenario says.
const EVENTFUL: u32 = 5;

static INCARNATIONS: AtomicU32 = AtomicU32::new(0);

/// Why the worker or the store has failed.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// One incarnation of the worker.
pub struct Work {
    scenario: String,
    incarnation: u32,
    steps: u32,
}

impl Work {
    pub fn begin() -> Self {
        log("worker started");
        let incarnation = INCARNATIONS.fetch_add(1, Ordering::Relaxed) + 1;
        Self { scenario: std::env::var("COMPARE_SCENARIO").unwrap_or_default(), incarnation, steps: 0 }
    }

    pub async fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        match (self.scenario.as_str(), self.steps) {
            ("burst", _) if self.incarnation <= BURST => {
                log("worker failing");
                Err(Failure(format!("failure {} of {BURST}", self.incarnation)))
            }
            ("panic", EVENTFUL) if self.incarnation == 1 => {
                log("worker failing");
                panic!("the worker was told to panic")
            }
            ("stuck", EVENTFUL) => {
                log("worker stuck");
                loop {
                    thread::sleep(Duration::from_secs(3600));
                }
            }
            ("ignores", EVENTFUL) => {
                log("worker stuck");
                pending().await
            }
            (_, EVENTFUL) => {
                log("worker works");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The flush. The worker needs the store for it.
    pub async fn finish(&mut self) {
        log("worker flushing");
        tokio::time::sleep(FLUSH).await;
        log("worker flushed");
    }
}

/// The program that is started as the process.
pub fn store_program() -> OsString {
    std::env::var_os("COMPARE_STORE").unwrap_or_else(|| "compare-store".into())
}

/// One line in one write, so that lines of several processes do not mix.
fn log(event: &str) {
    let Some(path) = std::env::var_os("COMPARE_LOG") else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let line = format!("{now} {event}\n");
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path) {
        let _ = file.write_all(line.as_bytes());
    }
}
