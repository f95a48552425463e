//! The critical path of a start and of a stop: the chain of waits that made it take as long as it took.
//!
//! It is found backwards, as `systemd-analyze critical-chain` finds that of a boot: a supervisor came to an end when
//! the last of its children had; that child began when the one before it had come to an end, and so on. In each child
//! the same is asked of its own children. What is left over is the node's own. The links stand one behind the other
//! without a gap, so that together they take as long as the whole.
//!
//! Absent on purpose: recursion, because a tree may be thousands of levels deep.

use std::time::Duration;

use super::episodes::{Episode, Episodes, Of};
use super::lanes::{Lane, Mark, MarkKind, Phase};
use super::words::short;
use crate::wire::Kind;

/// What a start or a stop of the whole tree waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalPath {
    /// When it began.
    pub from: Duration,
    /// When it was over: the end of the recording, if it was not.
    pub to: Duration,
    /// Whether it was over when the recording ended.
    pub is_over: bool,
    /// Why there was a stop. Empty for a start.
    pub cause: String,
    /// The waits, one behind the other without a gap.
    pub links: Vec<Link>,
}

/// One wait in a critical path.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The path of the child that was waited for.
    pub path: String,
    /// Since when.
    pub from: Duration,
    /// Until when.
    pub to: Duration,
    /// What was waited for.
    pub wait: WaitedFor,
    /// Why, and how it came out, in a few words.
    pub says: String,
}

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitedFor {
    /// Until it had started, and was ready if it has a way to say so.
    Start,
    /// Until it had gone after it was asked, or its grace was over.
    Grace,
    /// Until it had gone after it was forced.
    Force,
    /// Until the child of a task had come to its end.
    Work,
    /// Until the drain delay was over.
    Drain,
    /// For nothing below it: it was at its own work.
    Own,
}

impl CriticalPath {
    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    /// The waits, the longest first. Of two that took the same time the earlier comes first.
    pub fn longest(&self) -> Vec<&Link> {
        let mut links: Vec<&Link> = self.links.iter().filter(|link| !link.duration().is_zero()).collect();
        links.sort_by_key(|link| std::cmp::Reverse(link.duration()));
        links
    }

    pub(super) fn of_start(lanes: &[Lane], episodes: &Episodes) -> Option<Self> {
        Some(Self::of(lanes, episodes, episodes.find(0, Of::Start)?, String::new()))
    }

    /// That of a stop begins with its request, as the `elapsed` of the report does: with its drain, if it has one.
    pub(super) fn of_stop(
        lanes: &[Lane],
        episodes: &Episodes,
        drain: Option<DrainSpan>,
        cause: String,
    ) -> Option<Self> {
        let stop = episodes.find(0, Of::Stop).map(|stop| Self::of(lanes, episodes, stop, cause.clone()));
        let (Some(drain), Some(root)) = (drain, lanes.first()) else { return stop };
        let end = root.to().max(drain.from);
        let mut stop = stop.unwrap_or(Self { from: end, to: end, is_over: false, cause, links: Vec::new() });
        let link = drain.link(&root.path, stop.from);
        stop.from = link.from;
        stop.links.insert(0, link);
        Some(stop)
    }

    fn of(lanes: &[Lane], episodes: &Episodes, whole: Episode, cause: String) -> Self {
        let mut walk = Walk { lanes, episodes, links: Vec::new() };
        walk.back_through(whole);
        walk.links.reverse();
        Self { from: whole.from, to: whole.to, is_over: !whole.open, cause, links: walk.links }
    }
}

/// How long the stop of a tree was put off after its request.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrainSpan {
    pub(super) from: Duration,
    /// When the stop began. `None` until then.
    pub(super) to: Option<Duration>,
    /// How long it was to be put off.
    pub(super) delay: Duration,
}

