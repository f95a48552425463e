//! Where a moment stands in a picture: up to three sections, each with a scale of its own.
//!
//! A program may run for a week and stop within a second. On one scale the stop would be a hair line. So the start, the
//! run and the stop have a part of the width each, at least as much as they need to be read.

use std::time::Duration;

use super::Timeline;

/// The sections of a picture, from left to right, without gaps in time or space.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) sections: Vec<Section>,
}

/// A part of the width with one scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) of: SectionOf,
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// Where it begins and ends, in units of the picture.
    pub(super) left: f64,
    pub(super) right: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionOf {
    Start,
    Run,
    Stop,
}

impl SectionOf {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Run => "run",
            Self::Stop => "stop",
        }
    }

    /// The part of the width that it has at least.
    fn least(self) -> f64 {
        match self {
            Self::Start => 0.2,
            Self::Run => 0.25,
            Self::Stop => 0.35,
        }
    }
}

impl Scale {
    pub(super) fn new(timeline: &Timeline, left: f64, right: f64) -> Self {
        let end = timeline.end();
        let start = timeline.start().map_or(Duration::ZERO, |start| start.to);
        let stop = timeline.stop().map_or(end, |stop| stop.from).max(start);
        let times = [
            (SectionOf::Start, Duration::ZERO, start),
            (SectionOf::Run, start, stop),
            (SectionOf::Stop, stop, end),
        ];
        let mut times: Vec<_> = times.into_iter().filter(|(_, from, to)| from < to).collect();
        if times.is_empty() {
            // Everything happened in one moment.
            times.push((SectionOf::Run, Duration::ZERO, end.max(Duration::from_micros(1))));
        }
        let share = |of: SectionOf, from: Duration, to: Duration| {
            of.least().max((to - from).as_secs_f64() / end.as_secs_f64().max(1e-6))
        };
        let all: f64 = times.iter().map(|(of, from, to)| share(*of, *from, *to)).sum();
        let (mut at, mut sections) = (left, Vec::new());
        for (of, from, to) in times {
            let width = (right - left) * share(of, from, to) / all;
            sections.push(Section { of, from, to, left: at, right: at + width });
            at += width;
        }
        Self { sections }
    }

    /// Where a moment stands. Where one section ends and the next begins is one place.
    pub(super) fn x(&self, at: Duration) -> f64 {
        let section = self.sections.iter().find(|section| at <= section.to);
        section.or(self.sections.last()).map_or(0.0, |section| section.x(at))
    }
}

impl Section {
    pub(super) fn duration(&self) -> Duration {
        self.to - self.from
    }

    fn x(&self, at: Duration) -> f64 {
        let part = at.saturating_sub(self.from).as_secs_f64() / self.duration().as_secs_f64();
        self.left + (self.right - self.left) * part.clamp(0.0, 1.0)
    }

    /// The moments at which there is a tick, at least this far apart, and what is written there: how long after the
    /// section's beginning.
    pub(super) fn ticks(&self, apart: f64) -> Vec<(f64, String)> {
        let most = ((self.right - self.left) / apart).max(1.0);
        let least = u64::try_from(self.duration().as_micros()).unwrap_or(u64::MAX) as f64 / most;
        let Some(step) = steps().find(|step| *step as f64 >= least) else { return Vec::new() };
        let step = Duration::from_micros(step);
        let mut ticks = Vec::new();
        let mut after = Duration::ZERO;
        while after <= self.duration() && ticks.len() <= 100 {
            ticks.push((self.x(self.from + after), after_words(after, step)));
            after += step;
        }
        ticks
    }
}

/// The steps between ticks, in microseconds: 1, 2, 5, 10 and so on up to a second, then those of a clock.
fn steps() -> impl Iterator<Item = u64> {
    let small = (0..6_u32).flat_map(|power| [1, 2, 5].map(|step| step * 10_u64.pow(power)));
    let seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];
    let days = (0..20_u32).map(|power| 86_400 * 2_u64.pow(power));
    small.chain(seconds.into_iter().chain(days).map(|seconds| seconds * 1_000_000))
}

/// How long after, as exact as the step between the ticks.
fn after_words(after: Duration, step: Duration) -> String {
    let (micros, seconds) = (after.as_micros(), after.as_secs());
    match step.as_micros() {
        _ if after.is_zero() => "0".to_owned(),
        0..1_000 => format!("{} µs", micros),
        1_000..1_000_000 if micros < 1_000_000 => format!("{} ms", micros / 1_000),
        1_000..10_000 => format!("{:.3} s", after.as_secs_f64()),
        10_000..100_000 => format!("{:.2} s", after.as_secs_f64()),
        100_000..1_000_000 => format!("{:.1} s", after.as_secs_f64()),
        _ if seconds < 60 => format!("{seconds} s"),
        _ if seconds < 3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => {
            format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}
