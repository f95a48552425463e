//! What the programs are put through.

use std::time::Duration;

/// What the driver does to a program once it is where the scenario wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Waits for the worker's second start, or for the end.
    AwaitRestart,
    /// Waits for the end.
    AwaitEnd,
    /// Sends SIGTERM and waits for the end.
    Terminate,
    /// Sends SIGKILL.
    Kill,
}

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line and in the tables.
    pub name: &'static str,
    /// What a reader is told.
    pub title: &'static str,
    /// What the worker does.
    pub worker: &'static str,
    /// Whether the process stays when it gets SIGTERM.
    pub deaf: bool,
    /// Whether `#[tokio::main]` leaves with `process::exit`.
    pub exit: bool,
    /// The worker's word in the log for which the driver waits first.
    pub until: &'static str,
    /// And what comes then.
    pub then: Then,
    /// How long the driver waits for the outcome.
    pub patience: Duration,
}

const USUAL: Scenario = Scenario {
    name: "sigterm",
    title: "SIGTERM, and everything is healthy",
    worker: "healthy",
    deaf: false,
    exit: false,
    until: "works",
    then: Then::Terminate,
    patience: Duration::from_secs(12),
};

/// All of them, in the order of the tables.
pub const SCENARIOS: [Scenario; 8] = [
    USUAL,
    Scenario {
        name: "panic",
        title: "the worker panics once",
        worker: "panic",
        until: "failing",
        then: Then::AwaitRestart,
        ..USUAL
    },
    Scenario {
        name: "burst",
        title: "the worker fails twenty times, one after the other",
        worker: "burst",
        until: "failing",
        then: Then::AwaitEnd,
        ..USUAL
    },
    Scenario {
        name: "ignores",
        title: "the worker awaits for ever and ignores the stop; SIGTERM",
        worker: "ignores",
        until: "stuck",
        ..USUAL
    },
    Scenario {
        name: "stuck",
        title: "the worker never yields; SIGTERM",
        worker: "stuck",
        until: "stuck",
        ..USUAL
    },
    Scenario {
        name: "stuck-exit",
        title: "the same, and `#[tokio::main]` ends with `std::process::exit`",
        worker: "stuck",
        until: "stuck",
        exit: true,
        ..USUAL
    },
    Scenario {
        name: "deaf",
        title: "the process ignores SIGTERM; SIGTERM to the program",
        deaf: true,
        ..USUAL
    },
    Scenario { name: "kill", title: "`kill -9` of the program", then: Then::Kill, ..USUAL },
];
