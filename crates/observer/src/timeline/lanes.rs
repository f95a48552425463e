//! The lanes of a timeline: plain data.

use std::time::Duration;

use crate::wire::Kind;

/// The life of one child, from its first start on.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The child's path.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// What it was doing, in order. No two parts overlap; where there is a gap, it was down.
    pub parts: Vec<Part>,
    /// What happened to it, in order.
    pub marks: Vec<Mark>,
    /// How many restarts of it were decided on.
    pub restarts: u32,
}

/// A time in which a child did one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it did.
    pub phase: Phase,
    /// Since when.
    pub from: Duration,
    /// Until when: the end of the recording, if it went on.
    pub to: Duration,
    /// Which start of the child this is.
    pub incarnation: u32,
    /// Whether it went on when the recording ended.
    pub open: bool,
    /// What there is to say of it, in a few words: its process id, why it was asked to stop.
    pub says: String,
}

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// It was started and is not ready yet.
    Starting,
    /// It runs.
    Running,
    /// It is down, and its restart is put off.
    Backoff,
    /// It was asked to stop, and has its grace.
    Stopping,
    /// Its grace is over, or it was forced, and it is not gone yet.
    Forced,
    /// It could not be brought down, and was left behind.
    Left,
}

/// Something that happened to a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When.
    pub at: Duration,
    /// What.
    pub kind: MarkKind,
    /// What there is to say of it, in a few words.
    pub says: String,
}

/// What happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MarkKind {
    /// It could not be started, or ended by itself and not as it should.
    Crashed,
    /// It ended by itself, as it should.
    Ended,
    /// This supervisor used up its restart intensity.
    GaveUp,
    /// A signal reached the root.
    Signal,
    /// A later step of its stop: it was asked once more, in another way.
    Asked,
    /// Its grace ended, or it was forced.
    Escalated,
    /// It is gone, and everything below it.
    Acknowledged,
    /// It could not be brought down.
    LeftBehind,
    /// It was slow: it did not yield, or was not ready for long.
    Slow,
}

impl Lane {
    /// The child's id: the last part of its path.
    pub fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// How many supervisors and tasks stand above it.
    pub fn depth(&self) -> usize {
        self.path.matches('/').count()
    }

    /// The path of the child above. `None` for the root.
    pub fn parent(&self) -> Option<&str> {
        self.path.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// When it was first heard of.
    pub fn from(&self) -> Duration {
        let part = self.parts.first().map(|part| part.from);
        let mark = self.marks.first().map(|mark| mark.at);
        part.into_iter().chain(mark).min().unwrap_or_default()
    }

    /// When it was last heard of.
    pub fn to(&self) -> Duration {
        let part = self.parts.last().map(|part| part.to);
        let mark = self.marks.last().map(|mark| mark.at);
        part.into_iter().chain(mark).max().unwrap_or_default()
    }
}

impl Part {
    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

impl Phase {
    /// All phases, in the order in which a child comes to them.
    pub const ALL: [Self; 6] =
        [Self::Starting, Self::Running, Self::Backoff, Self::Stopping, Self::Forced, Self::Left];

    /// What it is called in a legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Backoff => "restart put off",
            Self::Stopping => "asked to stop",
            Self::Forced => "forced",
            Self::Left => "left behind",
        }
    }

    /// In one word, for programs.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Backoff => "backoff",
            Self::Stopping => "stopping",
            Self::Forced => "forced",
            Self::Left => "left",
        }
    }
}

impl MarkKind {
    /// What it is called in a legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crashed => "crashed",
            Self::Ended => "ended",
            Self::GaveUp => "gave up",
            Self::Signal => "signal",
            Self::Asked => "asked again",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::LeftBehind => "left behind",
            Self::Slow => "slow",
        }
    }
}
