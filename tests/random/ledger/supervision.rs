//! What goes on in one supervisor, as far as its children's events and its own tell.

use std::time::Duration;

/// What goes on in one incarnation of a supervisor.
#[derive(Clone, Default)]
pub(crate) struct Supervision<'a> {
    /// Its children in start order. Those that it has forgotten are not among them.
    pub(crate) children: Vec<&'a str>,
    /// Those that it may have forgotten.
    pub(crate) left: Vec<&'a str>,
    /// How many of the children that it was described with have been started.
    pub(crate) initiated: usize,
    /// All restarts that count.
    pub(crate) restarts: Vec<Duration>,
    /// It has begun to stop, of its own accord or because it was asked to.
    pub(crate) stops: bool,
    /// An event says so: from then on the supervisors below are held.
    pub(crate) stop_is_written: bool,
    pub(crate) gave_up: bool,
    /// The group restart in hand.
    pub(crate) round: Option<Round<'a>>,
}

/// A group restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round<'a> {
    /// The child on whose account the others are restarted.
    pub(crate) trigger: &'a str,
    /// When its delay is over.
    pub(crate) due: Duration,
    /// The child that it has started last.
    pub(crate) started: Option<&'a str>,
}

impl<'a> Round<'a> {
    pub(crate) fn begin(trigger: &'a str, due: Duration) -> Self {
        Self { trigger, due, started: None }
    }
}

impl<'a> Supervision<'a> {
    /// The place of a child in start order.
    pub(crate) fn place(&self, path: &str) -> Option<usize> {
        self.children.iter().position(|child| *child == path)
    }

    /// The children that were added after this one.
    pub(crate) fn after(&self, path: &str) -> &[&'a str] {
        let place = self.place(path).map_or(self.children.len(), |place| place + 1);
        &self.children[place..]
    }

    /// An event says that the supervisor stops.
    pub(crate) fn begin_stop(&mut self) {
        (self.stops, self.stop_is_written) = (true, true);
    }

    pub(crate) fn add(&mut self, path: &'a str) {
        self.remove(path);
        self.children.push(path);
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.children.retain(|child| *child != path);
        self.left.retain(|child| *child != path);
    }

    /// The child may have been forgotten.
    pub(crate) fn leave(&mut self, path: &'a str) {
        self.remove(path);
        self.left.push(path);
    }
}
