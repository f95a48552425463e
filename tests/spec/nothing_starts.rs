//! Nothing starts once stopping has begun: nowhere below the supervisor that stops, also if its turn is far away.
//!
//! The order of the record says so. Behind the `stopping` of a supervisor there is no `starting`, `restarting` or
//! `gave_up` below it, but for clean-up work.

mod by_otps_rule;
mod in_supervisors;
mod in_tasks;
mod on_two_threads;

use std::time::Duration;

use rootward::{ChildSpec, Supervisor};

use crate::support::{Record, takes};

const SECOND: Duration = Duration::from_secs(1);

/// The events behind this line that say that something is begun.
fn begun_after(record: &Record, line: &str) -> Vec<String> {
    let begins = |line: &String| {
        let name = line.rsplit(' ').next();
        matches!(name, Some("starting" | "restarting" | "gave_up"))
    };
    record.lines_from(line).into_iter().filter(begins).collect()
}

/// A root with this child, and behind it one that keeps it waiting for three seconds when everything stops.
fn root_with(child: impl Into<ChildSpec>) -> Supervisor {
    Supervisor::new("root").child(child).child(takes("slow", 3 * SECOND))
}
