//! Pure: when the next picture is drawn. The caller passes what its clock shows; nothing here reads one.
//!
//! What follows a quiet time is drawn at once. The pictures after it come one after the other at growing distances, so
//! that a start and a stop are seen as they begin, and a tree in which much happens costs ten pictures a second.

use std::time::Duration;

/// How long a picture stands at most that something has overtaken.
const LONGEST: Duration = Duration::from_millis(100);

/// How long one stands at least: also if the user presses a key.
const SHORTEST: Duration = Duration::from_millis(15);

/// How long nothing has changed before a change that is the beginning of something.
const QUIET: Duration = Duration::from_secs(1);

/// Whose doing it is that the picture is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureChange {
    /// Something has happened in the tree, or time has gone by.
    ByItself,
    /// The user waits for it.
    ByHand,
}

/// How long the picture on the screen stands.
#[derive(Debug)]
pub(crate) struct PictureRest {
    /// When it was drawn. `None` before the first one.
    drawn_at: Option<Duration>,
    /// How long it stands if the tree has changed.
    rest: Duration,
    /// What is not on the screen yet.
    change: Option<PictureChange>,
}

impl PictureRest {
    /// There is no picture yet, and one is wanted.
    pub(crate) fn new() -> Self {
        Self { drawn_at: None, rest: SHORTEST, change: Some(PictureChange::ByItself) }
    }

    /// Something has changed.
    pub(crate) fn change(&mut self, change: PictureChange, now: Duration) {
        let quiet = self.drawn_at.map_or(Duration::ZERO, |drawn_at| now.saturating_sub(drawn_at));
        if self.change.is_none() && quiet >= QUIET {
            self.rest = Duration::ZERO;
        }
        if self.change != Some(PictureChange::ByHand) {
            self.change = Some(change);
        }
    }

    /// When to draw. `None` if the picture is as it should be.
    pub(crate) fn due(&self) -> Option<Duration> {
        let rest = match self.change? {
            PictureChange::ByItself => self.rest,
            PictureChange::ByHand => self.rest.min(SHORTEST),
        };
        Some(self.drawn_at.map_or(Duration::ZERO, |drawn_at| drawn_at + rest))
    }

    /// A picture has been drawn.
    pub(crate) fn drawn(&mut self, now: Duration) {
        if self.drawn_at.is_some() {
            self.rest = (self.rest * 2).clamp(SHORTEST, LONGEST);
        }
        (self.drawn_at, self.change) = (Some(now), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// When pictures are drawn of a tree that changes at each of these moments, if drawing takes no time.
    fn pictures(rest: &mut PictureRest, changes: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let (mut pictures, mut changed_at) = (Vec::new(), Duration::ZERO);
        let mut draw_until = |rest: &mut PictureRest, changed_at: Duration, until: Duration| {
            while let Some(due) = rest.due().filter(|due| *due <= until) {
                let now = due.max(changed_at);
                rest.drawn(now);
                pictures.push(u64::try_from(now.as_millis()).unwrap());
            }
        };
        for at in changes.into_iter().map(millis) {
            // What is due at the moment of a change is drawn after it.
            draw_until(rest, changed_at, at.saturating_sub(millis(1)));
            rest.change(PictureChange::ByItself, at);
            changed_at = at;
        }
        draw_until(rest, changed_at, Duration::MAX);
        pictures
    }

    #[test]
    fn the_first_picture_comes_at_once_and_the_tree_that_begins_soon_after_it() {
        assert_eq!(pictures(&mut PictureRest::new(), [3, 5, 20, 40, 90, 200]), [0, 15, 45, 105, 205]);
    }

    #[test]
    fn a_tree_in_which_much_happens_is_drawn_ten_times_a_second() {
        let mut rest = PictureRest::new();

        let pictures = pictures(&mut rest, 0..10_000);

        assert_eq!(pictures[..5], [0, 15, 45, 105, 205]);
        assert_eq!(pictures.len(), 103);
    }

    #[test]
    fn what_comes_more_often_than_a_quiet_time_is_drawn_at_most_ten_times_a_second() {
        for step in [7, 20, 50, 99] {
            let pictures = pictures(&mut PictureRest::new(), (0..10_000).step_by(step));

            assert!(pictures.len() <= 103, "{step}: {}", pictures.len());
        }
    }

    #[test]
    fn after_a_quiet_time_it_begins_anew() {
        let mut rest = PictureRest::new();
        let busy = pictures(&mut rest, 0..500).pop().unwrap();

        let again = busy + 1000;

        assert_eq!(pictures(&mut rest, again..again + 50), [again, again + 15, again + 45, again + 105]);
    }

    #[test]
    fn a_pause_that_is_shorter_than_a_quiet_time_is_not_a_beginning() {
        let mut rest = PictureRest::new();
        let busy = pictures(&mut rest, 0..500).pop().unwrap();

        let again = busy + 999;

        assert_eq!(pictures(&mut rest, again..again + 50), [again, again + 100]);
    }

    #[test]
    fn what_the_user_waits_for_comes_soon_in_a_busy_tree() {
        let mut rest = PictureRest::new();
        let busy = millis(pictures(&mut rest, 0..500).pop().unwrap());

        rest.change(PictureChange::ByItself, busy + millis(1));
        rest.change(PictureChange::ByHand, busy + millis(2));
        rest.change(PictureChange::ByItself, busy + millis(3));

        assert_eq!(rest.due(), Some(busy + SHORTEST));
    }

    #[test]
    fn a_picture_that_is_as_it_should_be_stands() {
        let mut rest = PictureRest::new();

        rest.drawn(millis(1));

        assert_eq!(rest.due(), None);
    }
}
