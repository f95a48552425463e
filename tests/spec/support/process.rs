//! Process children, and what events tell about them.

use rootward::{Event, EventKind};

use super::Identity;

/// A process child of the fixture program of this name, still to be given an id.
macro_rules! fixture {
    ($name:literal) => {
        rootward::process::Process::new(env!(concat!("CARGO_BIN_EXE_", $name)))
    };
}

pub(crate) use fixture;

/// The line that an event tells of.
pub(crate) fn line_in(event: &Event) -> Option<&str> {
    let EventKind::Output { line, .. } = &event.what else { return None };
    Some(line)
}

/// The process that an event tells of: one that has started, or one that a fixture tells of.
pub(crate) fn pid_in(event: &Event) -> Option<u32> {
    if let EventKind::Started { pid } = event.what {
        return pid;
    }
    let line = line_in(event)?;
    ["descendant ", "warming up "].iter().find_map(|beginning| line.strip_prefix(beginning)?.parse().ok())
}

/// The process that an event tells of, which may be gone already.
pub(crate) fn identity_of(event: &Event) -> Identity {
    Identity::of(pid_in(event).unwrap_or_else(|| panic!("this event tells of no process: {event:?}")))
}