impl DrainSpan {
    fn link(&self, path: &str, to: Duration) -> Link {
        // It is counted from the request, and `draining` is written a moment later.
        let slack = Duration::from_millis(50).min(self.delay / 2);
        let is_short = self.to.is_some_and(|to| to + slack < self.from + self.delay);
        let cut = if is_short { "; the stop began before that was over" } else { "" };
        let says = format!("drains for {}{cut}", short(self.delay));
        Link { path: path.to_owned(), from: self.from, to, wait: WaitedFor::Drain, says }
    }
}

impl Link {
    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

/// The way back from the end. The links come in the order in which they are found: the last first.
struct Walk<'a> {
    lanes: &'a [Lane],
    episodes: &'a Episodes,
    links: Vec<Link>,
}

/// A node on the way from the root to where the walk is.
struct Frame<'a> {
    node: Episode,
    /// Everything after this is explained.
    cursor: Duration,
    /// The children's episodes that have not been looked at, in the order in which they ended.
    left: &'a [Episode],
    /// Those that ended after the cursor, but had been forced before: a supervisor goes on without them.
    given_up: Vec<Episode>,
    has_waited: bool,
}

impl<'a> Walk<'a> {
    fn back_through(&mut self, whole: Episode) {
        let mut stack = vec![self.frame(whole)];
        while let Some(frame) = stack.last_mut() {
            match frame.before() {
                Some(child) => {
                    let to = child.to.min(frame.cursor);
                    let (own, cursor) = ((to, frame.cursor), child.from.max(frame.node.from));
                    (frame.cursor, frame.has_waited) = (cursor, true);
                    let lane = frame.node.lane;
                    self.own(lane, own.0, own.1);
                    let clipped = Episode { from: cursor, to, ..child };
                    stack.push(self.frame(clipped));
                }
                None => {
                    let Some(frame) = stack.pop() else { return };
                    if frame.has_waited {
                        self.own(frame.node.lane, frame.node.from, frame.cursor);
                    } else {
                        self.leaf(&frame.node);
                    }
                }
            }
        }
    }

    fn frame(&self, node: Episode) -> Frame<'a> {
        let left = self.episodes.below(node.lane);
        Frame { node, cursor: node.to, left, given_up: Vec::new(), has_waited: false }
    }

    /// A time in which a node waited for none of its children.
    fn own(&mut self, lane: usize, from: Duration, to: Duration) {
        if from < to {
            let says = match self.lanes[lane].kind {
                Kind::Supervisor => "the supervisor's own work",
                Kind::Process | Kind::Task | Kind::Actor | Kind::Unknown => "its own work",
            };
            self.push(lane, (from, to), WaitedFor::Own, says.to_owned());
        }
    }

    /// A node that waited for none of its children at all.
    fn leaf(&mut self, node: &Episode) {
        let lane = &self.lanes[node.lane];
        match node.of {
            Of::Start => self.push(node.lane, (node.from, node.to), WaitedFor::Start, start_of(lane, node)),
            Of::Life => {
                let says = if node.open { "has not come to its end" } else { "came to its end" };
                self.push(node.lane, (node.from, node.to), WaitedFor::Work, says.to_owned());
            }
            Of::Stop => {
                let forced = node.forced.unwrap_or(node.to).clamp(node.from, node.to);
                let outcome = outcome_of(lane, node);
                if node.forced.is_some() && forced < node.to {
                    let to = says_at(lane, Phase::Forced, forced).unwrap_or_default();
                    self.push(node.lane, (forced, node.to), WaitedFor::Force, format!("{to}; {outcome}"));
                }
                if node.from < forced || node.from == node.to {
                    let how =
                        if node.forced.is_some() { "not gone within its grace" } else { outcome.as_str() };
                    self.grace(node, forced, how);
                }
            }
        }
    }

    /// The grace of a child: a wait for each step of its stop, of which the last has come out like this.
    fn grace(&mut self, node: &Episode, to: Duration, how: &str) {
        let lane = &self.lanes[node.lane];
        let is_step = |mark: &&Mark| mark.kind == MarkKind::Asked && node.from < mark.at && mark.at <= to;
        let (mut to, mut how) = (to, how.to_owned());
        for step in lane.marks.iter().rev().filter(is_step) {
            self.push(
                node.lane,
                (step.at, to),
                WaitedFor::Grace,
                format!("asked again {}; {how}", step.says),
            );
            (to, how) = (step.at, format!("not gone when asked {}", step.says));
        }
        let asked = says_at(lane, Phase::Stopping, node.from).unwrap_or_default();
        let asked = asked.split(", cause:").next().unwrap_or_default();
        let asked = if asked.starts_with("cause:") { "" } else { asked };
        let space = if asked.is_empty() { "" } else { " " };
        self.push(node.lane, (node.from, to), WaitedFor::Grace, format!("asked{space}{asked}; {how}"));
    }

    fn push(&mut self, lane: usize, (from, to): (Duration, Duration), wait: WaitedFor, says: String) {
        self.links.push(Link { path: self.lanes[lane].path.clone(), from, to, wait, says });
    }
}

