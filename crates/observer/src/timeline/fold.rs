//! The fold of a tree's events into lanes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Timeline;
use super::critical::{CriticalPath, DrainSpan};
use super::episodes::Episodes;
use super::lanes::{Lane, Mark, MarkKind, Part, Phase};
use super::words::{short, tame};
use crate::wire::{Event, Outcome, Status, Straggler, What};

/// Folds a tree's events into a timeline. It keeps some hundred bytes for every start, end and stop of a child, and
/// nothing of what processes write.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    lanes: Vec<Lane>,
    /// Where the lane of a path is.
    index: BTreeMap<String, usize>,
    /// The paths of those whose restart is put off.
    waiting: BTreeSet<String>,
    /// What the last signal to the root was called.
    signal: Option<String>,
    /// Why the root was asked to stop.
    cause: String,
    /// The drain delay that puts the stop of the tree off, or has done so.
    drain: Option<DrainSpan>,
    now: Duration,
    lost: u64,
}

impl Recorder {
    /// A recorder that has heard of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, event: &Event) {
        // Time never runs backwards in a record; in a file that was edited it may.
        self.now = self.now.max(since_the_start(event.at));
        match &event.what {
            What::Unknown
            | What::Degraded { .. }
            | What::HandlerFailed { .. }
            | What::GuestPanicked { .. }
            | What::Output { .. }
            | What::Healthy
            | What::MadeToCrash { .. }
            | What::Notified { .. }
            | What::Retrying { .. } => {}
            What::Starting => {
                self.cancel_below(&event.path);
                self.begin(event, Phase::Starting, String::new());
            }
            What::Started { pid } => {
                let says = pid.map_or_else(String::new, |pid| format!("pid {pid}"));
                self.begin(event, Phase::Running, says);
            }
            What::StartFailed { error, .. } => self.start_failed(event, error),
            What::Ignored => self.end(event, MarkKind::Ended, "has nothing to run".to_owned()),
            What::Exited { status, stragglers, .. } => self.exited(event, status.as_ref(), stragglers),
            What::Restarting { attempt, delay_ms } => self.restarting(event, *attempt, *delay_ms),
            What::GaveUp { restarts, within_ms } => {
                let within = short(Duration::from_millis(*within_ms));
                let says = format!("more than {restarts} restarts within {within}");
                self.mark(event, MarkKind::GaveUp, says);
            }
            What::Signal { signal, action } => {
                self.signal = Some(tame(signal));
                // A signal is acted upon first and written down afterwards.
                if self.cause == "signal" {
                    self.cause = format!("signal {}", tame(signal));
                }
                self.mark(event, MarkKind::Signal, format!("{signal}: {action}"));
            }
            What::Draining { cause, delay_ms } => {
                self.draining(event, cause, Duration::from_millis(*delay_ms));
            }
            What::Stopping { cause, signal, .. } => self.stopping(event, cause, signal.as_deref()),
            What::Escalated { to } => {
                self.begin(event, Phase::Forced, to.clone());
                self.mark(event, MarkKind::Escalated, to.clone());
            }
            What::Stopped { outcome, status, stragglers, .. } => {
                self.stopped(event, *outcome, status.as_ref(), stragglers);
            }
            What::NotReady { elapsed_ms } => {
                let says = format!("not ready for {}", short(Duration::from_millis(*elapsed_ms)));
                self.mark(event, MarkKind::Slow, says);
            }
            What::Asked { with, error, .. } => {
                let why = error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
                self.mark(event, MarkKind::Asked, format!("with {with}{why}"));
            }
            What::Unhealthy { error, failures, threshold } => {
                self.mark(event, MarkKind::Slow, format!("unhealthy, {failures} of {threshold}: {error}"));
            }
            What::Stalled { elapsed_ms, thread } => {
                let elapsed = short(Duration::from_millis(*elapsed_ms));
                self.mark(event, MarkKind::Slow, format!("has not yielded for {elapsed} on thread {thread}"));
            }
        }
    }

    /// Notes that so many events are missing here.
    pub fn note_lost(&mut self, events: u64) {
        self.lost = self.lost.saturating_add(events);
    }

    /// The timeline of all that was taken in. What went on is drawn up to the last event.
    pub fn finish(mut self) -> Timeline {
        let now = self.now;
        let open = self.lanes.iter_mut().flat_map(|lane| lane.parts.iter_mut()).filter(|part| part.open);
        open.for_each(|part| part.to = now);
        let lanes = in_tree_order(self.lanes);
        let episodes = Episodes::of(&lanes, now);
        let start = CriticalPath::of_start(&lanes, &episodes);
        let stop = CriticalPath::of_stop(&lanes, &episodes, self.drain, self.cause);
        Timeline { lanes, end: now, start, stop, lost: self.lost }
    }

    fn start_failed(&mut self, event: &Event, error: &str) {
        let says = format!("not started: {error}");
        // The root is told about twice: it stops what it had started, says so, and then it has stopped.
        let stops = |part: &Part| part.open && matches!(part.phase, Phase::Stopping | Phase::Forced);
        if !event.path.contains('/') && self.lane(event).parts.last().is_some_and(stops) {
            self.mark(event, MarkKind::Crashed, says);
        } else {
            self.end(event, MarkKind::Crashed, says);
        }
    }

    fn exited(&mut self, event: &Event, status: Option<&Status>, stragglers: &[Straggler]) {
        let gave_up = self.lane(event).marks.last().is_some_and(|mark| mark.kind == MarkKind::GaveUp);
        let kind = if gave_up || status.is_some_and(|status| !status.is_normal()) {
            MarkKind::Crashed
        } else {
            MarkKind::Ended
        };
        let says = status.map_or_else(|| "ended by itself".to_owned(), ToString::to_string);
        self.cancel_below(&event.path);
        self.end(event, kind, format!("{says}{}", left_behind(stragglers)));
    }

    fn restarting(&mut self, event: &Event, attempt: u32, delay_ms: u64) {
        self.lane(event).restarts += 1;
        if delay_ms > 0 {
            let delay = short(Duration::from_millis(delay_ms));
            self.begin(event, Phase::Backoff, format!("attempt {attempt}, put off by {delay}"));
        }
    }

    /// The stop of the tree begins with its request. What runs goes on until the drain delay is over.
    fn draining(&mut self, event: &Event, cause: &str, delay: Duration) {
        let cause = self.cause_of_root(cause);
        self.cause.clone_from(&cause);
        self.drain = Some(DrainSpan { from: self.now, to: None, delay });
        let phase = self.lane(event).parts.last().filter(|part| part.open).map(|part| part.phase);
        if phase == Some(Phase::Running) {
            self.begin(event, Phase::Running, format!("drains for {}, cause: {cause}", short(delay)));
        }
    }

    /// Why the root stops, with the name of the signal if it was one.
    fn cause_of_root(&self, cause: &str) -> String {
        match (&self.signal, cause) {
            (Some(name), "signal") => format!("signal {name}"),
            _ => tame(cause),
        }
    }

    fn stopping(&mut self, event: &Event, cause: &str, signal: Option<&str>) {
        let is_root = !event.path.contains('/');
        let cause = if is_root { self.cause_of_root(cause) } else { tame(cause) };
        let says = match signal {
            Some(signal) => format!("with {signal}, cause: {cause}"),
            None => format!("cause: {cause}"),
        };
        if is_root {
            self.cause = cause;
            let now = self.now;
            self.drain.iter_mut().for_each(|drain| drain.to = drain.to.or(Some(now)));
        }
        self.cancel_below(&event.path);
        self.begin(event, Phase::Stopping, says);
    }

    fn stopped(
        &mut self,
        event: &Event,
        outcome: Outcome,
        status: Option<&Status>,
        stragglers: &[Straggler],
    ) {
        let how = status.map_or_else(String::new, |status| format!(": {status}"));
        let behind = left_behind(stragglers);
        self.cancel_below(&event.path);
        match outcome {
            Outcome::Graceful => {
                self.end(event, MarkKind::Acknowledged, format!("gone within its grace{how}{behind}"));
            }
            Outcome::AlreadyGone => {
                self.end(event, MarkKind::Acknowledged, format!("was gone already{how}{behind}"));
            }
            Outcome::Killed => self.end(event, MarkKind::Acknowledged, format!("gone by force{how}{behind}")),
            Outcome::Unreapable => {
                self.begin(event, Phase::Left, "still there".to_owned());
                self.mark(event, MarkKind::LeftBehind, format!("still there{how}{behind}"));
            }
        }
    }

    /// Ends the part that goes on, and begins one.
    fn begin(&mut self, event: &Event, phase: Phase, says: String) {
        let (now, incarnation) = (self.now, event.incarnation);
        if phase == Phase::Backoff {
            self.waiting.insert(event.path.clone());
        } else {
            self.waiting.remove(&event.path);
        }
        let lane = self.lane(event);
        close(lane, now);
        let says = tame(&says);
        lane.parts.push(Part { phase, from: now, to: now, incarnation, open: true, says });
    }

    /// Ends the part that goes on.
    fn end(&mut self, event: &Event, kind: MarkKind, says: String) {
        let now = self.now;
        close(self.lane(event), now);
        self.mark(event, kind, says);
    }

    fn mark(&mut self, event: &Event, kind: MarkKind, says: String) {
        let at = self.now;
        self.lane(event).marks.push(Mark { at, kind, says: tame(&says) });
    }

    fn lane(&mut self, event: &Event) -> &mut Lane {
        if let Some(index) = self.index.get(&event.path) {
            return &mut self.lanes[*index];
        }
        self.index.insert(event.path.clone(), self.lanes.len());
        let (path, kind) = (event.path.clone(), event.kind);
        self.lanes.push(Lane { path, kind, parts: Vec::new(), marks: Vec::new(), restarts: 0 });
        self.lanes.last_mut().expect("it has just been added")
    }

    /// Ends what waits for a restart below a supervisor that stops or has ended: no event says that it is not started
    /// any more.
    fn cancel_below(&mut self, path: &str) {
        let prefix = format!("{path}/");
        let below = self.waiting.range(prefix.clone()..).take_while(|below| below.starts_with(&prefix));
        let below: Vec<String> = below.cloned().collect();
        for path in below {
            self.waiting.remove(&path);
            if let Some(index) = self.index.get(&path) {
                close(&mut self.lanes[*index], self.now);
            }
        }
    }
}

