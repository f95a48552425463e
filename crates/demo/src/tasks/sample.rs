//! Which sample tasks there are, and how one becomes a child.

use std::fmt;
use std::time::Duration;

use rootward::ChildSpec;

use super::{block_thread, fail, finish, forever, ignore_stop, never_yield, panic, respawn};

/// One of the sample tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    Forever,
    Finish,
    Fail,
    Panic,
    IgnoreStop,
    NeverYield,
    BlockThread,
    Respawn,
}

/// A sample task, and when it does what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SampleTask {
    pub(crate) sample: Sample,
    /// For those that end by themselves: how long they run.
    pub(crate) after: Duration,
}

impl Sample {
    pub(crate) const ALL: [Self; 8] = [
        Self::Forever,
        Self::Finish,
        Self::Fail,
        Self::Panic,
        Self::IgnoreStop,
        Self::NeverYield,
        Self::BlockThread,
        Self::Respawn,
    ];

    /// The sample with this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sample| sample.name() == name)
    }

    /// The name that a tree file gives it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Forever => "forever",
            Self::Finish => "finish",
            Self::Fail => "fail",
            Self::Panic => "panic",
            Self::IgnoreStop => "ignore_stop",
            Self::NeverYield => "never_yield",
            Self::BlockThread => "block_thread",
            Self::Respawn => "respawn",
        }
    }

    /// What it does, in half a sentence.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Forever => "runs until it is asked to stop, and then goes at once",
            Self::Finish => "ends normally",
            Self::Fail => "ends with an error",
            Self::Panic => "panics",
            Self::IgnoreStop => "does not listen when it is asked to stop, and has to be aborted",
            Self::NeverYield => "computes without a pause, so that not even an abort reaches it",
            Self::BlockThread => "blocks the thread it runs on, so that not even an abort reaches it",
            Self::Respawn => "keeps starting new work, and lets the last of it end when it is asked to stop",
        }
    }

    /// Whether it ends by itself, so that one can say when.
    pub(crate) fn takes_after(self) -> bool {
        match self {
            Self::Finish | Self::Fail | Self::Panic => true,
            Self::Forever | Self::IgnoreStop | Self::NeverYield | Self::BlockThread | Self::Respawn => false,
        }
    }
}

impl From<Sample> for SampleTask {
    fn from(sample: Sample) -> Self {
        Self { sample, after: Duration::ZERO }
    }
}

impl SampleTask {
    /// The task as a child with this id.
    pub(crate) fn into_child(self, id: impl Into<String>) -> ChildSpec {
        let after = self.after;
        match self.sample {
            Sample::Forever => ChildSpec::task(id, forever::run),
            Sample::Finish => ChildSpec::task(id, move |cx| finish::run(cx, after)),
            Sample::Fail => ChildSpec::task(id, move |cx| fail::run(cx, after)),
            Sample::Panic => ChildSpec::task(id, move |cx| panic::run(cx, after)),
            Sample::IgnoreStop => ChildSpec::task(id, ignore_stop::run),
            Sample::NeverYield => ChildSpec::task(id, never_yield::run),
            Sample::BlockThread => ChildSpec::task(id, block_thread::run),
            Sample::Respawn => ChildSpec::task(id, respawn::run),
        }
    }
}

/// The task as an outline of a tree shows it.
impl fmt::Display for SampleTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sample.name())?;
        if self.sample.takes_after() {
            write!(f, " after {}", humantime::format_duration(self.after))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_found_by_its_name() {
        for sample in Sample::ALL {
            assert_eq!(Sample::find(sample.name()), Some(sample));
        }
        assert_eq!(Sample::find("sleep"), None);
    }
}
