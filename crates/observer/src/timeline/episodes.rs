//! The times in which a child was being started, or stopped: what its parent may have waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::lanes::{Lane, MarkKind, Part, Phase};
use crate::wire::Kind;

/// A time in which a child was being started, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Episode {
    pub(super) lane: usize,
    pub(super) of: Of,
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// Since when it was forced.
    pub(super) forced: Option<Duration>,
    /// Whether it went on when the recording ended.
    pub(super) open: bool,
}

/// What an episode is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Start,
    Stop,
    /// The whole life of a task's child, which the task waits for when it stops.
    Life,
}

/// The episodes of all lanes.
#[derive(Debug)]
pub(super) struct Episodes {
    own: Vec<Vec<Episode>>,
    /// Of each lane, the episodes of the lanes right below, in the order in which they ended.
    below: Vec<Vec<Episode>>,
}

impl Episodes {
    pub(super) fn of(lanes: &[Lane], end: Duration) -> Self {
        let places: BTreeMap<&str, usize> =
            lanes.iter().enumerate().map(|(place, lane)| (lane.path.as_str(), place)).collect();
        let own: Vec<Vec<Episode>> =
            lanes.iter().enumerate().map(|(place, lane)| of_lane(place, lane)).collect();
        let mut below = vec![Vec::new(); lanes.len()];
        for (lane, episodes) in lanes.iter().zip(&own) {
            let Some(parent) = lane.parent().and_then(|parent| places.get(parent).copied()) else { continue };
            below[parent].extend(episodes);
            if lanes[parent].kind != Kind::Supervisor {
                below[parent].extend(lives(places[lane.path.as_str()], lane, end));
            }
        }
        below.iter_mut().for_each(|below| below.sort_by_key(|episode| (episode.to, episode.from)));
        Self { own, below }
    }

    /// The first start of a lane, or its last stop.
    pub(super) fn find(&self, lane: usize, of: Of) -> Option<Episode> {
        let mut own = self.own.get(lane)?.iter().filter(|episode| episode.of == of);
        if of == Of::Start { own.next().copied() } else { own.next_back().copied() }
    }

    /// The episodes of the lanes right below, in the order in which they ended.
    pub(super) fn below(&self, lane: usize) -> &[Episode] {
        &self.below[lane]
    }
}

fn of_lane(lane: usize, of: &Lane) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for part in &of.parts {
        match part.phase {
            Phase::Starting => episodes.push(episode(lane, part, Of::Start)),
            Phase::Stopping => episodes.push(episode(lane, part, Of::Stop)),
            Phase::Forced => {
                let stop = episodes.last_mut().filter(|stop| stop.of == Of::Stop && stop.to == part.from);
                match stop {
                    Some(stop) => {
                        (stop.to, stop.open) = (part.to, part.open);
                        stop.forced = stop.forced.or(Some(part.from));
                    }
                    // It was forced without having been asked.
                    None => {
                        let forced = Some(part.from);
                        episodes.push(Episode { forced, ..episode(lane, part, Of::Stop) });
                    }
                }
            }
            Phase::Running | Phase::Backoff | Phase::Left => {}
        }
    }
    episodes
}

fn episode(lane: usize, part: &Part, of: Of) -> Episode {
    Episode { lane, of, from: part.from, to: part.to, forced: None, open: part.open }
}

/// The lives of a task's child that came to their end by themselves.
fn lives(place: usize, lane: &Lane, end: Duration) -> Vec<Episode> {
    let ends = lane.marks.iter().filter(|mark| matches!(mark.kind, MarkKind::Ended | MarkKind::Crashed));
    let life = |to: Duration| {
        let from = lane.parts.iter().rfind(|part| part.phase == Phase::Starting && part.from <= to)?;
        Some(Episode { lane: place, of: Of::Life, from: from.from, to, forced: None, open: false })
    };
    let open = lane.parts.last().filter(|part| part.open && part.phase == Phase::Running);
    let open = open.and_then(|_| life(end)).map(|life| Episode { open: true, ..life });
    ends.filter_map(|mark| life(mark.at)).chain(open).collect()
}