fn close(lane: &mut Lane, now: Duration) {
    if let Some(part) = lane.parts.last_mut().filter(|part| part.open) {
        (part.to, part.open) = (now, false);
    }
}

/// A moment of a record, which counts in microseconds. What makes no sense is the beginning.
fn since_the_start(seconds: f64) -> Duration {
    let micros = Duration::try_from_secs_f64(seconds).unwrap_or_default() + Duration::from_nanos(500);
    Duration::from_micros(micros.as_micros().try_into().unwrap_or(u64::MAX))
}

fn left_behind(stragglers: &[Straggler]) -> String {
    match stragglers.len() {
        0 => String::new(),
        1 => ", left 1 process behind".to_owned(),
        several => format!(", left {several} processes behind"),
    }
}

/// Each lane before those below it, and siblings in the order in which they were first heard of. One whose parent was
/// never heard of stands at the top.
fn in_tree_order(lanes: Vec<Lane>) -> Vec<Lane> {
    let places: BTreeMap<&str, usize> =
        lanes.iter().enumerate().map(|(place, lane)| (lane.path.as_str(), place)).collect();
    let mut below = vec![Vec::new(); lanes.len()];
    let mut top = Vec::new();
    for (place, lane) in lanes.iter().enumerate() {
        match lane.parent().and_then(|parent| places.get(parent)) {
            Some(parent) => below[*parent].push(place),
            None => top.push(place),
        }
    }
    let mut lanes: Vec<Option<Lane>> = lanes.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(lanes.len());
    top.reverse();
    while let Some(place) = top.pop() {
        ordered.extend(lanes[place].take());
        top.extend(below[place].iter().rev());
    }
    ordered
}