impl Frame<'_> {
    /// What the node waited for right before the cursor: the child that came to its end last. If a child had been
    /// forced by then and was still there, it is that one, unless another was asked after it.
    fn before(&mut self) -> Option<Episode> {
        let begin = self.node.from;
        if self.cursor <= begin {
            // All of it is explained. What had been forced before it began explains nothing more.
            return None;
        }
        let mut ended = None;
        while let Some((last, left)) = self.left.split_last() {
            if last.to <= begin || !self.waits_for(last.of) {
                // Those that ended before are of another time.
                self.left = if last.to <= begin { &[] } else { left };
            } else if last.to <= self.cursor && last.from < self.cursor {
                ended = Some(*last);
                break;
            } else {
                self.left = left;
                self.given_up.extend(last.forced.map(|_| *last));
            }
        }
        let cursor = self.cursor;
        let was_there =
            |stop: &&Episode| stop.forced.is_some_and(|forced| forced < cursor) && stop.to > cursor;
        let given_up = self.given_up.iter().filter(was_there).max_by_key(|stop| stop.from).copied();
        match (ended, given_up) {
            (Some(ended), Some(stop)) if stop.from > ended.from => Some(stop),
            (None, stop) => stop,
            (ended, _) => {
                if let Some((_, left)) = self.left.split_last() {
                    self.left = left;
                }
                ended
            }
        }
    }

    /// Whether this is something that the node waits for in what it does.
    fn waits_for(&self, of: Of) -> bool {
        match (self.node.of, of) {
            // When a start fails, what has been started is stopped before.
            (Of::Start, Of::Start | Of::Stop) | (Of::Stop | Of::Life, Of::Stop | Of::Life) => true,
            (Of::Start, Of::Life) | (Of::Stop | Of::Life, Of::Start) => false,
        }
    }
}

fn start_of(lane: &Lane, node: &Episode) -> String {
    let failed = lane.marks.iter().find(|mark| mark.at == node.to && mark.kind == MarkKind::Crashed);
    match failed {
        Some(mark) => mark.says.clone(),
        None if node.open => "has not started".to_owned(),
        None if lane.kind == Kind::Process => "until it had started and was ready".to_owned(),
        None => "until it had started".to_owned(),
    }
}

/// How a stop came out.
fn outcome_of(lane: &Lane, node: &Episode) -> String {
    let is_end =
        |kind| !matches!(kind, MarkKind::Asked | MarkKind::Escalated | MarkKind::Signal | MarkKind::Slow);
    let end = lane.marks.iter().find(|mark| mark.at >= node.to && is_end(mark.kind));
    end.map_or_else(|| "still there when the recording ends".to_owned(), |mark| mark.says.clone())
}

fn says_at(lane: &Lane, phase: Phase, at: Duration) -> Option<&str> {
    let part = lane.parts.iter().rfind(|part| part.phase == phase && part.from <= at)?;
    Some(&part.says)
}
